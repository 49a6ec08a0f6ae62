"""The one place that wires everything: the service from its start to its end, and in which order both happen."""

import asyncio
import contextlib
import json
import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager
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
from hotline.errors import SetupError
from hotline.exchange.asterisk_events import WANTED_EVENTS, AsteriskEvents
from hotline.exchange.book import Book
from hotline.exchange.calls import Call
from hotline.exchange.inside import Inside
from hotline.exchange.journal import Journal
from hotline.exchange.outgoing import Outgoing
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
from hotline.recovery.channels import Channels, by_unique
from hotline.recovery.drain import Drain
from hotline.recovery.happenings import Meaning
from hotline.recovery.happenings_file import HappeningsFile
from hotline.recovery.importer import Importer
from hotline.recovery.mirror import Mirror
from hotline.recovery.restoring import Restorer
from hotline.recovery.resync import Resync
from hotline.recovery.returning import Returner
from hotline.state import LEAD_ACCOUNT, Secrets, StateDirectory
from hotline.storage.accounts import Accounts, Role
from hotline.storage.agent_states import AgentStates
from hotline.storage.alarms import AlarmRows
from hotline.storage.audit import Audit
from hotline.storage.callbacks import Callbacks
from hotline.storage.database import Database
from hotline.storage.day import Days
from hotline.storage.drafts import Drafts
from hotline.storage.expiry import Expiry
from hotline.storage.figures import FigureRows
from hotline.storage.handovers import Handovers
from hotline.storage.imports import Imports
from hotline.storage.knowledge import KnowledgeRows
from hotline.storage.ledger import Ledger
from hotline.storage.notices import NoticeRows
from hotline.storage.open_work import OpenWork
from hotline.storage.outbox import Outbox
from hotline.storage.persons import Persons
from hotline.storage.presences import Presences
from hotline.storage.promise_steps import PromiseSteps
from hotline.storage.promises import Promises
from hotline.storage.search import Finder
from hotline.storage.short_messages import ShortMessages
from hotline.storage.versions import Versions
from hotline.storage.written import Writings
from hotline.telephony.agi_server import AgiServer
from hotline.telephony.ami import AmiClient
from hotline.telephony.controls import AmiControls
from hotline.telephony.originate import Originator
from hotline.web.app import create_app
from hotline.web.app import serve as serve_pages
from hotline.web.metrics import METRICS
from hotline.web.services import Services
from hotline.workplace.alarms import Alarms
from hotline.workplace.announcements import Announcer
from hotline.workplace.beside import Beside
from hotline.workplace.callback_pages import CallbackPages
from hotline.workplace.callbacks import CallbackCalls
from hotline.workplace.day import MyDay
from hotline.workplace.doors import Doors
from hotline.workplace.figures import Figures
from hotline.workplace.knowledge import Knowledge
from hotline.workplace.lead import Lead
from hotline.workplace.notices import Notices
from hotline.workplace.phone_secrets import PhoneSecrets
from hotline.workplace.promise_watch import PromiseWatch
from hotline.workplace.promises import PromiseWork
from hotline.workplace.retention import Retaining
from hotline.workplace.ring_check import RingCheck
from hotline.workplace.search import Search
from hotline.workplace.short_messages import ShortMessageSender
from hotline.workplace.states import States
from hotline.workplace.twilio_gateway import TwilioGateway
from hotline.workplace.writing import Writing

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
        if again := await Persons(database, config.hotline.id).reapply():
            log.warning("what had been erased was here again, as after restoring a backup, and is erased", rows=again)
        initial = await _ensure_accounts(database, config, secrets)
        parts = _parts(database, config, version, state, secrets, clock, on_failure, draining or asyncio.Event())
        with _announced(state, clock.moved, initial):
            async with parts as drain:
                yield drain


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


