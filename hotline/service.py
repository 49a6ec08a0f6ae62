"""The service from its start to its end, and in which order both happen; its parts are put together in wiring/."""

import asyncio
import contextlib
import json
import os
import resource
import signal
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from config.loading import parse
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.logs import log_failure, passed_through
from hotline.metrics import Metrics
from hotline.parent.heartbeat import Tell, heartbeat
from hotline.recovery.alive import Alive
from hotline.recovery.drain import Drain
from hotline.state import LEAD_ACCOUNT, StateDirectory
from hotline.storage.accounts import Accounts, Role
from hotline.storage.database import Database
from hotline.storage.erasure_file import ErasureFile
from hotline.storage.persons import Persons
from hotline.storage.short_messages import ShortMessages
from hotline.storage.versions import Versions
from hotline.web.app import create_app
from hotline.web.app import serve as serve_pages
from hotline.web.metrics import METRICS
from hotline.wiring.basis import Basis
from hotline.wiring.exchange import build_exchange
from hotline.wiring.recovery import build_recovery
from hotline.wiring.workplace import build_workplace

log = structlog.get_logger()

AMI_PATIENCE = 15.0
"""How long Asterisk may take to start before we give up, seconds."""


async def serve(state: StateDirectory, clock: Clock, *, drain: bool = False) -> None:
    """Run until SIGINT or SIGTERM, or until the last call is over after SIGUSR1 (or with `drain` from the start on).

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
    async with running(state, clock, on_failure=stop.set, draining=draining) as ending:
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
) -> AsyncIterator[Drain]:
    """The whole service, up inside the block. `on_failure` is called when a part ends that must not.

    Once `draining` is set no new calls come; whoever runs the Drain is told when the last one is over.
    """
    text = state.config_file.read_text("utf-8")
    config = parse(text, str(state.config_file))
    secrets = state.secrets(agent.name for agent in config.agents)
    async with _database(state, clock) as database:
        version = await _active_version(database, config, text, clock)
        await _erase_again(database, config, state, clock)
        initial = await _ensure_accounts(database, config, state)
        basis = Basis(database, config, version, state, secrets, clock)
        with _announced(state, clock.moved, initial):
            async with _parts(basis, on_failure, draining or asyncio.Event()) as drain:
                yield drain


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
def _announced(state: StateDirectory, moved: bool, initial: Collection[str]) -> Iterator[None]:
    """Tell other commands, as `hotline testcall`, which database is in use; gone when we are.

    `initial` are the users who still have their first password: our parent shows it only for these.
    """
    note, url = state.path / "running.json", state.database_url(moved=moved)
    told = {"pid": os.getpid(), "database_url": url, "moved": moved, "initial": sorted(initial)}
    note.write_text(json.dumps(told), "utf-8")
    note.chmod(0o600)
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


async def _active_version(database: Database, config: HotlineConfig, text: str, clock: Clock) -> int:
    """The number of the configuration in use; a new one when the file differs from the last activated."""
    versions = Versions(database, config.hotline.id)
    active = await versions.active()
    if active is not None and active.text == text:
        return active.version
    return await versions.activate(text, "file", clock.real_now())


async def _ensure_accounts(database: Database, config: HotlineConfig, state: StateDirectory) -> set[str]:
    """An account for each agent, and one that may lead if there is none; who still has the password made here.

    An account that was removed and is wanted all the same gets another password than it began with before.
    """
    accounts = Accounts(database, config.hotline.id)
    known = {user.name: user.role for user in await accounts.users()}
    wanted = {agent.name: Role.AGENT for agent in config.agents if agent.name not in known}
    if LEAD_ACCOUNT not in wanted and not {Role.LEAD, Role.ADMIN} & set(known.values()):
        wanted[LEAD_ACCOUNT] = Role.LEAD
    secrets = state.secrets(agent.name for agent in config.agents)
    if again := wanted.keys() & await accounts.removed():
        log.warning("removed accounts are in the configuration and made again", accounts=len(again))
        secrets = state.renew_initial_passwords(again)
    for name, role in wanted.items():
        await accounts.ensure_user(name, secrets.initial_passwords[name], role, must_change=True)
    return await accounts.still_initial()


@asynccontextmanager
async def _parts(basis: Basis, on_failure: Callable[[], None], draining: asyncio.Event) -> AsyncIterator[Drain]:
    """Everything that has a socket or a task; what starts last stops first."""
    exchange = build_exchange(basis)
    recovery = build_recovery(basis, exchange)
    workplace = build_workplace(basis, exchange, recovery.announcement, draining.is_set)
    switchboard, ami, clock, journal = exchange.switchboard, exchange.ami, basis.clock, basis.journal
    alive = Alive(ami, draining, clock.real_now)
    services, trial = workplace.services, _trial(clock, basis.config)
    app = create_app(workplace.desk, workplace.accounts, clock, basis.config, services, trial=trial)
    app[METRICS] = metrics = Metrics(clock, switchboard, journal, ami, workplace.outbox)

    async with contextlib.AsyncExitStack() as stack:
        beside = partial(_run_beside, stack, on_failure)
        stack.enter_context(passed_through(metrics.count))
        stack.push_async_callback(metrics.close)
        await beside("clock", clock.watch(recovery.steps.took_place))
        journal.start()
        stack.push_async_callback(journal.close)
        await recovery.restorer.intents(exchange.presences)
        await workplace.beside.load()
        await workplace.notices.load()
        await recovery.restorer.load()
        await exchange.board.load()
        stack.push_async_callback(switchboard.close)
        await ami.start(patience=AMI_PATIENCE)
        stack.push_async_callback(ami.close)
        await beside("asterisk events", recovery.events.run())
        await beside("silence", exchange.silence.run())
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
        runner = await serve_pages(app, basis.config.network.web)
        stack.push_async_callback(runner.cleanup)
        await recovery.agi.start()
        stack.push_async_callback(recovery.agi.close)
        await beside("returning", recovery.returner.run())
        await beside("alive", alive.run())
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
