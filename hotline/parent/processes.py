"""The programs `hotline run` starts: each in a process group of its own, its lines passed on, gone when we are gone."""

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LINE_LIMIT = 2**16
_PR_SET_PDEATHSIG = 1
_RELAY_PATIENCE = 1.0
"""Seconds to wait for the last lines after a program has ended."""


class Child:
    """One program, which can be started again when it has ended. `relay` gets each line it writes, without the break.

    It gets `at_parents_death` from the kernel when this process dies in whatever way, even by SIGKILL.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        relay: Callable[[str], None],
        *,
        environment: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        at_parents_death: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self._command = [str(word) for word in command]
        self._relay = relay
        self._environment = dict(os.environ) | dict(environment or {})
        self._pass_fds = pass_fds
        self._at_parents_death = at_parents_death
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Process id; 0 before the start."""
        return 0 if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it; OSError when the program cannot be started."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
            pass_fds=self._pass_fds,
            process_group=0,
            limit=LINE_LIMIT,
            preexec_fn=_die_with_parent(self._at_parents_death, os.getpid()),
        )
        self._reading = asyncio.create_task(self._read_lines(), name=f"lines of {self.name}")

    async def wait(self) -> int:
        """Until it has ended and its lines are passed on; its return code, negative for a signal."""
        assert self._process is not None, "wait before start"  # noqa: S101 - a mistake in our own code
        code = await self._process.wait()
        if self._reading is not None:
            await asyncio.wait({self._reading}, timeout=_RELAY_PATIENCE)
            self._reading.cancel()
        return code

    async def stop(self, patience: float) -> None:
        """Ask it to end; after `patience` seconds, and for what it has left behind, kill."""
        if self._process is None:
            return
        self.send(signal.SIGTERM)
        try:
            async with asyncio.timeout(patience):
                await self._exited(self._process)
        except TimeoutError:
            self._relay(f"did not end within {patience:g} seconds and is killed")
        finally:
            self.kill()
        await self.wait()

    @staticmethod
    async def _exited(process: asyncio.subprocess.Process) -> None:
        """The program itself; `process.wait()` also waits for what it has started and left its output to."""
        while process.returncode is None:  # noqa: ASYNC110 - asyncio gives no event for the exit alone
            await asyncio.sleep(0.02)

    def kill(self) -> None:
        """End the program and everything in its group at once."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        """A signal to the program itself, if it runs."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _read_lines(self) -> None:
        assert self._process is not None, "reading before start"  # noqa: S101 - a mistake in our own code
        assert self._process.stdout is not None, "stdout is always a pipe"  # noqa: S101 - a mistake in our own code
        lines = self._process.stdout
        while True:
            try:
                line = await lines.readline()
            except ValueError:  # longer than LINE_LIMIT: that part is dropped
                continue
            if not line:
                return
            self._relay(line.decode("utf-8", "replace").rstrip("\r\n"))


def _die_with_parent(number: signal.Signals, parent: int) -> Callable[[], None]:
    """What the child does between fork and exec; only system calls, everything else is prepared before."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # died before the kernel was asked
            os._exit(1)

    return ask_kernel
