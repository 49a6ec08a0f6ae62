"""The service as a process: starts it, kills it when it hangs, tells it to end by and by, stops it."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

from hotline.errors import SetupError
from hotline.parent.heartbeat import CALLS, DRAINED, PULSE_PATIENCE, READY_FD, Pulse
from hotline.parent.processes import Child

READY_PATIENCE = 60.0
STOP_PATIENCE = 10.0
_LAST_WORDS = 1.0
"""How long lines that are still in the pipe are waited for when the service has ended, seconds."""


class WorkerProcess:
    """`command` is asked before each start, with whether the service is to drain from its start on.

    `show` gets the service's lines, `say` what is to be said about it, `calls` the number of calls while it drains.
    """

    def __init__(
        self,
        command: Callable[[bool], list[str]],
        show: Callable[[str], None],
        say: Callable[[str], None],
        calls: Callable[[int], None],
    ) -> None:
        self._command, self._show, self._say, self._calls = command, show, say, calls
        self._child: Child | None = None
        self._watching: asyncio.Task[None] | None = None
        self._draining = self._ready = False
        self.drained = False
        """It has ended because the last call is over."""

    async def start(self) -> None:
        """Return when it says that it is ready. SetupError otherwise: then none runs."""
        reading, writing = os.pipe()
        self._ready = False
        self._child = Child(
            "service",
            self._command(self._draining),
            self._show,
            environment={"PYTHONUNBUFFERED": "1", READY_FD: str(writing)},
            pass_fds=[writing],
            at_parents_death=signal.SIGKILL,  # a hung one would not hear SIGTERM; what it promised is stored
        )
        pulse = await Pulse.open(reading)
        try:
            await self._begin(self._child, writing, pulse)
        except BaseException:
            pulse.close()
            self._child.kill()
            raise
        self._ready = True
        self._watching = asyncio.create_task(self._watch(pulse, self._child), name="pulse")
        if self._draining:
            self.drain()

    @staticmethod
    async def _begin(child: Child, writing: int, pulse: Pulse) -> None:
        try:
            await child.start()
        except OSError as error:
            raise SetupError(f"The service cannot be started ({error.strerror}).") from None
        finally:
            os.close(writing)
        if not await pulse.first(READY_PATIENCE):
            raise SetupError("The service did not start: its lines above say why.")

    async def wait(self) -> int:
        """Until it has ended and its last words are heard; its return code."""
        assert self._child is not None, "wait before start"  # noqa: S101 - a mistake in our own code
        code = await self._child.wait()
        self._ready = False
        if self._watching is not None:
            await asyncio.wait({self._watching}, timeout=_LAST_WORDS)
            self._watching.cancel()
        return code

    def drain(self) -> None:
        """Let it end when the last call is over; one that is started after this does so too."""
        self._draining = True
        if self._ready and self._child is not None:  # before, the signal would end it
            self._child.send(signal.SIGUSR1)

    async def stop(self) -> None:
        """End it now; it says goodbye to Asterisk and hands its last mails over."""
        if self._watching is not None:
            self._watching.cancel()  # a service that is stopping has no pulse
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._child is not None:
            await self._child.stop(STOP_PATIENCE)

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()

    async def _watch(self, pulse: Pulse, child: Child) -> None:
        """A service that hangs holds its callers in music for ever; only its end hands them to Asterisk."""
        if await pulse.stops(self._take):
            if child.running:
                self._say(f"The service has not moved for {PULSE_PATIENCE:g} s and is killed.")
                child.kill()
            return
        try:
            async with asyncio.timeout(STOP_PATIENCE):
                await child.wait()
        except TimeoutError:
            self._say(f"The service did not end within {STOP_PATIENCE:g} s and is killed.")
            child.kill()

    def _take(self, line: str) -> None:
        word, _, number = line.partition(" ")
        if word == DRAINED:
            self.drained = True
        elif word == CALLS:
            with contextlib.suppress(ValueError):
                self._calls(int(number))
