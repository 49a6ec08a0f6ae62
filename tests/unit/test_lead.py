"""What the lead sees of the running hotline, and the hand on agents' states."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from agents.presence import Cause, Intent, State
from config.schema import HotlineConfig, ScreenNeed
from hotline.callback_board import CallbackBoard
from hotline.errors import Refused, StorageError
from hotline.exchange.calls import OfferEnd
from hotline.exchange.outgoing import Outgoing
from hotline.mail.sender import MailSender
from hotline.storage.agent_states import AgentStates
from hotline.storage.alarms import AlarmRows
from hotline.storage.audit import Audit
from hotline.storage.callbacks import Callbacks
from hotline.storage.database import Database
from hotline.storage.figures import (
    AgentCounts,
    CallCounts,
    FigureRows,
    OpenCounts,
    OutcomeCounts,
    StateChange,
    Unwritten,
)
from hotline.storage.knowledge import KnowledgeRows
from hotline.storage.ledger import Ledger
from hotline.storage.notices import NoticeRows
from hotline.storage.outbox import Outbox, UndeliveredMail
from hotline.storage.presences import Presences
from hotline.workplace import figures as figures_module
from hotline.workplace import lead as lead_module
from hotline.workplace.alarms import Alarms
from hotline.workplace.figures import Figures, first_contact, seconds_in, service_level
from hotline.workplace.knowledge import Knowledge
from hotline.workplace.lead import Lead
from hotline.workplace.notices import Notices
from hotline.workplace.states import States
from tests.unit.doubles_switchboard import MONDAY_NINE, Office

COUNTS = CallCounts(50, 44, 33, 4, 5, 1, 2)
OUTCOMES = OutcomeCounts(settled=34, forwarded=5, callback=1, no_request=7)


class Rows:
    """Figures as the database would tell them."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.broken = False
        self.answers = asyncio.Event()
        self.answers.set()

    async def day(self, start: datetime, now: datetime, openings: Any, soon: float) -> Any:
        self.asked.append((start, now, openings, soon))
        await self.answers.wait()
        if self.broken:
            raise StorageError("The database does not answer.")
        return COUNTS, OUTCOMES, OpenCounts(6, 1, 2, 0, 1)

    async def unwritten(self, since: datetime, before: datetime) -> list[Unwritten]:
        assert before < MONDAY_NINE
        names = ("anna", "pageless", "formerly")
        return [Unwritten(f"c-{name}", name, MONDAY_NINE - timedelta(days=3)) for name in names]

    async def agent(self, name: str, start: datetime) -> AgentCounts:
        return AgentCounts(2, {"missed": 1, "gone": 2})

    async def states(self, name: str, start: datetime) -> list[StateChange]:
        return [StateChange(start, "ready"), StateChange(MONDAY_NINE, "talking")]

    async def stuck_mails(self, attempts: int = 3, limit: int = 100) -> list[UndeliveredMail]:
        row = {"id": 7, "state": "refused", "code": "550", "attempts": 1, "created_at": MONDAY_NINE, "promise_id": "p"}
        promised = {"receipt": "26-4821-7300", "due_at": MONDAY_NINE, "responsible": "Frau Falke"}
        return [UndeliveredMail(**row, **promised, recipient="falke@jobcenter.example")]


