"""The parent of everything: `hotline run` starts Asterisk, the service and the demo mailbox, watches and stops them.

Whatever ends it, nothing it started stays behind: it stops its children in turn, and if it is killed itself,
the kernel tells them (hotline/processes.py).
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from config.schema import HotlineConfig
from hotline.asterisk_process import AsteriskProcess
from hotline.clock import Clock
from hotline.errors import SetupError
from hotline.heartbeat import PULSE_PATIENCE, READY_FD, Pulse
from hotline.preparation import Prepared
from hotline.processes import Child
from hotline.setup.asterisk_files import AMI_USER
from hotline.state import StateDirectory
from hotline.welcome import welcome

READY_PATIENCE = 60.0
WORKER_PATIENCE = 10.0
MAILBOX_PATIENCE = 3.0
FIRST_DELAY, LONGEST_DELAY, STEADY = 0.5, 10.0, 60.0
"""Seconds before a restart: doubled each time, from the start again after a run of STEADY seconds."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PYTHON = (sys.executable, "-P", "-m")
"""`-P`: a `config` directory where we happen to be started must not shadow ours."""


class Launcher:
    """One run. `say` gets the launcher's own lines; those of the parts are shown behind their names."""

    def __init__(
        self, state: StateDirectory, config: HotlineConfig, clock: Clock, prepared: Prepared, say: Callable[[str], None]
    ) -> None:
        self._state, self._config, self._clock, self._prepared, self._say = state, config, clock, prepared, say
        self._asterisk = AsteriskProcess(
            prepared.script, config.network.ami, AMI_USER, prepared.secrets.ami_secret, self._shown("asterisk")
        )
        self._worker: Child | None = None
        self._mailbox: Child | None = None
        self._watching: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until Ctrl-C or SIGTERM; SetupError when a part does not start or Asterisk ends."""
        asked = asyncio.Event()
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal, asked)
        serving = asyncio.create_task(self._serve())
        stopping = asyncio.create_task(asked.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
        finally:
            serving.cancel()
            stopping.cancel()
            await asyncio.gather(serving, stopping, return_exceptions=True)
            await self._stop()

    def _on_signal(self, asked: asyncio.Event) -> None:
        """The first asks; a second one does not wait any longer."""
        if asked.is_set():
            for child in (self._worker, self._asterisk, self._mailbox):
                if child is not None:
                    child.kill()
        else:
            self._say("Stopping …")
            asked.set()

    async def _serve(self) -> None:
        await self._asterisk.start()
        first_ready = asyncio.Event()
        parts = {asyncio.create_task(self._until_asterisk_ends())}
        if self._config.mail.demo_mailbox:
            parts.add(asyncio.create_task(self._keep("The demo mailbox", self._start_mailbox)))
        parts.add(asyncio.create_task(self._keep("The service", lambda: self._start_worker(first_ready))))
        welcoming = asyncio.create_task(self._welcome(first_ready))
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        finally:
            for task in (*parts, welcoming):
                task.cancel()
            await asyncio.gather(*parts, welcoming, return_exceptions=True)

    async def _welcome(self, ready: asyncio.Event) -> None:
        await ready.wait()
        now, moved = self._clock.now(), self._clock.moved
        self._say(welcome(self._config, self._prepared.secrets, now, moved, self._state, _program()))

    async def _until_asterisk_ends(self) -> None:
        code = await self._asterisk.wait()
        raise SetupError(
            f"Asterisk ended unexpectedly ({_ending(code)}) and all calls with it: start the hotline again."
        )

    async def _keep(self, name: str, start: Callable[[], Awaitable[Child]]) -> None:
        """Start it again whenever it ends, each time a little later."""
        delay, now = FIRST_DELAY, asyncio.get_running_loop().time
        while True:
            began = now()
            code = await (await start()).wait()
            delay = FIRST_DELAY if now() - began > STEADY else delay
            self._say(f"{name} ended unexpectedly ({_ending(code)}) and starts again in {delay:g} s.")
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)

    async def _start_mailbox(self) -> Child:
        mail = self._config.mail
        address = ("--host", mail.host, "--port", str(mail.port))
        command = [*_PYTHON, "hotline.mail.mailbox", *address, "--directory", str(self._state.mailbox)]
        self._mailbox = Child("mailbox", command, self._shown("mailbox"), environment={"PYTHONUNBUFFERED": "1"})
        await self._mailbox.start()
        return self._mailbox

    async def _start_worker(self, first_ready: asyncio.Event) -> Child:
        """Return when it says that it is ready. At the first start it must, or the run is over."""
        reading, writing = os.pipe()
        self._worker = Child(
            "service",
            self._worker_command(),
            self._shown("service"),
            environment={"PYTHONUNBUFFERED": "1", READY_FD: str(writing)},
            pass_fds=[writing],
            at_parents_death=signal.SIGKILL,  # a hung one would not hear SIGTERM; what it promised is stored
        )
        try:
            await self._worker.start()
        finally:
            os.close(writing)
        pulse = await Pulse.open(reading)
        if await pulse.first(READY_PATIENCE):
            first_ready.set()
            self._watching = asyncio.create_task(self._watch(pulse, self._worker), name="pulse")
        elif not first_ready.is_set():
            pulse.close()
            raise SetupError("The service did not start: its lines above say why.")
        return self._worker

    async def _watch(self, pulse: Pulse, worker: Child) -> None:
        """A service that hangs holds its callers in music for ever; only its end hands them to Asterisk."""
        if await pulse.stops() and worker.running:
            self._say(f"The service has not moved for {PULSE_PATIENCE:g} s and is killed.")
            worker.kill()

    def _worker_command(self) -> list[str]:
        """A later start goes on at the business time that has been reached."""
        moved = ["--at", self._clock.now().isoformat()] if self._clock.moved else []
        return [*_PYTHON, "hotline", "serve", "--state", str(self._state.path), *moved]

    async def _stop(self) -> None:
        """The service first, so that it can say goodbye to Asterisk and hand its last mails over."""
        if self._watching is not None:
            self._watching.cancel()  # a service that is stopping has no pulse
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._worker is not None:
            await self._worker.stop(WORKER_PATIENCE)
        await self._asterisk.stop()
        if self._mailbox is not None:
            await self._mailbox.stop(MAILBOX_PATIENCE)

    def _shown(self, name: str) -> Callable[[str], None]:
        return lambda line: self._say(f"{name:<8} | {line}")


def _program() -> str:
    """How a person calls `hotline` here."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "hotline" else f"{sys.executable} -m hotline"


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
