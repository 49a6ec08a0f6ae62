"""The service from its start to its end, and in which order both happen; its parts are put together in wiring/."""

import asyncio
import contextlib
import json
import os
import resource
import signal
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from config.loading import ConfigurationError, load
from config.schema import HotlineConfig
from hotline.changing.accounts import ensure_accounts
from hotline.changing.live import Live
from hotline.changing.restart import effective
from hotline.changing.store import settle, take_file
from hotline.clock import Clock
from hotline.logs import log_failure, passed_through
from hotline.metrics import Metrics
from hotline.parent.heartbeat import Tell, heartbeat
from hotline.recovery.alive import Alive
from hotline.recovery.drain import Drain
from hotline.recovery.pace import remember_pace
from hotline.state import StateDirectory
from hotline.storage.accounts import Accounts
from hotline.storage.database import Database
from hotline.storage.erasure_file import ErasureFile
from hotline.storage.persons import Persons
from hotline.storage.short_messages import ShortMessages
from hotline.web.app import create_app
from hotline.web.app import serve as serve_pages
from hotline.web.metrics import METRICS
from hotline.wiring.basis import Basis
from hotline.wiring.changing import build_changing, for_pages
from hotline.wiring.exchange import build_exchange
from hotline.wiring.recovery import build_recovery
from hotline.wiring.workplace import build_workplace

log = structlog.get_logger()

AMI_PATIENCE = 15.0
"""How long Asterisk may take to start before we give up, seconds."""


async def serve(state: StateDirectory, clock: Clock, *, drain: bool = False, begun: Path | None = None) -> None:
    """Run until SIGINT or SIGTERM, or until the last call is over after SIGUSR1 (or with `drain` from the start on).

    `begun`: the configuration that Asterisk and all the rest were started with, when that was earlier than we.
    Raises SetupError, StorageError, AmiError when a part does not start.
    """
    stop, draining = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_on_loop_error)
    _allow_connections()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, draining.set)
    if drain:
        draining.set()
    async with running(state, clock, on_failure=stop.set, draining=draining, begun=begun) as ending:
        log.info("hotline ready")
        with heartbeat() as tell:
            await _until_over(stop, ending, tell)
        log.info("hotline stops")


def _on_loop_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """One line each: what went wrong, without the texts of errors, which may hold personal data."""
    error = context.get("exception")
    log.error("event loop reported a failure", what=context.get("message"), error=type(error).__name__)