class Told:
    """Notices, alarms, knowledge, presences, audit, callbacks and mails: remember what they were told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.sent = False

    def given_up_view(self, config: HotlineConfig) -> list[dict[str, Any]]:
        return [{"id": "7", "number": "05721 4711"}]

    async def retry(self, mail_id: int) -> bool:
        self.told.append(("retry", mail_id))
        return not self.sent

    async def redirect(self, mail_id: int, to: str, who: str) -> None:
        self.told.append(("redirect", mail_id, to, who))
        if self.sent:
            raise Refused("Diese E-Mail ist inzwischen verschickt.")

    def overview(self) -> dict[str, Any]:
        return {"messages": [], "announcement": None}

    def open_alarms(self) -> list[dict[str, Any]]:
        return []

    def current(self) -> dict[str, Any]:
        return {}

    async def save(self, *row: Any) -> None:
        self.told.append(("save", *row))

    async def record(self, at: datetime, who: str, action: str, subject: str) -> None:
        self.told.append(("audit", who, action, subject))

    async def give_back(self, agent: str) -> None:
        self.told.append(("give_back", agent))


class House:
    """A lead above a switchboard."""

    def __init__(self, config: HotlineConfig) -> None:
        self.office, self.rows, self.told = Office(config), Rows(), Told()
        clock = self.office.clock
        self.figures = Figures(self.rows, self.rows, lambda: (1, config), clock)  # type: ignore[arg-type]
        told: Any = self.told
        self.lead = Lead(
            lambda: (1, config),
            self.office.switchboard,
            self.figures,
            told,
            told,
            told,
            told,
            told,
            self.office.journal,
            clock,
            told,
            told,
        )

    def seat(self, name: str) -> Any:
        return self.office.switchboard.seats[name]

    async def talking(self, name: str) -> Any:
        self.office.ready(name)
        call = await self.office.call("c1")
        await self.office.settle()
        self.office.rings(call)
        self.office.switchboard.answered(call)
        return call


@pytest.fixture
async def house(config: HotlineConfig) -> AsyncIterator[House]:
    house = House(config)
    yield house
    await house.office.close()


# --- the page --------------------------------------------------------------------------------


async def test_who_waits_is_shown_with_type_place_and_time_and_without_a_number(house: House) -> None:
    house.office.ready("anna")
    for name in ("c1", "c2", "c3"):
        await house.office.call(name, "income" if name == "c3" else "rent")
    await house.office.settle()
    page = await house.lead.snapshot()
    told = [(one["call_id"], one["position"], one["rings_at"], one["type"]) for one in page["waiting"]]
    assert told == [
        ("c1", None, "Anna Ahrens", "Mietkosten"),
        ("c2", 1, None, "Mietkosten"),
        ("c3", 2, None, "Einkommen"),
    ]
    assert page["waiting"][1]["since"] < page["waiting"][2]["since"]
    assert "5721777" not in str(page)


async def test_callers_who_talk_or_are_gone_do_not_wait(house: House) -> None:
    call = await house.talking("anna")
    assert (await house.lead.snapshot())["waiting"] == []
    house.office.switchboard.over(call)
    assert (await house.lead.snapshot())["waiting"] == []


async def test_agents_are_shown_with_state_cause_and_since_when(house: House) -> None:
    house.office.ready("anna")
    call = await house.office.call("c1")
    await house.office.settle()
    house.office.switchboard.not_taken(call, OfferEnd.MISSED)
    anna = next(one for one in (await house.lead.snapshot())["agents"] if one["name"] == "anna")
    assert (anna["state"], anna["cause"]) == ("not_ready", "Anruf nicht angenommen, 09:00")
    assert (anna["with_caller"], anna["type"]) == (False, None)


async def test_a_talk_and_its_wrap_up_are_told_as_such(house: House) -> None:
    call = await house.talking("anna")
    anna = (await house.lead.snapshot())["agents"][0]
    assert (anna["with_caller"], anna["type"], anna["wrap_up_until"]) == (True, "Mietkosten", None)
    house.office.switchboard.over(call)
    anna = (await house.lead.snapshot())["agents"][0]
    assert anna["wrap_up_until"] is not None


async def test_a_change_at_any_seat_is_told_soon(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lead_module, "GATHER_SECONDS", 0.0)
    seen = (await house.lead.snapshot())["seq"]
    waiting = asyncio.create_task(house.lead.changed(seen))
    await asyncio.sleep(0)
    assert not waiting.done()
    house.seat("ben").touch()
    async with asyncio.timeout(1):
        await waiting
    assert (await house.lead.snapshot())["seq"] > seen


async def test_figures_are_told_now_and_then_though_nothing_happens(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead_module, "REFRESH_SECONDS", 0.01)
    seen = (await house.lead.snapshot())["seq"]
    async with asyncio.timeout(1):
        await house.lead.changed(seen)
    assert (await house.lead.snapshot())["seq"] > seen


# --- figures ---------------------------------------------------------------------------------


def test_service_level_counts_late_unanswered_calls_and_not_those_who_hung_up_early() -> None:
    assert service_level(COUNTS).view() == {"share": 33 / 48, "reached": 33, "counted": 48, "aim": 0.75, "met": False}
    assert service_level(CallCounts(4, 4, 3, 0, 0, 0, 0)).view()["met"] is True


def test_first_contact_leaves_out_calls_without_a_request() -> None:
    assert first_contact(OUTCOMES).view() == {"share": 0.85, "reached": 34, "counted": 40, "aim": 0.85, "met": True}


def test_without_anything_to_count_there_is_no_share_and_no_aim_missed() -> None:
    nothing = service_level(CallCounts(0, 0, 0, 0, 0, 0, 0)).view()
    assert (nothing["share"], nothing["met"]) == (None, None)


async def test_the_day_begins_at_midnight_of_the_hotlines_zone_and_knows_its_hours(house: House) -> None:
    await house.figures.today()
    start, now, openings, soon = house.rows.asked[0]
    assert (start.isoformat(), now, soon) == ("2026-11-23T00:00:00+01:00", MONDAY_NINE, 30.0)
    assert [(first.hour, last.hour) for first, last in openings] == [(7, 17)]  # UTC


async def test_however_many_look_the_database_is_asked_once_in_a_while(house: House) -> None:
    first, *others = await asyncio.gather(*(house.figures.today() for _ in range(5)))
    assert len(house.rows.asked) == 1
    assert all(other == first for other in others)
    assert first is not None
    assert (first["fresh"], first["mails_stuck"], first["promises_overdue"]) == (True, 1, 1)


async def test_the_page_does_not_wait_for_figures_of_a_silent_database(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures_module, "CACHE_SECONDS", 0.0)
    monkeypatch.setattr(figures_module, "ANSWER_SECONDS", 0.05)
    known = (await house.lead.snapshot())["figures"]
    house.rows.answers.clear()
    async with asyncio.timeout(2):
        pages = [await house.lead.snapshot() for _ in range(3)]
    assert [page["figures"] for page in pages] == [{**known, "fresh": False}] * 3
    assert len(house.rows.asked) == 2, "one question waits, however often the page is told"
    house.rows.answers.set()
    await house.office.settle()
    assert (await house.lead.snapshot())["figures"]["fresh"] is True


async def test_figures_of_before_are_told_as_such_when_the_database_does_not_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures_module, "CACHE_SECONDS", 0.0)
    house.rows.broken = True
    assert await house.figures.today() is None
    house.rows.broken = False
    known = await house.figures.today()
    house.rows.broken = True
    later = await house.figures.today()
    assert known is not None
    assert later == {**known, "fresh": False}


def test_each_state_lasts_until_the_next_one() -> None:
    noon = MONDAY_NINE.replace(hour=12)
    changes = [StateChange(MONDAY_NINE, "ready"), StateChange(MONDAY_NINE.replace(hour=10), "talking")]
    spent = seconds_in([*changes, StateChange(MONDAY_NINE.replace(hour=11), "ready")], noon)
    assert spent == {"ready": 3 * 3600.0, "talking": 3600.0}
    assert seconds_in([], noon) == {}


async def test_a_look_at_one_agents_day_is_audited_before_it_is_answered(house: House) -> None:
    found = await house.lead.agent_figures("anna", "lena")
    assert house.told.told == [("audit", "lena", "figures_shown", "anna")]
    assert (found["full_name"], found["calls"], found["not_taken"], found["unreachable"]) == ("Anna Ahrens", 2, 3, 2)
    assert found["seconds"]["ready"] == 8 * 3600 + 3600
    with pytest.raises(Refused):
        await house.lead.agent_figures("nobody", "lena")


# --- mails and callbacks -----------------------------------------------------------------------


async def test_calls_not_written_up_are_told_with_agent_and_time_alone(house: House) -> None:
    """Whoever works without a page never writes anything up; of somebody who is gone the login's name is left."""
    config = house.figures._configuration()[1]
    pageless = config.agents[0].model_copy(update={"name": "pageless", "screen": ScreenNeed.OPTIONAL})
    with_pageless = config.model_copy(update={"agents": [*config.agents, pageless]})
    rows: Any = house.rows
    figures = await Figures(rows, rows, lambda: (1, with_pageless), house.office.clock).today()
    assert figures is not None
    at = (MONDAY_NINE - timedelta(days=3)).isoformat()
    assert figures["unwritten"] == [{"agent_name": "Anna Ahrens", "at": at}, {"agent_name": "formerly", "at": at}]


