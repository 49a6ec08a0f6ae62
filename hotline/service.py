"""The one place that wires everything: the service from its start to its end, and in which order both happen."""

import asyncio
import contextlib
import json
import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from config.loading import parse
from config.schema import HotlineConfig
from dialplan import happenings
from hotline.callback_board import CallbackBoard
from hotline.case_work import CaseWork
from hotline.clock import Clock
from hotline.clock_steps import ClockSteps
from hotline.desk import Desk
from hotline.exchange.asterisk_events import WANTED_EVENTS, AsteriskEvents
from hotline.exchange.book import Book
from hotline.exchange.calls import Call
from hotline.exchange.inside import Inside
from hotline.exchange.journal import Journal
from hotline.exchange.reception import Reception
from hotline.exchange.seats import Seats
from hotline.exchange.silence import Silence
from hotline.exchange.switchboard import Switchboard
from hotline.exchange.transfers import Transfers
from hotline.links import Links
from hotline.logs import log_failure, passed_through
from hotline.mail.sender import MailSender
from hotline.metrics import Metrics
from hotline.parent.heartbeat import Tell, heartbeat
from hotline.recovery.alive import Alive
from hotline.recovery.caller_numbers import number_plan
from hotline.recovery.channels import read_channels
from hotline.recovery.drain import Drain
from hotline.recovery.happenings import Meaning
from hotline.recovery.happenings_file import HappeningsFile
from hotline.recovery.importer import Importer
from hotline.recovery.mirror import Mirror
from hotline.recovery.restoring import Restorer
from hotline.recovery.resync import Resync
from hotline.recovery.returning import Returner
from hotline.state import Secrets, StateDirectory
from hotline.storage.accounts import Accounts, Role
from hotline.storage.callbacks import Callbacks
from hotline.storage.database import Database
from hotline.storage.handovers import Handovers
from hotline.storage.imports import Imports
from hotline.storage.ledger import Ledger
from hotline.storage.open_work import OpenWork
from hotline.storage.outbox import Outbox
from hotline.storage.presences import Presences
from hotline.storage.promises import Promises
from hotline.storage.versions import Versions
from hotline.telephony.agi_server import AgiServer
from hotline.telephony.ami import AmiClient
from hotline.telephony.controls import AmiControls
from hotline.web.app import create_app
from hotline.web.app import serve as serve_pages
from hotline.web.metrics import METRICS

log = structlog.get_logger()

AMI_USER = "hotline"
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
        await _ensure_accounts(database, config, secrets)
        parts = _parts(database, config, version, state, secrets, clock, on_failure, draining or asyncio.Event())
        async with parts as drain:
            yield drain


@asynccontextmanager
async def _database(state: StateDirectory, clock: Clock) -> AsyncIterator[Database]:
    url = state.database_url(moved=clock.moved)
    database = Database(url)
    await database.open()
    try:
        with _announced(state, url, clock.moved):
            yield database
    finally:
        await database.close()


@contextlib.contextmanager
def _announced(state: StateDirectory, url: str, moved: bool) -> Iterator[None]:
    """Tell other commands, as `hotline testcall`, which database is in use; gone when we are."""
    note = state.path / "running.json"
    note.write_text(json.dumps({"pid": os.getpid(), "database_url": url, "moved": moved}), "utf-8")
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


async def _ensure_accounts(database: Database, config: HotlineConfig, secrets: Secrets) -> None:
    accounts = Accounts(database, config.hotline.id)
    known = {user.name for user in await accounts.users()}
    for agent in config.agents:
        if agent.name not in known:
            await accounts.ensure_user(agent.name, secrets.initial_passwords[agent.name], Role.AGENT)


