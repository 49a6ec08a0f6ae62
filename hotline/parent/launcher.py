"""The parent of everything: `hotline run` starts Asterisk, the service and the demo mailbox, watches and stops them.

It lives while they die: each is started again when it ends. It holds no call and no data, so little can go wrong here.
Whatever ends it, nothing it started stays behind: it stops its children in turn, and if it is killed itself,
the kernel tells them (hotline/parent/processes.py).
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from config.schema import HotlineConfig
from hotline.changing.config_file import BEGUN, write_whole
from hotline.changing.first_passwords import FirstPasswords
from hotline.clock import Clock
from hotline.parent.asterisk_calendar import AsteriskCalendar
from hotline.parent.asterisk_process import AsteriskProcess
from hotline.parent.asterisk_side import DIALPLAN, PHONES, AsteriskSide
from hotline.parent.control import Control, socket_of
from hotline.parent.keeping import keep
from hotline.parent.notify import READY, STOPPING, Notifier
from hotline.parent.phone_secrets import PhoneSecrets, softphones
from hotline.parent.preparation import Prepared
from hotline.parent.processes import Child
from hotline.parent.welcome import welcome
from hotline.parent.worker_process import WorkerProcess
from hotline.setup import asterisk_files
from hotline.state import StateDirectory

MAILBOX_PATIENCE = 3.0
DRAINING = "No new calls are accepted; the hotline ends when the last call is over."
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PYTHON = (sys.executable, "-P", "-m")
"""`-P`: a `config` directory where we happen to be started must not shadow ours."""


class Launcher:
    """One run with the configuration that was read from `source`, which may stand otherwise in its file by now.

    `say` gets the launcher's own lines; those of the parts are shown behind their names.
    """

    def __init__(
        self,
        state: StateDirectory,
        config: HotlineConfig,
        source: bytes,
        clock: Clock,
        prepared: Prepared,
        say: Callable[[str], None],
    ) -> None:
        self._source = source
        self._state, self._config, self._clock, self._prepared, self._say = state, config, clock, prepared, say
        self._system = Notifier.from_environment(os.environ)
        self._side = AsteriskSide(state, config, prepared.asterisk, prepared.script, clock)
        self._control = Control(socket_of(state), self._drain, self._side.bring_up_to_date)
        self._asterisk = AsteriskProcess(
            prepared.script,
            config.network.ami,
            asterisk_files.AMI_USER,
            prepared.secrets.ami_secret,
            self._shown("asterisk"),
        )
        zone = ZoneInfo(config.hotline.timezone)
        self._calendar = AsteriskCalendar(
            self._side.render_dialplan, prepared.script, clock.now, zone, say, partial(self._side.took, DIALPLAN)
        )
        self._phone_secrets = PhoneSecrets(
            state,
            self._softphones,
            self._side.write_phones,
            prepared.script,
            clock.real_now,
            zone,
            say,
            partial(self._side.took, PHONES),
        )
        self._worker = WorkerProcess(self._worker_command, self._shown("service"), say, self._on_calls)
        self._mailbox = Child(
            "mailbox", self._mailbox_command(), self._shown("mailbox"), environment={"PYTHONUNBUFFERED": "1"}
        )
        self._begun = state.path / BEGUN
        self._draining = ""
        """While the hotline ends by and by, how far it is."""

    async def run(self) -> None:
        """Until Ctrl-C, SIGTERM or the end of a drain; SetupError when a part does not start the first time."""
        asked = asyncio.Event()
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal, asked)
        write_whole(self._begun, self._source)
        await self._control.open()
        serving = asyncio.create_task(self._serve())
        stopping = asyncio.create_task(asked.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
        finally:
            self._system.tell(STOPPING)
            serving.cancel()
            stopping.cancel()
            await asyncio.gather(serving, stopping, return_exceptions=True)
            await self._stop()
            await self._control.close(done=bool(self._draining) and not asked.is_set())

    def _on_signal(self, asked: asyncio.Event) -> None:
        """The first asks; a second one does not wait any longer."""
        if asked.is_set():
            for child in (self._worker, self._asterisk, self._mailbox):
                child.kill()
        else:
            self._say("Stopping …")
            asked.set()

    # --- the parts ---------------------------------------------------------------------------

    async def _serve(self) -> None:
        """Until the hotline has ended by and by."""
        await self._start_asterisk()
        ends = [self._work(), self._keep_asterisk()]
        goes_on = [self._calendar.run(), self._phone_secrets.run(), self._side.run(), self._system.keep_alive()]
        if self._config.mail.demo_mailbox:
            await self._mailbox.start()
            goes_on.append(keep("The demo mailbox", self._mailbox.start, self._mailbox.wait, self._say))
        ending, beside = [asyncio.create_task(one) for one in ends], [asyncio.create_task(one) for one in goes_on]
        try:
            done, _ = await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (*ending, *beside):
                task.cancel()
            await asyncio.gather(*ending, *beside, return_exceptions=True)

    async def _start_asterisk(self) -> None:
        await self._calendar.render()
        await self._side.before_start()
        await self._asterisk.start()

    async def _keep_asterisk(self) -> None:
        """While the hotline ends by and by it need not come back: with it, every call has ended."""
        await keep("Asterisk", self._start_asterisk, self._asterisk.wait, self._say, lambda: bool(self._draining))
        self._say("Asterisk has ended, and all calls with it.")

    async def _work(self) -> None:
        """The service's first start, and all later ones, until it has drained."""
        await self._worker.start()
        now, moved = self._clock.now(), self._clock.moved
        initial, told = still_initial(self._state), told_of_accounts(self._state)
        secrets = FirstPasswords(self._state, trial=moved).secrets()
        self._say(welcome(self._config, secrets, now, moved, self._state, _program(), initial, told))
        self._system.tell(READY)
        await keep("The service", self._worker.start, self._worker.wait, self._say, lambda: self._worker.drained)

    def _worker_command(self, draining: bool) -> list[str]:
        """A later start goes on at the business time that has been reached."""
        moved = ["--at", self._clock.now().isoformat()] if self._clock.moved else []
        drain = ["--drain"] if draining else []
        begun = ["--begun", str(self._begun)]
        return [*_PYTHON, "hotline", "serve", "--state", str(self._state.path), *begun, *moved, *drain]

    def _mailbox_command(self) -> list[str]:
        mail = self._config.mail
        address = ("--host", mail.host, "--port", str(mail.port))
        return [*_PYTHON, "hotline.mail.mailbox", *address, "--directory", str(self._state.mailbox)]

    def _softphones(self) -> list[str]:
        return softphones(self._side.config)

    # --- the end -----------------------------------------------------------------------------

    def _drain(self) -> str:
        """End by and by; how far that is."""
        if not self._draining:
            self._progress(DRAINING)
            self._worker.drain()
        return self._draining

    def _on_calls(self, calls: int) -> None:
        if calls:
            self._progress("1 call is still going on." if calls == 1 else f"{calls} calls are still going on.")
        else:
            self._progress("The last call is over.")

    def _progress(self, sentence: str) -> None:
        if sentence == self._draining:
            return
        self._draining = sentence
        self._say(sentence)
        self._system.status(sentence)
        self._control.tell(sentence)

    async def _stop(self) -> None:
        """The service first, so that it can say goodbye to Asterisk and hand its last mails over."""
        await self._worker.stop()
        await self._asterisk.stop()
        await self._mailbox.stop(MAILBOX_PATIENCE)

    def _shown(self, name: str) -> Callable[[str], None]:
        return lambda line: self._say(f"{name:<8} | {line}")


def still_initial(state: StateDirectory) -> set[str]:
    """Who has not chosen a password yet, as the running service tells; nobody when it does not."""
    return set(_noted(state, "initial"))


def told_of_accounts(state: StateDirectory) -> list[str]:
    """What has become of accounts with this start, as the running service tells: German sentences."""
    return _noted(state, "told")


def _noted(state: StateDirectory, key: str) -> list[str]:
    try:
        note = json.loads((state.path / "running.json").read_text("utf-8"))
        return [str(one) for one in note[key]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _program() -> str:
    """How a person calls `hotline` here."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "hotline" else f"{sys.executable} -m hotline"