async def test_mails_that_did_not_arrive_are_told_one_by_one(house: House) -> None:
    [mail] = (await house.lead.snapshot())["figures"]["mails"]
    assert (mail["id"], mail["receipt"], mail["to"]) == (7, "26-4821-7300", "Frau Falke")


async def test_a_mail_is_sent_once_more_and_audited_and_the_figures_are_read_anew(house: House) -> None:
    seen = (await house.lead.snapshot())["seq"]
    await house.lead.retry_mail(7, "lena")
    assert house.told.told == [("retry", 7), ("audit", "lena", "mail_retried", "7")]
    assert (await house.lead.snapshot())["seq"] > seen
    assert len(house.rows.asked) == 2


async def test_a_mail_that_was_sent_meanwhile_is_not_audited(house: House) -> None:
    house.told.sent = True
    with pytest.raises(Refused, match="inzwischen verschickt"):
        await house.lead.retry_mail(7, "lena")
    assert house.told.told == [("retry", 7)]


async def test_a_mail_to_another_address_is_asked_for_and_the_figures_are_read_anew(house: House) -> None:
    seen = (await house.lead.snapshot())["seq"]
    await house.lead.redirect_mail(7, "team", "lena")
    assert house.told.told == [("redirect", 7, "team", "lena")]
    assert (await house.lead.snapshot())["seq"] > seen
    assert len(house.rows.asked) == 2
    house.told.sent = True
    with pytest.raises(Refused, match="inzwischen verschickt"):
        await house.lead.redirect_mail(7, "team", "lena")