@asynccontextmanager
async def _parts(
    database: Database,
    config: HotlineConfig,
    version: int,
    state: StateDirectory,
    secrets: Secrets,
    clock: Clock,
    on_failure: Callable[[], None],
    draining: asyncio.Event,
) -> AsyncIterator[Drain]:
    """Everything that has a socket or a task; what starts last stops first."""
    hotline, network = config.hotline.id, config.network
    journal = Journal()
    ledger, presences = Ledger(database, hotline), Presences(database, hotline)
    ami = AmiClient(
        network.ami.host,
        network.ami.port,
        AMI_USER,
        secrets.ami_secret,
        system_name=secrets.system_name,
        wanted=WANTED_EVENTS,
    )
    controls = AmiControls(ami)
    book = Book(journal, ledger)
    switchboard = Switchboard(Seats(config.agents, clock.now()), book, clock, controls)
    board = CallbackBoard(Callbacks(database, hotline), journal, switchboard, clock)
    outbox = Outbox(database, hotline)
    sender = MailSender(outbox, config.mail, clock, _mail_secret(config, state))
    links = Links(secrets.link_key, config.hotline.public_url, config.mail.link_days, "/promise/")
    case_work = CaseWork(Promises(database, hotline), links, sender, journal, clock, config)

    def configuration() -> tuple[int, HotlineConfig]:
        return version, config

    transfers = Transfers(switchboard, book, clock, controls)
    desk = Desk(
        configuration,
        switchboard,
        transfers,
        journal,
        ledger,
        Handovers(database, hotline),
        presences,
        board,
        case_work,
        clock,
        secrets.phone_secrets,
        draining.is_set,
    )
    held = switchboard.calls.get
    happened = HappeningsFile(state.asterisk / "log" / happenings.FILE)
    imports = Imports(database, hotline, number_plan(config).may_call_back)
    meaning = Meaning(configuration, clock, held)

    def unheard_end(call: Call) -> None:
        transfers.caller_left(call)
        switchboard.over(call)

    importer = Importer(happened, imports, journal, meaning, clock, held, board.refresh, unheard_end)
    work = OpenWork(database, hotline)

    channels = partial(read_channels, ami)
    restorer = Restorer(version, config, switchboard, ledger, work, importer, channels, journal, clock)
    mirror = Mirror(ami, controls, switchboard.seats, controls.not_mirrored)
    returner = Returner(ami, controls, restorer.take_up_talks, importer.soon, restorer.waiting_since, clock)
    resync = Resync(mirror, restorer, returner)
    reception = Reception(
        configuration,
        switchboard,
        transfers,
        controls,
        board,
        clock,
        lambda name: str(state.prompts / name),
        book=book,
        known=restorer,
        order=returner.gate,
        inside=Inside(switchboard, transfers),
        left_alone=returner.look_soon,
    )
    events = AsteriskEvents(ami, switchboard, transfers, resync.connected, returner.look_soon)
    steps = ClockSteps(reception, switchboard, clock)
    silence = Silence(switchboard.calls, controls.packets, controls.hang_up, time.monotonic)
    agi = AgiServer(steps, network.agi.host, network.agi.port)
    app = create_app(desk, Accounts(database, hotline), clock, config, trial=_trial(clock, config))
    app[METRICS] = metrics = Metrics(clock, switchboard, journal, ami, outbox)

    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(passed_through(metrics.count))
        stack.push_async_callback(metrics.close)
        await _run_beside(stack, clock.watch(steps.took_place), "clock", on_failure)
        journal.start()
        stack.push_async_callback(journal.close)
        await restorer.intents(presences)
        await restorer.load()
        await board.refresh()
        stack.push_async_callback(switchboard.close)
        await ami.start(patience=AMI_PATIENCE)
        stack.push_async_callback(ami.close)
        await _run_beside(stack, events.run(), "asterisk events", on_failure)
        await _run_beside(stack, silence.run(), "silence", on_failure)
        await _run_beside(stack, importer.run(), "import", on_failure)
        await _run_beside(stack, mirror.run(), "mirror", on_failure)
        await _run_beside(stack, sender.run(), "mail", on_failure)
        runner = await serve_pages(app, network.web)
        stack.push_async_callback(runner.cleanup)
        await agi.start()
        stack.push_async_callback(agi.close)
        await _run_beside(stack, returner.run(), "returning", on_failure)
        alive = Alive(ami, draining, clock.real_now)
        await _run_beside(stack, alive.run(), "alive", on_failure)
        yield Drain(draining, alive, ami, lambda: switchboard.calls)


async def _run_beside(
    stack: contextlib.AsyncExitStack, work: Coroutine[Any, Any, None], name: str, on_failure: Callable[[], None]
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


def _mail_secret(config: HotlineConfig, state: StateDirectory) -> str | None:
    if config.mail.secret_file is None:
        return None
    return (state.config_file.parent / config.mail.secret_file).read_text("utf-8").strip()


def _trial(clock: Clock, config: HotlineConfig) -> str | None:
    """The sentence on every page while business time is moved."""
    if not clock.moved:
        return None
    started = clock.now().astimezone(ZoneInfo(config.hotline.timezone))
    return f"Probebetrieb: Die Geschäftszeit ist verschoben, der Dienst begann am {started:%d.%m.%Y um %H:%M} Uhr."