def _allow_connections() -> None:
    """As many files and sockets as this machine lets us have: each caller and each page needs one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _until_over(stop: asyncio.Event, drain: Drain, tell: Tell) -> None:
    """Until somebody says stop, or a drain is through."""
    ending = asyncio.create_task(drain.run(tell), name="drain")
    ending.add_done_callback(lambda _: stop.set())
    await stop.wait()
    ending.cancel()
    (failure,) = await asyncio.gather(ending, return_exceptions=True)
    if isinstance(failure, Exception):
        log_failure("drain failed, the service ends and starts again", "", failure)


@asynccontextmanager
async def running(
    state: StateDirectory,
    clock: Clock,
    on_failure: Callable[[], None] = lambda: None,
    draining: asyncio.Event | None = None,
    begun: Path | None = None,
) -> AsyncIterator[Drain]:
    """The whole service, up inside the block. `on_failure` is called when a part ends that must not.

    Once `draining` is set no new calls come; whoever runs the Drain is told when the last one is over.
    """
    async with _database(state, clock) as database:
        in_use = await (take_file if clock.moved else settle)(database, state, clock.real_now())
        config = in_use.config
        await _erase_again(database, config, state, clock)
        accounts = Accounts(database, config.hotline.id)
        place = database, config.hotline.id
        staff = await ensure_accounts(place, config, state, clock.real_now(), trial=clock.moved)
        secrets = state.secrets(agent.name for agent in config.agents)
        started = _begun(begun) or config
        basis = Basis(database, started, Live(in_use.version, effective(started, config)), state, secrets, clock)
        with _announced(state, clock.moved, await accounts.still_initial(), staff.told):
            async with _parts(basis, in_use.text, on_failure, draining or asyncio.Event()) as drain:
                yield drain


def _begun(file: Path | None) -> HotlineConfig | None:
    """None when that cannot be read any more: then we begin with what is in use."""
    try:
        return None if file is None else load(file)
    except ConfigurationError:
        return None


async def _erase_again(database: Database, config: HotlineConfig, state: StateDirectory, clock: Clock) -> None:
    """A backup may have been restored: what was erased since is erased again before anybody sees it."""
    file = None if clock.moved else ErasureFile(state.erasures_file, config.hotline.id)
    persons = Persons(database, config.hotline.id, file)
    if again := await persons.reapply():
        await persons.scrub()
        log.warning("what had been erased was here again, as after restoring a backup, and is erased", rows=again)


@asynccontextmanager
async def _database(state: StateDirectory, clock: Clock) -> AsyncIterator[Database]:
    database = Database(state.database_url(moved=clock.moved))
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@contextlib.contextmanager
def _announced(state: StateDirectory, moved: bool, initial: Collection[str], told: Sequence[str]) -> Iterator[None]:
    """Tell other commands, as `hotline testcall`, which database is in use; gone when we are.

    `initial` are the users who still have their first password: our parent shows it only for these. `told` is what
    has become of other accounts: our parent says it.
    """
    note, url = state.path / "running.json", state.database_url(moved=moved)
    known = {"pid": os.getpid(), "database_url": url, "moved": moved, "initial": sorted(initial), "told": list(told)}
    note.touch(0o600)
    note.write_text(json.dumps(known), "utf-8")
    note.chmod(0o600)
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


@asynccontextmanager
async def _parts(
    basis: Basis, text: str, on_failure: Callable[[], None], draining: asyncio.Event
) -> AsyncIterator[Drain]:
    """Everything that has a socket or a task; what starts last stops first. `text`: of the configuration in use."""
    exchange = build_exchange(basis)
    recovery = build_recovery(basis, exchange)
    changing = build_changing(basis, exchange, recovery.mirror)
    for_admins = (changing.changes, changing.recordings)
    workplace = build_workplace(basis, exchange, recovery.announcement, draining.is_set, *for_admins)
    recovery.inside.recorder = changing.recorder
    switchboard, ami, clock, journal = exchange.switchboard, exchange.ami, basis.clock, basis.journal
    alive = Alive(ami, draining, clock.real_now)
    services, trial = workplace.services, _trial(clock, basis.config)
    app = create_app(
        workplace.desk, workplace.accounts, clock, partial(for_pages, basis, switchboard), services, trial=trial
    )
    app[METRICS] = metrics = Metrics(clock, switchboard, journal, ami, workplace.outbox, basis.live)

    async with contextlib.AsyncExitStack() as stack:
        beside = partial(_run_beside, stack, on_failure)
        stack.enter_context(passed_through(metrics.count))
        stack.push_async_callback(metrics.close)
        await beside("clock", clock.watch(recovery.steps.took_place))
        journal.start()
        stack.push_async_callback(journal.close)
        await recovery.restorer.intents(exchange.presences)
        await changing.sounds.begin(basis.live)
        await workplace.beside.load()
        await workplace.notices.load()
        await recovery.restorer.load()
        await remember_pace(exchange.ledger, switchboard.progress, basis.configuration, clock.now())
        exchange.places.ringable.draining = draining.is_set
        await exchange.board.load()
        await exchange.places.load()
        stack.push_async_callback(switchboard.close)
        await ami.start(patience=AMI_PATIENCE)
        stack.push_async_callback(ami.close)
        await beside("asterisk events", recovery.events.run())
        await beside("silence", exchange.silence.run())
        await beside("places", exchange.places.run())
        await beside("import", recovery.importer.run())
        await beside("mirror", recovery.mirror.run())
        await beside("notices", workplace.notices.run())
        await beside("alarm mails", workplace.alarm_mails.run())
        await beside("mail", workplace.sender.run())
        await beside("promise watch", workplace.promise_watch.run())
        if workplace.short_messages is not None:
            await beside("short messages", workplace.short_messages.run())
        elif left := await ShortMessages(*basis.place).refuse_waiting(clock.real_now()):
            log.warning("short messages are configured no more, those that waited are not sent", messages=left)
        await beside("doors", workplace.doors.run())
        await beside("retention", workplace.retaining.run())
        await changing.door.open()
        stack.push_async_callback(changing.activation.close)
        stack.push_async_callback(changing.door.close)
        runner = await serve_pages(app, basis.config.network.web)
        stack.push_async_callback(runner.cleanup)
        await recovery.agi.start()
        stack.push_async_callback(recovery.agi.close)
        await beside("returning", recovery.returner.run())
        await beside("alive", alive.run())
        switchboard.spawn(changing.catch_up(text, basis.live.config))
        yield Drain(draining, alive, ami, lambda: switchboard.calls)


async def _run_beside(
    stack: contextlib.AsyncExitStack, on_failure: Callable[[], None], name: str, work: Coroutine[Any, Any, None]
) -> None:
    task = asyncio.create_task(work, name=name)

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            error = task.exception()
            log.error("a part of the service ended, it is started again", part=name, error=type(error).__name__)
            on_failure()

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    task.add_done_callback(ended)
    stack.push_async_callback(end)


def _trial(clock: Clock, config: HotlineConfig) -> str | None:
    """The sentence on every page while business time is moved."""
    if not clock.moved:
        return None
    started = clock.now().astimezone(ZoneInfo(config.hotline.timezone))
    return f"Probebetrieb: Die Geschäftszeit ist verschoben, der Dienst begann am {started:%d.%m.%Y um %H:%M} Uhr."