async def test_callbacks_given_up_today_are_told(house: House) -> None:
    assert [one["id"] for one in (await house.lead.snapshot())["callbacks_given_up"]] == ["7"]


# --- a hand on an agent's state ----------------------------------------------------------------


async def test_the_lead_sets_an_agent_to_pause_and_the_page_says_who_did(house: House) -> None:
    house.office.ready("anna")
    await house.lead.pause("anna", "lena")
    presence = house.seat("anna").presence
    assert (presence.state, presence.why, presence.by) == (State.PAUSE, Cause.LEAD, "lena")
    assert house.told.told == [
        ("save", "anna", "pause", None, MONDAY_NINE.replace(second=1), "lena"),
        ("audit", "lena", "agent_paused", "anna"),
    ]


async def test_a_talk_goes_on_when_its_agent_is_set_to_pause(house: House) -> None:
    call = await house.talking("anna")
    await house.lead.pause("anna", "lena")
    assert house.seat("anna").presence.state is State.TALKING
    assert house.office.controls.hung_up == []
    house.office.switchboard.over(call)
    house.office.switchboard.release(house.seat("anna"))
    assert house.seat("anna").presence.state is State.PAUSE


async def test_an_offered_call_goes_to_the_next_agent_without_blame(house: House) -> None:
    house.office.ready("anna", "ben")
    call = await house.office.call("c1")
    await house.office.settle()
    assert call.agent == "anna"
    await house.lead.pause("anna", "lena")
    await house.office.settle()
    house.office.switchboard.not_taken(call, OfferEnd.WITHDRAWN)
    await house.office.settle()
    assert call.agent == "ben"
    assert house.seat("anna").presence.bar is None


@pytest.mark.parametrize(("intent", "words"), [(Intent.PAUSE, "schon in Pause"), (Intent.HOME, "schon Feierabend")])
async def test_who_is_away_cannot_be_set_to_pause(house: House, intent: Intent, words: str) -> None:
    house.office.switchboard.staff.wanting(house.seat("anna"), intent, None)
    with pytest.raises(Refused, match=words):
        await house.lead.pause("anna", "lena")
    assert house.told.told == []


async def test_nobody_is_logged_out_in_the_middle_of_a_talk_without_saying_so(house: House) -> None:
    call = await house.talking("anna")
    with pytest.raises(Refused, match="Anna Ahrens ist im Gespräch"):
        await house.lead.log_out("anna", "lena", even_in_talk=False)
    house.office.switchboard.over(call)
    with pytest.raises(Refused, match="in der Nacharbeit"):
        await house.lead.log_out("anna", "lena", even_in_talk=False)
    assert house.told.told == []
    await house.lead.log_out("anna", "lena", even_in_talk=True)
    assert house.seat("anna").presence.intent is Intent.HOME
    assert house.seat("anna").call is call  # the wrap-up waits for the next login


async def test_who_is_logged_out_gives_callbacks_back(house: House) -> None:
    house.office.ready("anna")
    await house.lead.log_out("anna", "lena", even_in_talk=False)
    assert [told[:3] for told in house.told.told] == [
        ("save", "anna", "home"),
        ("audit", "lena", "agent_logged_out"),
        ("give_back", "anna"),
    ]


async def test_a_lead_with_a_seat_who_sends_themselves_is_not_told_who_did(house: House) -> None:
    house.office.ready("anna")
    await house.lead.pause("anna", "anna")
    assert house.seat("anna").presence.why is Cause.PAUSE


