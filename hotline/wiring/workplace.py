"""What agents, their lead and case workers have on their pages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

from hotline.case_work import CaseWork
from hotline.desk import Desk
from hotline.links import Links
from hotline.mail.sender import MailSender
from hotline.recovery.announcement import FallbackAnnouncement
from hotline.storage.accounts import Accounts
from hotline.storage.alarms import AlarmRows
from hotline.storage.audit import Audit
from hotline.storage.day import Days
from hotline.storage.drafts import Drafts
from hotline.storage.expiry import Expiry
from hotline.storage.figures import FigureRows
from hotline.storage.handovers import Handovers
from hotline.storage.knowledge import KnowledgeRows
from hotline.storage.notices import NoticeRows
from hotline.storage.outbox import Outbox
from hotline.storage.promise_steps import PromiseSteps
from hotline.storage.promises import Promises
from hotline.storage.redirects import Redirects
from hotline.storage.search import Finder
from hotline.storage.short_messages import ShortMessages
from hotline.storage.written import Writings
from hotline.web.services import Changing, Prompts, Services
from hotline.wiring.basis import Basis
from hotline.wiring.exchange import Exchange
from hotline.workplace.alarm_mails import AlarmMails
from hotline.workplace.alarms import Alarms
from hotline.workplace.announcements import Announcer
from hotline.workplace.beside import Beside
from hotline.workplace.callback_pages import CallbackPages
from hotline.workplace.callbacks import CallbackCalls
from hotline.workplace.day import MyDay
from hotline.workplace.doors import Doors
from hotline.workplace.earlier_calls import EarlierCalls
from hotline.workplace.figures import Figures
from hotline.workplace.knowledge import Knowledge
from hotline.workplace.lead import Lead
from hotline.workplace.notices import Notices
from hotline.workplace.phone_secrets import PhoneSecrets
from hotline.workplace.promise_watch import PromiseWatch
from hotline.workplace.promises import PromiseWork
from hotline.workplace.redirecting import MailsAgain
from hotline.workplace.retention import Retaining
from hotline.workplace.ring_check import RingCheck
from hotline.workplace.search import Search
from hotline.workplace.short_messages import ShortMessageSender
from hotline.workplace.twilio_gateway import TwilioGateway
from hotline.workplace.unreached import PromiseOfUnreached
from hotline.workplace.writing import Writing


@dataclass(frozen=True)
class Workplace:
    """`services` are what the pages ask; the others have to be loaded or run."""

    desk: Desk
    accounts: Accounts
    services: Services
    outbox: Outbox
    sender: MailSender
    beside: Beside
    notices: Notices
    alarm_mails: AlarmMails
    doors: Doors
    promise_watch: PromiseWatch
    retaining: Retaining
    short_messages: ShortMessageSender | None


def build_workplace(
    basis: Basis,
    exchange: Exchange,
    fallback: FallbackAnnouncement,
    draining: Callable[[], bool],
    changing: Changing,
    prompts: Prompts,
) -> Workplace:
    """`draining`: whether no new calls are taken."""
    promised = _Promised.of(basis)
    unreached = PromiseOfUnreached(basis.configuration, promised.links, promised.sender, basis.clock)
    exchange.board.unreached = unreached
    ringing, seen = _ringing(basis, exchange), (basis.journal, exchange.switchboard.seats)
    called_back = (exchange.outgoing, exchange.board)
    alarm_rows = AlarmRows(*basis.place)
    alarms = Alarms(alarm_rows, *seen, *called_back, basis.configuration, basis.clock)
    knowledge = Knowledge(KnowledgeRows(*basis.place), *seen, basis.configuration, basis.clock)
    check = RingCheck(exchange.switchboard, exchange.controls, basis.clock, basis.prompt("greeting"))
    beside = Beside(alarms, knowledge, check)
    announcer = Announcer(basis.state.prompts, basis.configuration)
    notices = Notices(
        NoticeRows(*basis.place),
        announcer,
        fallback,
        basis.journal,
        exchange.switchboard,
        basis.configuration,
        basis.clock,
    )
    desk = Desk(
        basis.configuration,
        exchange.switchboard,
        exchange.transfers,
        basis.journal,
        exchange.ledger,
        Handovers(*basis.place),
        exchange.presences,
        exchange.board,
        promised.case_work,
        basis.clock,
        PhoneSecrets(basis.state),
        draining,
        also=(beside.view, ringing.view, notices.view),
    )
    accounts, audit = Accounts(*basis.place), Audit(*basis.place)
    seats = exchange.switchboard.seats
    seats.listeners.append(EarlierCalls(audit, basis.journal, exchange.switchboard, basis.clock))
    doors = Doors(accounts, audit, promised.links, basis.clock, ZoneInfo(basis.config.hotline.timezone))
    services = Services(
        promised.work(basis, desk),
        promised.writing(basis, exchange, desk),
        _callback_pages(basis, exchange, ringing),
        beside,
        _lead(basis, exchange, promised, _Seen(notices, alarms, knowledge), audit, draining),
        doors,
        changing,
        prompts,
    )
    return Workplace(
        desk,
        accounts,
        services,
        promised.outbox,
        promised.sender,
        beside,
        notices,
        AlarmMails(alarms, alarm_rows, promised.sender, basis.journal, basis.configuration, basis.clock),
        doors,
        promised.watch(basis),
        Retaining(Expiry(*basis.place), audit, basis.configuration, basis.clock),
        _short_messages(basis),
    )


@dataclass(frozen=True)
class _Promised:
    """What promises and the mails about them need."""

    outbox: Outbox
    sender: MailSender
    links: Links
    promises: Promises
    steps: PromiseSteps
    case_work: CaseWork

    @classmethod
    def of(cls, basis: Basis) -> Self:
        config, file = basis.config, basis.config.mail.secret_file
        outbox, promises = Outbox(*basis.place), Promises(*basis.place)
        password = None if file is None else basis.secret(file, "mail.secret_file")
        sender = MailSender(outbox, config.mail, basis.clock, password)
        links = Links(basis.secrets.link_key, config.hotline.public_url, config.mail.link_days, "/promise/")
        case_work = CaseWork(promises, links, sender, basis.journal, basis.clock)
        return cls(outbox, sender, links, promises, PromiseSteps(*basis.place), case_work)

    def work(self, basis: Basis, desk: Desk) -> PromiseWork:
        by_mail = (self.links, self.sender, basis.journal, basis.clock)
        return PromiseWork(basis.configuration, self.promises, self.steps, *by_mail, desk.own_call)

    def mails_again(self, basis: Basis) -> MailsAgain:
        by_mail = (self.links, self.sender, basis.journal, basis.clock)
        return MailsAgain(basis.configuration, Redirects(*basis.place), *by_mail)

    def watch(self, basis: Basis) -> PromiseWatch:
        return PromiseWatch(basis.configuration, self.steps, self.links, self.sender, basis.journal, basis.clock)

    def writing(self, basis: Basis, exchange: Exchange, desk: Desk) -> Writing:
        return Writing(
            basis.configuration,
            desk.own_call,
            desk.allow_time,
            exchange.board.refresh,
            exchange.switchboard,
            self.case_work,
            self.promises,
            Drafts(*basis.place),
            Writings(*basis.place),
            basis.journal,
            basis.clock,
        )


def _ringing(basis: Basis, exchange: Exchange) -> CallbackCalls:
    seats = exchange.switchboard.seats
    known = (exchange.board, exchange.callbacks, exchange.outgoing)
    return CallbackCalls(basis.configuration, seats, *known, basis.clock, exchange.places.offers)


def _callback_pages(basis: Basis, exchange: Exchange, ringing: CallbackCalls) -> CallbackPages:
    search = Search(Finder(*basis.place), basis.configuration, basis.journal, basis.clock)
    day = MyDay(Days(*basis.place), exchange.board, basis.configuration, basis.clock)
    return CallbackPages(ringing, search, day)


@dataclass(frozen=True)
class _Seen:
    """What the lead sees and changes beside the figures."""

    notices: Notices
    alarms: Alarms
    knowledge: Knowledge


def _lead(
    basis: Basis, exchange: Exchange, promised: "_Promised", seen: _Seen, audit: Audit, draining: Callable[[], bool]
) -> Lead:
    return Lead(
        basis.configuration,
        exchange.switchboard,
        Figures(FigureRows(*basis.place), promised.outbox, basis.configuration, basis.clock),
        seen.notices,
        seen.alarms,
        seen.knowledge,
        exchange.presences,
        audit,
        basis.journal,
        basis.clock,
        exchange.board,
        promised.mails_again(basis),
        draining,
    )


def _short_messages(basis: Basis) -> ShortMessageSender | None:
    sms = basis.config.sms
    if sms is None:
        return None
    gateway = TwilioGateway(sms, basis.secret(sms.secret_file, "sms.secret_file"))
    return ShortMessageSender(ShortMessages(*basis.place), gateway, basis.clock)