async def _ensure_accounts(database: Database, config: HotlineConfig, secrets: Secrets) -> set[str]:
    """An account for each agent, and one that may lead if there is none; who still has the password made here."""
    accounts = Accounts(database, config.hotline.id)
    known = {user.name: user.role for user in await accounts.users()}
    wanted = {agent.name: Role.AGENT for agent in config.agents if agent.name not in known}
    if LEAD_ACCOUNT not in wanted and not {Role.LEAD, Role.ADMIN} & set(known.values()):
        wanted[LEAD_ACCOUNT] = Role.LEAD
    for name, role in wanted.items():
        await accounts.ensure_user(name, secrets.initial_passwords[name], role, must_change=True)
    return await accounts.still_initial()


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
    outbox = Outbox(database, hotline)
    sender = MailSender(outbox, config.mail, clock, _mail_secret(config, state))
    links = Links(secrets.link_key, config.hotline.public_url, config.mail.link_days, "/promise/")
    promises, promise_steps = Promises(database, hotline), PromiseSteps(database, hotline)
    case_work = CaseWork(promises, links, sender, journal, clock)

    def configuration() -> tuple[int, HotlineConfig]:
        return version, config

    callbacks = Callbacks(database, hotline)
    outgoing = Outgoing(switchboard, Originator(ami), controls, journal, ledger, clock)
    board = CallbackBoard(callbacks, journal, switchboard, clock, outgoing, configuration)
    ringing_back = CallbackCalls(configuration, switchboard.seats, board, callbacks, outgoing, clock)
    search = Search(Finder(database, hotline), configuration, journal, clock)
    callback_pages = CallbackPages(ringing_back, search, MyDay(Days(database, hotline), board, configuration, clock))
    alarms = Alarms(AlarmRows(database, hotline), journal, switchboard.seats, configuration, clock)
    knowledge = Knowledge(KnowledgeRows(database, hotline), journal, switchboard.seats, configuration, clock)
    beside = Beside(alarms, knowledge, RingCheck(switchboard, controls, clock, str(state.prompts / "greeting")))
    switchboard.seats.listeners.append(States(AgentStates(database, hotline), journal, clock))
    announcer, notice_rows = Announcer(state.prompts, configuration), NoticeRows(database, hotline)
    notices = Notices(notice_rows, announcer, journal, switchboard, configuration, clock)
    figures = Figures(FigureRows(database, hotline), outbox, configuration, clock)
    lead = Lead(
        configuration,
        switchboard,
        figures,
        notices,
        alarms,
        knowledge,
        presences,
        Audit(database, hotline),
        journal,
        clock,
        board.give_back,
        draining.is_set,
    )
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
        PhoneSecrets(state),
        draining.is_set,
        also=(beside.view, ringing_back.view, notices.view),
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

    async def channels() -> Channels:
        return by_unique(await ami.action("CoreShowChannels"))

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
    events = AsteriskEvents(ami, switchboard, transfers, resync.connected, returner.look_soon, outgoing)
    steps = ClockSteps(reception, switchboard, clock)
    silence = Silence(switchboard.calls, controls.packets, controls.hang_up, time.monotonic)
    agi = AgiServer(steps, network.agi.host, network.agi.port)
    accounts = Accounts(database, hotline)
    doors = Doors(accounts, Audit(database, hotline), links, clock, ZoneInfo(config.hotline.timezone))
    promised = PromiseWork(configuration, promises, promise_steps, links, sender, journal, clock, desk.own_call)
    promise_watch = PromiseWatch(configuration, promise_steps, links, sender, journal, clock)
    drafts, writings = Drafts(database, hotline), Writings(database, hotline)
    keeping = (promises, drafts, writings, journal, clock)
    writing = Writing(configuration, desk.own_call, desk.allow_time, board.refresh, switchboard, case_work, *keeping)
    services = Services(promised, writing, callback_pages, beside, lead, doors)
    app = create_app(desk, accounts, clock, config, services, trial=_trial(clock, config))
    app[METRICS] = metrics = Metrics(clock, switchboard, journal, ami, outbox)

    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(passed_through(metrics.count))
        stack.push_async_callback(metrics.close)
        await _run_beside(stack, clock.watch(steps.took_place), "clock", on_failure)
        journal.start()
        stack.push_async_callback(journal.close)
        await restorer.intents(presences)
        await beside.load()
        await notices.load()
        await restorer.load()
        await board.refresh()
        stack.push_async_callback(switchboard.close)
        await ami.start(patience=AMI_PATIENCE)
        stack.push_async_callback(ami.close)
        await _run_beside(stack, events.run(), "asterisk events", on_failure)
        await _run_beside(stack, silence.run(), "silence", on_failure)
        await _run_beside(stack, importer.run(), "import", on_failure)
        await _run_beside(stack, mirror.run(), "mirror", on_failure)
        await _run_beside(stack, notices.run(), "notices", on_failure)
        await _run_beside(stack, sender.run(), "mail", on_failure)
        await _run_beside(stack, promise_watch.run(), "promise watch", on_failure)
        if config.sms is not None:
            gateway = TwilioGateway(config.sms, _secret(config.sms.secret_file, "sms.secret_file", state))
            short_messages = ShortMessageSender(ShortMessages(database, hotline), gateway, clock)
            await _run_beside(stack, short_messages.run(), "short messages", on_failure)
        await _run_beside(stack, doors.run(), "doors", on_failure)
        retaining = Retaining(Expiry(database, hotline), Audit(database, hotline), configuration, clock)
        await _run_beside(stack, retaining.run(), "retention", on_failure)
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


def _secret(file: str, key: str, state: StateDirectory) -> str:
    try:
        return (state.config_file.parent / file).read_text("utf-8").strip()
    except OSError as error:
        why = f"The file of {key} ({file}) cannot be read ({error.strerror}): correct its path or owner."
        raise SetupError(why) from None


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