async def test_what_could_not_be_stored_does_not_count(house: House) -> None:
    house.office.ready("anna")

    async def refuse(*_row: Any) -> None:
        raise StorageError("The database does not answer.")

    house.told.save = refuse  # type: ignore[method-assign]
    with pytest.raises(StorageError):
        await house.lead.pause("anna", "lena")
    assert house.seat("anna").presence.state is State.READY


# --- all of it together ------------------------------------------------------------------------


async def test_the_page_of_a_real_database(
    config: HotlineConfig, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call waits, an alarm is open, a message and a note are there: every part as the service wires it."""
    monkeypatch.setattr(figures_module, "ANSWER_SECONDS", 30.0)  # the page need not be fast here, but whole
    database, office = Database(database_url), Office(config)
    await database.open()

    def configuration() -> tuple[int, HotlineConfig]:
        return 1, config

    board, journal, clock, here = office.switchboard, office.journal, office.clock, "schaumburg"
    notices = Notices(NoticeRows(database, here), Quiet(), Quiet(), journal, board, configuration, clock)
    knowledge = Knowledge(KnowledgeRows(database, here), journal, board.seats, configuration, clock)
    figures = Figures(FigureRows(database, here), Outbox(database, here), configuration, clock)
    presences, audit = Presences(database, here), Audit(database, here)
    tasks = Callbacks(database, here)
    task = await tasks.request("c0", "+495721777", "rent", MONDAY_NINE, MONDAY_NINE)
    await tasks.take(task, "anna")
    await tasks.not_reached(task, "anna", MONDAY_NINE, lambda _: None)
    originator: Any = None
    outgoing = Outgoing(board, originator, office.controls, journal, Ledger(database, here), clock)
    callbacks = CallbackBoard(tasks, journal, board, clock, outgoing, configuration)
    await callbacks.refresh()
    alarms = Alarms(AlarmRows(database, here), journal, board.seats, outgoing, callbacks, configuration, clock)
    parts = (figures, notices, alarms, knowledge, presences, audit)
    sender = MailSender(Outbox(database, here), config.mail, clock)
    lead = Lead(configuration, board, *parts, journal, clock, callbacks, sender)
    board.seats.listeners.append(States(AgentStates(database, here), journal, clock))

    office.ready("anna")
    await Ledger(database, here).call_started("c1", MONDAY_NINE, "PJSIP/c1", "haus", "+495721777", 1)
    call = await office.call("c1")
    await office.settle()
    office.rings(call)
    board.answered(call)
    await alarms.threaten("anna", "c1")
    await lead.message("Bitte langsam.", "17:30", "lena")
    await lead.announce("Störung im System.", "17:30", "lena")
    await lead.note("rent", "Neue Grenzen.", "lena")
    await office.call("c2", "income")
    page = await lead.snapshot()
    json.dumps(page)
    assert page["figures"]["calls"] == 1
    assert [one["caller"] for one in page["alarms"]] == ["05721 777"]
    assert [one["type"] for one in page["waiting"]] == ["Einkommen"]
    assert page["messages"][0]["text"] == "Bitte langsam."
    assert page["announcement"]["text"] == "Störung im System."
    assert page["knowledge"]["rent"]["text"] == "Neue Grenzen."
    assert page["closes"] == "18:00"
    assert [(one["number"], one["tries"]) for one in page["callbacks_given_up"]] == [("05721 777", 1)]
    with pytest.raises(Refused, match="inzwischen verschickt"):
        await lead.retry_mail(4711, "lena")
    await lead.alarm_seen(page["alarms"][0]["id"], "lena")
    await lead.end_notice(page["announcement"]["id"], "lena")
    await lead.message_read("anna", page["messages"][0]["id"])
    page = await lead.snapshot()
    assert (page["alarms"], page["announcement"]) == ([], None)
    assert page["messages"][0]["read_by"] == ["Anna Ahrens"]
    assert (await lead.agent_figures("anna", "lena"))["seconds"]["talking"] > 0
    await office.close()
    await database.close()


class Quiet:
    """A voice nobody hears, in the fallback neither."""

    async def prompt(self, text: str) -> str:
        return "announcements/x"

    async def forget_others(self, text: str | None) -> None:
        return None

    async def on(self, prompt: str, until: datetime) -> None:
        return None

    async def off(self) -> None:
        return None
