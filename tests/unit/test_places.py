"""Callbacks that keep their place: whose turn it is, who is offered them, how offers end, and what a restart finds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from agents.presence import Bar, Intent, State, Work
from config.schema import HotlineConfig
from hotline.callback_board import CallbackBoard
from hotline.errors import Refused, StorageError
from hotline.exchange import due_offers as module
from hotline.exchange.calls import Call
from hotline.exchange.outgoing import Outgoing
from hotline.exchange.places import Places
from hotline.exchange.seats import Seat
from hotline.links import Links
from hotline.storage.callbacks import Callbacks
from hotline.storage.database import Database
from hotline.storage.ledger import Ledger
from hotline.storage.outbox import Outbox
from hotline.storage.places import OpenOffer, PlaceOffers, entry_of
from hotline.storage.promises import Promises
from hotline.storage.tables import offers, outbox_mails
from hotline.workplace.callbacks import CallbackCalls
from hotline.workplace.unreached import PromiseOfUnreached
from ivr.effects import InTurn, Window
from routing.places import Place
from tests.unit.doubles_switchboard import MONDAY_NINE, Office
from tests.unit.test_outgoing import RememberingOriginator

CLIENT, OTHER = "+4957211234", "+4957211235"
DUE = MONDAY_NINE + timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Sender:
    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


class House:
    """One run of the service over a database: its agents at work, and callers by name."""

    def __init__(self, config: HotlineConfig, db: Database, now: datetime = MONDAY_NINE) -> None:
        self.config, self.db, self.office, self.originator = config, db, Office(config), RememberingOriginator()
        self.office.pass_time((now - MONDAY_NINE).total_seconds())
        self.switchboard, journal, clock = self.office.switchboard, self.office.journal, self.office.clock
        self.store, self.rows, ledger = Callbacks(db, "h"), PlaceOffers(db, "h"), Ledger(db, "h")
        known: Any = (self.originator, self.office.controls, journal, ledger, clock)
        self.outgoing = Outgoing(self.switchboard, *known)
        self.sender: Any = Sender()
        links = Links("secret" * 8, "http://localhost", 30, "/promise/")
        self.board = CallbackBoard(self.store, journal, self.switchboard, clock, self.outgoing, self.configuration)
        self.board.unreached = PromiseOfUnreached(self.configuration, links, self.sender, clock)
        parts = (self.board, self.outgoing, self.rows, ledger, journal, clock, self.configuration)
        self.places = Places(self.switchboard, *parts)
        board, seats = self.board, self.switchboard.seats
        self.calls = CallbackCalls(
            self.configuration, seats, board, self.store, self.outgoing, clock, self.places.offers
        )
        self.ben = seats["ben"]

    @property
    def anna(self) -> Seat:
        return self.switchboard.seats["anna"]

    def configuration(self) -> tuple[int, HotlineConfig]:
        return 1, self.config

    async def begin(self) -> None:
        """As at the start of the service."""
        await self.board.load()
        await self.places.load()

    async def keep(
        self,
        number: str = CLIENT,
        when: InTurn | Window | None = None,
        place_at: datetime | None = None,
        call_id: str = "c1",
        kind: str = "rent",
    ) -> int:
        """A caller keeps the place; the callback's id."""
        now = self.office.clock.now()
        asked: Any = {"when": when or InTurn(), "place_at": place_at or now}
        await self.board.request(call_id, number, kind, now, DUE, "31402123456", **asked)
        await self.office.settle()
        return max(task.id for task in self.board.tasks)

    async def pass_time(self, seconds: float) -> None:
        self.office.pass_time(seconds)
        if self.places.look():
            self.switchboard.rematch()
        await self.office.settle()

    def line(self) -> list[str]:
        return [one.call_id for one in self.switchboard.line.waiting()]

    def offered(self, agent: str = "anna") -> str | None:
        offer: dict[str, Any] | None = self.calls.view(self.switchboard.seats[agent], MONDAY_NINE)["callback_offer"]
        return None if offer is None else str(offer["id"])

    async def until(self, wanted: Callable[[], Any]) -> None:
        async with asyncio.timeout(5):
            while not wanted():  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)

    async def start(self, task: int, agent: str = "anna") -> None:
        await self.calls.ring(agent, str(task))

    def rings(self, agent: str = "anna", *, own: str = "ANSWER", caller: str = "ANSWER") -> None:
        """Asterisk tells how the ring went, and that it is over."""
        ring = self.outgoing.of(agent)
        assert ring is not None
        self.outgoing.hears({"Event": "DialEnd", "DestUniqueid": ring.id, "DialStatus": own})
        if own == "ANSWER":
            self.outgoing.hears({"Event": "DialEnd", "Uniqueid": ring.id, "DialStatus": caller})
            self.outgoing.hears({"Event": "Hangup", "Uniqueid": ring.id})

    async def outcomes(self) -> list[tuple[str, str | None]]:
        async with self.db.read() as connection:
            rows = await connection.execute(select(offers.c.agent, offers.c.outcome).order_by(offers.c.made_at))
            return [(row.agent, row.outcome) for row in rows]

    async def close(self) -> None:
        await self.office.close()


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def house(config: HotlineConfig, db: Database) -> AsyncIterator[House]:
    found = House(config, db)
    found.outgoing.compare([], {})
    yield found
    await found.close()


# --- the place ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "stands", "joins"),
    [
        (Place(), False, None),
        (Place(place_at=MONDAY_NINE), True, MONDAY_NINE),
        (Place(place_at=MONDAY_NINE + MINUTE), True, MONDAY_NINE + MINUTE),
        (Place(not_before=MONDAY_NINE, not_after=MONDAY_NINE + MINUTE), True, MONDAY_NINE),
        (Place(not_before=MONDAY_NINE + MINUTE, not_after=DUE), False, MONDAY_NINE + MINUTE),
        (Place(not_before=MONDAY_NINE - MINUTE, not_after=MONDAY_NINE), False, MONDAY_NINE - MINUTE),
        (Place(place_at=MONDAY_NINE, next_try_at=MONDAY_NINE + MINUTE), False, MONDAY_NINE + MINUTE),
        (Place(place_at=MONDAY_NINE - MINUTE, next_try_at=MONDAY_NINE), True, MONDAY_NINE),
    ],
)
def test_place_stands_from_its_time_on(place: Place, stands: bool, joins: datetime | None) -> None:
    assert (place.stands(MONDAY_NINE), place.joins_at()) == (stands, joins)


async def test_kept_place_is_before_who_came_later_and_behind_who_came_before(house: House) -> None:
    first = await house.office.call("first")
    task = await house.keep(place_at=house.office.clock.now())
    house.office.pass_time(1)
    last = await house.office.call("last")
    assert house.line() == ["first", entry_of(task), "last"]
    assert (house.switchboard.progress.position(first), house.switchboard.progress.position(last)) == (1, 3)
    assert house.switchboard.waiting == 2
    assert house.switchboard.duty.unserved() == 2


async def test_ordinary_callback_and_one_that_may_not_be_rung_keep_no_place(house: House) -> None:
    await house.board.request("c1", CLIENT, "rent", MONDAY_NINE, DUE, None)
    for number in ("+33142685300", "+49900512345", "+4957219824"):
        await house.keep(number)
    assert house.line() == []


async def test_agent_is_offered_the_callback_in_its_turn_with_its_context(house: House) -> None:
    task = await house.keep(place_at=MONDAY_NINE - 5 * MINUTE)
    behind = await house.office.call("behind")
    house.office.ready("anna")
    await house.office.settle()
    shown = house.calls.view(house.anna, MONDAY_NINE)["callback_offer"]
    assert (shown["id"], shown["task"]["number"], shown["task"]["type"]) == (str(task), "05721 1234", "Mietkosten")
    assert shown["task"]["place"]["since"] == (MONDAY_NINE - 5 * MINUTE).isoformat()
    assert datetime.fromisoformat(shown["until"]) - house.office.clock.now() <= timedelta(seconds=60)
    assert (house.anna.presence.state, house.anna.presence.why.value) == (State.DUE, "due")
    assert behind.agent is None, "an agent with an offer gets no other call"
    assert house.originator.rung == [], "nothing rings by itself"
    assert await house.rows.open() == [
        OpenOffer(shown["offer_id"], task, "anna", house.places.offers.shown_to("anna").at)
    ]  # type: ignore[union-attr]


async def test_started_with_one_press_it_rings_and_ends_like_any_callback(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    await house.start(task)
    assert [agent for _, agent, *_ in house.originator.rung] == ["anna"]
    assert (house.offered(), house.anna.presence.state) == (None, State.TALKING)
    assert await house.outcomes() == [("anna", "started")]
    assert house.board.tasks[0].taken_by == "anna"
    house.rings()
    assert house.anna.presence.state is State.WRAP_UP
    await house.board.finish("anna", str(task), "reached", "besprochen")
    assert (house.anna.presence.state, house.line(), list(house.board.tasks)) == (State.READY, [], [])


async def test_two_presses_at_the_same_moment_ring_once(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    done = await asyncio.gather(house.start(task), house.start(task), return_exceptions=True)
    assert [type(one) for one in done] == [type(None), Refused]
    assert len(house.originator.rung) == 1


async def test_not_started_in_time_it_goes_to_the_next_agent_at_its_place(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    assert house.offered() == str(task)
    await house.pass_time(59)
    assert house.offered() == str(task)
    await house.pass_time(2)
    assert (house.offered(), house.anna.presence.bar) == (None, Bar.NOT_STARTED)
    assert house.anna.presence.state is State.NOT_READY
    assert house.line() == [entry_of(task)]
    house.office.ready("ben")
    await house.office.settle()
    assert house.offered("ben") == str(task)
    assert await house.outcomes() == [("anna", "missed"), ("ben", None)]
    with pytest.raises(Refused):
        await house.start(task, "anna")


async def test_refused_it_goes_to_the_next_agent(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna", "ben")
    await house.office.settle()
    assert (house.offered("anna"), house.offered("ben")) == (str(task), None)
    house.calls.refuse("anna", str(task))
    await house.office.settle()
    assert (house.offered("anna"), house.anna.presence.bar, house.offered("ben")) == (None, Bar.NOT_WANTED, str(task))
    with pytest.raises(Refused):
        house.calls.refuse("anna", str(task))


async def test_agent_who_goes_on_pause_is_not_to_blame(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    house.switchboard.staff.wanting(house.anna, Intent.PAUSE, "Pause")
    await house.office.settle()
    assert (house.offered(), house.anna.presence.bar, house.line()) == (None, None, [entry_of(task)])
    assert await house.outcomes() == [("anna", "withdrawn")]


async def test_own_telephone_not_picked_up_puts_it_back_to_its_place(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    await house.start(task)
    house.rings(own="NOANSWER")
    await house.until(lambda: house.line() == [entry_of(task)])
    assert house.anna.presence.bar is Bar.NOT_STARTED
    assert house.board.tasks[0].taken_by is None
    house.office.ready("ben")
    await house.office.settle()
    assert house.offered("ben") == str(task)


async def test_start_that_cannot_be_stored_leaves_the_offer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()

    async def fails(*_: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(house.store, "start", fails)
        with pytest.raises(StorageError):
            await house.start(task)
    assert (house.offered(), house.anna.presence.work, house.originator.rung) == (str(task), Work.DUE, [])
    await house.start(task)
    assert len(house.originator.rung) == 1


async def test_offer_that_cannot_be_stored_is_not_shown_and_callers_go_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise StorageError("the disk is full")

    task = await house.keep()
    with monkeypatch.context() as patched:
        patched.setattr(house.rows, "made", fails)
        house.office.ready("anna")
        await house.office.settle()
        assert (house.offered(), house.line(), house.anna.presence.state) == (None, [], State.READY)
        caller = await house.office.call("caller")
        assert caller.agent == "anna"
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0)
    house.places.offers._not_before = 0
    await house.pass_time(1)
    assert house.line() == [entry_of(task)]


async def test_offered_callback_that_somebody_takes_from_the_list_is_theirs(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    await house.board.take("ben", str(task))
    await house.office.settle()
    assert (house.offered(), house.anna.presence.state, house.line()) == (None, State.READY, [])
    with pytest.raises(Refused):
        await house.start(task)


# --- who is with us ------------------------------------------------------------------------------------


async def test_caller_who_calls_again_is_not_rung_and_agent_sees_both(house: House) -> None:
    task = await house.keep("+495721777")
    house.office.ready("anna")
    await house.office.settle()
    assert house.offered() == str(task)
    again = await house.office.call("again")
    await house.office.settle()
    assert (house.offered(), again.agent) == (None, "anna")
    await house.office.settle()
    waits = house.calls.view(house.anna, MONDAY_NINE)["callbacks_of_caller"]
    assert [one["id"] for one in waits] == [str(task)]
    assert entry_of(task) not in house.line()
    house.switchboard.over(again)
    house.switchboard.release(house.anna)
    await house.office.settle()
    assert house.offered() == str(task)


async def test_what_else_a_caller_waits_for_is_not_given_away_while_they_are_talked_with(house: House) -> None:
    first = await house.keep(place_at=MONDAY_NINE - MINUTE)
    await house.keep(call_id="c2")
    house.office.ready("anna")
    await house.office.settle()
    await house.start(first)
    house.office.ready("ben")
    await house.pass_time(3600)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await house.until(lambda: {task.taken_by for task in house.board.tasks} != {"anna"})
    assert (house.offered("ben"), house.line()) == (None, [])


async def test_no_place_is_kept_for_whoever_was_rung_under_another_of_their_callbacks(house: House) -> None:
    first, second = await house.keep(place_at=MONDAY_NINE - MINUTE), await house.keep(call_id="c2")
    house.office.ready("anna")
    await house.office.settle()
    await house.start(first)
    await house.store.give_back_idle(second, "anna")
    await house.board.refresh()
    assert [(task.taken_by, task.keeps_place) for task in house.board.tasks] == [(None, False)] * 2


async def test_tasks_that_could_not_be_read_are_read_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails() -> None:
        raise StorageError("the database is away")

    with monkeypatch.context() as patched:
        patched.setattr(house.store, "open_tasks", fails)
        with pytest.raises(StorageError):
            await house.board.load()
        await house.store.request("c1", CLIENT, "rent", MONDAY_NINE, DUE, None)
        await house.board.refresh()
        assert list(house.board.tasks) == []
    looking = asyncio.create_task(house.places.run())
    await house.until(lambda: len(house.board.tasks) == 1)
    looking.cancel()


async def test_one_number_is_in_the_line_once(house: House) -> None:
    first = await house.keep(place_at=MONDAY_NINE - MINUTE)
    second = await house.keep(call_id="c2")
    assert house.line() == [entry_of(first)]
    house.office.ready("anna", "ben")
    await house.office.settle()
    assert (house.offered("anna"), house.offered("ben")) == (str(first), None)
    await house.start(first)
    assert {task.taken_by for task in house.board.tasks} == {"anna"}, "a caller is rung by one agent only"
    assert house.line() == []
    assert second


# --- times -----------------------------------------------------------------------------------------------


async def test_window_begins_and_ends(house: House) -> None:
    begin, end = MONDAY_NINE + 10 * MINUTE, MONDAY_NINE + 20 * MINUTE
    task = await house.keep(when=Window(begin, end))
    early = await house.office.call("early")
    assert house.line() == ["early"]
    await house.pass_time(10 * 60)
    late = await house.office.call("late")
    assert house.line() == ["early", entry_of(task), "late"]
    await house.pass_time(10 * 60)
    assert house.line() == ["early", "late"], "an ordinary callback, which is due"
    assert [one["id"] for one in house.board.view(house.config)] == [str(task)]
    assert (early.agent, late.agent) == (None, None)


async def test_outside_the_hours_nothing_is_offered_and_places_wait(config: HotlineConfig, db: Database) -> None:
    """Open until 18:00 on Mondays, from 8:00 on Tuesdays."""
    evening = MONDAY_NINE.replace(hour=16, minute=59, second=30)
    house = House(config, db, evening)
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    assert house.offered() == str(task)
    await house.pass_time(60)
    assert (house.offered(), house.anna.presence.bar, house.line()) == (None, None, [])
    await house.pass_time(14 * 3600 - 120)
    assert house.offered() is None
    await house.pass_time(180)
    assert house.offered() == str(task)
    await house.close()


async def test_whoever_waits_overnight_is_the_first_and_no_wait_is_made_up_of_the_night(
    config: HotlineConfig, db: Database
) -> None:
    morning = MONDAY_NINE.replace(hour=7) + timedelta(days=1)  # 8:00 on Tuesday, when it opens
    house = House(config, db, morning - MINUTE)
    later = await house.keep(OTHER, place_at=MONDAY_NINE)
    first = await house.keep(place_at=MONDAY_NINE - MINUTE, call_id="c2")
    assert house.line() == []
    await house.pass_time(90)
    await house.office.call("early")
    assert house.line() == [entry_of(first), entry_of(later), "early"]
    assert [one.joined_at for one in house.switchboard.line.waiting()][:2] == [morning, morning]
    await house.close()


async def test_step_of_the_clock_changes_neither_order_nor_time_to_start(house: House) -> None:
    task = await house.keep()
    caller = await house.office.call("caller")
    house.office.pass_time(-3600)
    house.switchboard.clock_stepped(timedelta(hours=-1))
    house.places.look()
    assert house.line() == [entry_of(task), "caller"]
    house.office.ready("anna")
    await house.office.settle()
    house.office.pass_time(3600)
    house.switchboard.clock_stepped(timedelta(hours=1))
    await house.office.settle()
    assert (house.offered(), caller.agent) == (str(task), None)


async def test_draining_hotline_offers_nothing(house: House) -> None:
    await house.keep()
    house.places.ringable.draining = lambda: True
    house.office.ready("anna")
    await house.office.settle()
    assert (house.offered(), house.line()) == (None, [])


async def test_configured_to_ring_at_any_time(config: HotlineConfig, db: Database) -> None:
    always = config.callbacks.model_copy(update={"only_when_open": False})
    night = MONDAY_NINE.replace(hour=1)
    house = House(config.model_copy(update={"callbacks": always}), db, night)
    task = await house.keep()
    assert house.line() == [entry_of(task)]
    await house.close()


# --- tries -------------------------------------------------------------------------------------------------


async def _try_in_vain(house: House, task: int) -> None:
    await house.until(lambda: house.offered() == str(task))
    await house.start(task)
    house.rings(caller="NOANSWER")
    await house.board.finish("anna", str(task), "not_reached", "Mailbox")
    await house.office.settle()


async def test_three_tries_then_a_promise_by_the_team_mailed_once(house: House) -> None:
    await house.office.ledger.call_started("c1")
    task = await house.keep()
    house.office.ready("anna")
    await _try_in_vain(house, task)
    assert (house.line(), house.board.tasks[0].tries) == ([], 1)
    await house.pass_time(30 * 60)
    await _try_in_vain(house, task)
    await house.pass_time(120 * 60)
    await _try_in_vain(house, task)
    assert list(house.board.tasks) == []
    assert [one["id"] for one in house.board.given_up_view(house.config)] == [str(task)]
    outbox = await Outbox(house.db, "h").due(house.office.clock.real_now(), 10)
    assert [mail.recipient for mail in outbox] == [house.config.mail.team_mailbox]
    assert CLIENT not in outbox[0].body + outbox[0].subject
    receipt = outbox[0].subject.rpartition(" ")[2]
    promise = await Promises(house.db, "h").by_receipt(receipt)
    assert promise is not None
    assert (promise.phone, promise.request_type, promise.agent) == (CLIENT, "rent", "anna")
    assert promise.household_number == "31402123456"
    assert "3 Versuchen" in str(promise.note)
    assert "Mailbox" in str(promise.note)
    assert house.sender.woken == 1
    with pytest.raises(Refused):
        await house.board.finish("anna", str(task), "not_reached", "")
    async with house.db.read() as connection:
        assert len((await connection.execute(select(outbox_mails))).all()) == 1


async def test_receipt_in_use_is_replaced_by_another(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter([7, 7, 8])
    unreached: Any = house.board.unreached
    monkeypatch.setattr(unreached._random, "randrange", lambda _: next(numbers))
    single = house.config.callbacks.model_copy(update={"tries": 1})
    house.config = house.config.model_copy(update={"callbacks": single})
    house.office.ready("anna")
    for number in (CLIENT, OTHER):
        task = await house.keep(number)
        await _try_in_vain(house, task)
    async with house.db.read() as connection:
        mails = (await connection.execute(select(outbox_mails))).all()
    assert len(mails) == 2
    promise = await Promises(house.db, "h").by_receipt(mails[0].subject.rpartition(" ")[2])
    assert promise is not None
    assert "war beim Versuch nicht zu erreichen" in str(promise.note)


# --- after a restart ---------------------------------------------------------------------------------------


async def _killed(house: House, seconds: float = 5, config: HotlineConfig | None = None) -> House:
    """Nothing is written any more, and another run of the service begins; agents' intents are known."""
    now = house.office.clock.now() + timedelta(seconds=seconds)
    await house.switchboard.close()
    again = House(config or house.config, house.db, now)
    for name in ("anna", "ben"):
        if name in again.switchboard.seats and house.switchboard.seats[name].presence.intent is Intent.READY:
            again.switchboard.staff.wanting(again.switchboard.seats[name], Intent.READY, None)
    await again.begin()
    await again.office.settle()
    return again


async def test_place_is_kept_over_a_restart(house: House) -> None:
    task = await house.keep(place_at=MONDAY_NINE - MINUTE)
    again = await _killed(house)
    later = await again.office.call("later")
    assert again.line() == [entry_of(task), "later"]
    again.office.ready("anna")
    await again.office.settle()
    assert (again.offered(), later.agent) == (str(task), None)
    await again.close()


async def test_offer_is_found_again_after_a_restart_and_started_once(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna", "ben")
    await house.office.settle()
    again = await _killed(house)
    assert (again.offered("anna"), again.offered("ben"), again.line()) == (str(task), None, [])
    again.switchboard.staff.phone(again.anna, registered=True, engaged=False)
    again.switchboard.staff.screens(again.anna, {"tab"})
    await again.start(task)
    assert len(again.originator.rung) == 1
    assert await again.outcomes() == [("anna", "started")]
    await again.close()


async def test_offer_of_an_agent_who_is_not_there_any_more_goes_back_to_the_line(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    house.anna.presence = house.anna.presence.wanting(Intent.HOME, None, MONDAY_NINE)
    again = await _killed(house)
    assert (again.offered(), again.line()) == (None, [entry_of(task)])
    assert await again.outcomes() == [("anna", "withdrawn")]
    await again.close()


async def test_offer_ends_when_the_fallback_has_given_the_agent_a_caller_meanwhile(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    again = await _killed(house)
    call = Call("x", "PJSIP/x", "x", again.config, 1, MONDAY_NINE, "+495721778", "haus")
    await again.switchboard.arrived(call)
    again.anna.call = call
    again.switchboard.with_agent(call, again.anna)
    again.switchboard.rematch()
    await again.office.settle()
    assert (again.offered(), again.line(), again.anna.presence.state) == (None, [entry_of(task)], State.TALKING)
    await again.close()


async def test_ring_that_goes_on_is_found_and_nothing_is_offered(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna", "ben")
    await house.office.settle()
    await house.start(task)
    ring = house.outgoing.of("anna")
    assert ring is not None
    again = await _killed(house)
    own = {"Channel": "PJSIP/agent-anna-0001", "Uniqueid": ring.id, "Linkedid": ring.id, "BridgeId": "b"}
    other = {"Channel": "PJSIP/gateway-haus-2", "Uniqueid": "x-2", "Linkedid": ring.id, "BridgeId": "b"}
    again.office.ready("ben")
    again.outgoing.compare([], {ring.id: own, "x-2": other})
    await again.office.settle()
    assert (again.offered("anna"), again.offered("ben"), again.line()) == (None, None, [])
    assert again.anna.presence.state is State.TALKING
    assert again.originator.rung == []
    again.outgoing.hears({"Event": "Hangup", "Uniqueid": ring.id})
    await again.board.finish("anna", str(task), "reached", "")
    assert list(again.board.tasks) == []
    await again.close()


def _without_anna(config: HotlineConfig) -> HotlineConfig:
    return config.model_copy(update={"agents": [agent for agent in config.agents if agent.name != "anna"]})


async def test_caller_whom_a_removed_agent_talks_with_is_offered_to_nobody_over_a_restart(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    await house.start(task)
    await house.office.settle()
    ring = house.outgoing.of("anna")
    assert ring is not None
    again = await _killed(house, config=_without_anna(house.config))
    again.office.ready("ben")
    await again.pass_time(60)
    assert (again.offered("ben"), again.line()) == (None, []), "Asterisk has not told yet who talks"
    own = {"Channel": "PJSIP/agent-anna-0001", "Uniqueid": ring.id, "Linkedid": ring.id, "BridgeId": "b"}
    again.outgoing.compare([], {ring.id: own})
    await again.pass_time(3600)
    assert (again.offered("ben"), again.line(), again.board.tasks[0].taken_by) == (None, [], "anna")
    assert again.outgoing.hears({"Event": "Hangup", "Uniqueid": ring.id})
    await again.pass_time(1)
    await again.until(lambda: again.board.tasks[0].taken_by is None)
    assert (again.board.tasks[0].keeps_place, again.offered("ben"), again.line()) == (False, None, [])
    await again.close()


async def test_what_a_removed_agent_had_taken_is_offered_after_a_restart(house: House) -> None:
    task = await house.keep()
    await house.board.take("anna", str(task))
    again = await _killed(house, config=_without_anna(house.config))
    again.office.ready("ben")
    await again.pass_time(1)
    assert again.offered("ben") is None
    again.outgoing.compare([], {})
    await again.pass_time(1)
    await again.until(lambda: again.offered("ben") == str(task))
    await again.close()


async def test_ordinary_callback_of_a_removed_agent_who_missed_the_own_telephone_is_everybodys(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.board.request("c1", CLIENT, "rent", MONDAY_NINE, DUE, None)
    (task,) = house.board.tasks
    house.office.ready("anna")
    await house.board.take("anna", str(task.id))
    await house.start(task.id)
    house.switchboard.staff.take(_without_anna(house.config).agents)
    await house.board.give_back("anna", finishes=True)
    assert house.board.tasks[0].taken_by == "anna", "it rings just now"

    async def fails(*_: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(house.board, "return_to_line", fails)
        house.rings(own="NOANSWER")
        await house.office.settle()
    assert house.board.tasks[0].taken_by == "anna"
    await house.pass_time(1)
    await house.until(lambda: house.board.tasks[0].taken_by is None)


async def test_started_and_killed_before_it_rang_is_the_agents_and_offered_to_nobody(house: House) -> None:
    """Whether the caller was spoken with nobody knows: the agent says, or rings."""
    task = await house.keep()
    house.office.ready("anna", "ben")
    await house.office.settle()
    await house.start(task)
    again = await _killed(house)
    again.office.ready("anna", "ben")
    again.outgoing.compare([], {})
    await again.office.settle()
    assert (again.offered("anna"), again.offered("ben"), again.line()) == (None, None, [])
    assert again.board.tasks[0].taken_by == "anna"
    await again.start(task)
    assert len(again.originator.rung) == 1
    await again.close()


# --- what must not end in silence, or ring twice -----------------------------------------------------------


async def _rung(house: House, *, caller: str = "ANSWER") -> int:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    await house.start(task)
    house.rings(caller=caller)
    return task


async def test_home_after_a_try_in_vain_counts_it_and_keeps_the_distance(house: House) -> None:
    await _rung(house, caller="NOANSWER")
    house.switchboard.staff.wanting(house.anna, Intent.HOME, None)
    await house.board.give_back("anna")
    house.office.ready("ben")
    await house.office.settle()
    (task,) = house.board.tasks
    assert (task.taken_by, task.tries, task.next_try_at is None) == (None, 1, False)
    assert (house.offered("ben"), house.line(), house.outgoing.of("anna")) == (None, [], None)


async def test_home_after_a_talk_leaves_a_callback_that_somebody_looks_at(house: House) -> None:
    await _rung(house)
    await house.keep(call_id="c2")
    house.switchboard.staff.wanting(house.anna, Intent.HOME, None)
    await house.board.give_back("anna")
    (task, _) = house.board.tasks
    assert (task.taken_by, task.keeps_place, task.tries) == (None, False, 0)


async def test_home_while_it_rings_gives_back_nothing_of_that_number(house: House) -> None:
    first = await house.keep()
    await house.keep(call_id="c2")
    house.office.ready("anna")
    await house.office.settle()
    await house.start(first)
    await house.board.give_back("anna")
    assert {task.taken_by for task in house.board.tasks} == {"anna"}


async def test_who_is_gone_says_first_what_came_of_the_talk(house: House) -> None:
    task = await _rung(house)
    other = await house.keep(OTHER, call_id="c2")
    await house.board.take("anna", str(other))
    await house.board.give_back("anna", finishes=True)
    assert {one.id: one.taken_by for one in house.board.tasks} == {task: "anna", other: None}
    await house.board.finish("anna", str(task), "reached", "")
    assert [one.id for one in house.board.tasks] == [other]


async def test_missed_own_telephone_gives_back_all_of_the_number(house: House) -> None:
    await house.board.request("c0", CLIENT, "heating", MONDAY_NINE, DUE, None)
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    await house.start(task)
    assert {one.taken_by for one in house.board.tasks} == {"anna"}
    house.rings(own="NOANSWER")
    await house.until(lambda: house.line() == [entry_of(task)])
    assert {one.taken_by for one in house.board.tasks} == {None}


async def test_own_telephone_that_is_gone_is_no_callback_not_started(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    await house.start(task)
    house.rings(own="CHANUNAVAIL")
    await house.until(lambda: house.line() == [entry_of(task)])
    assert house.anna.presence.bar is Bar.PHONE_GONE


async def test_taken_from_the_list_and_not_rung_it_is_back_in_the_line(house: House) -> None:
    task = await house.keep()
    await house.board.take("anna", str(task))
    await house.pass_time(14 * 60)
    assert house.line() == []
    await house.pass_time(2 * 60)
    await house.until(lambda: house.line() == [entry_of(task)])
    assert house.board.tasks[0].taken_by is None


async def test_rung_and_killed_it_is_a_callback_that_somebody_looks_at(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    await house.start(task)
    await house.office.settle()
    again = await _killed(house, 16 * 60)
    assert again.board.tasks[0].taken_by == "anna", "perhaps they talk just now"
    again.outgoing.compare([], {})
    again.places.look()
    await again.until(lambda: again.board.tasks[0].taken_by is None)
    assert (again.board.tasks[0].keeps_place, again.line()) == (False, [])
    await again.close()


async def test_whatever_is_wrong_with_a_callback_callers_go_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> bool:
        raise KeyError("of another configuration")

    monkeypatch.setattr(house.places, "look", breaks)
    house.office.ready("anna")
    call = await house.office.call("caller")
    assert call.agent == "anna"


async def test_second_press_while_the_first_cannot_be_stored_leaves_the_offer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, stored = await house.keep(), asyncio.Event()
    house.office.ready("anna")
    await house.office.settle()

    async def fails(*_: object) -> None:
        await stored.wait()
        raise StorageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(house.store, "start", fails)
        first = asyncio.create_task(house.start(task))
        await house.until(lambda: house.anna.presence.state is State.TALKING)
        with pytest.raises(Refused, match="schon begonnen"):
            await house.start(task)
        stored.set()
        with pytest.raises(StorageError):
            await first
    assert (house.offered(), house.anna.presence.work) == (str(task), Work.DUE)


async def test_offer_that_fails_in_any_way_is_over(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        raise ValueError("unexpected")

    await house.keep()
    monkeypatch.setattr(house.rows, "made", fails)
    house.office.ready("anna")
    await house.office.settle()
    assert (house.offered(), house.anna.presence.state) == (None, State.READY)


async def test_nobody_waits_for_an_offer_that_is_not_there(house: House) -> None:
    house.office.ready("anna")
    house.anna.presence = house.anna.presence.busy(Work.DUE, MONDAY_NINE)
    house.places.look()
    assert house.anna.presence.state is State.READY


async def test_order_of_overnight_places_outlives_a_missed_offer(config: HotlineConfig, db: Database) -> None:
    morning = MONDAY_NINE.replace(hour=7) + timedelta(days=1)
    house = House(config, db, morning - MINUTE)
    numbers = (CLIENT, OTHER, "+4957211236")
    tasks = [
        await house.keep(number, place_at=MONDAY_NINE + index * MINUTE, call_id=f"c{index}")
        for index, number in enumerate(numbers)
    ]
    await house.pass_time(90)
    house.office.ready("anna")
    await house.office.settle()
    assert house.offered() == str(tasks[0])
    house.calls.refuse("anna", str(tasks[0]))
    await house.office.settle()
    assert house.line() == [entry_of(task) for task in tasks]
    assert not house.places.look()
    await house.close()


@pytest.mark.parametrize("what", ["page", "telephone"])
async def test_who_loses_page_or_telephone_is_not_to_blame(house: House, what: str) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    if what == "page":
        house.switchboard.staff.screens(house.anna, set())
    else:
        house.switchboard.staff.phone(house.anna, registered=False, engaged=False)
    await house.pass_time(3)
    assert house.offered() == str(task), "perhaps the page is just loaded anew"
    await house.pass_time(2)
    assert (house.offered(), house.anna.presence.bar, house.line()) == (None, None, [entry_of(task)])


async def test_after_a_restart_the_time_begins_when_the_agent_is_back(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    again = await _killed(house)
    await again.pass_time(50)
    again.switchboard.staff.phone(again.anna, registered=True, engaged=False)
    again.switchboard.staff.screens(again.anna, {"tab"})
    await again.pass_time(50)
    assert again.offered() == str(task)
    await again.pass_time(11)
    assert (again.offered(), again.anna.presence.bar) == (None, Bar.NOT_STARTED)
    await again.close()


async def test_who_does_not_come_back_after_a_restart_is_not_to_blame(house: House) -> None:
    task = await house.keep()
    house.office.ready("anna")
    await house.office.settle()
    again = await _killed(house)
    await again.pass_time(61)
    assert (again.offered(), again.anna.presence.bar, again.line()) == (None, None, [entry_of(task)])
    await again.close()


async def test_caller_who_was_talked_with_is_not_rung_by_itself_any_more(house: House) -> None:
    task = await house.keep("+495721777")
    other = await house.keep(OTHER, call_id="c2")
    call = await house.office.call("later")
    house.office.ready("anna", "ben")
    await house.office.settle()
    assert (call.agent, house.offered("anna")) == ("ben", str(other))
    house.office.rings(call)
    house.switchboard.answered(call)
    house.switchboard.over(call)
    house.places.look()
    await house.until(lambda: not next(one for one in house.board.tasks if one.id == task).keeps_place)
    assert [one.id for one in house.board.tasks] == [task, other]
    assert house.line() == []


async def test_changed_second_choice_reaches_whoever_stands_in_the_line(house: House) -> None:
    task = await house.keep()
    soon = house.config.distribution.model_copy(update={"second_choice_after_seconds": 7})
    house.config = house.config.model_copy(update={"distribution": soon})
    assert house.places.look()
    stands = house.switchboard.line[entry_of(task)]
    assert stands.second_at == stands.joined_at + timedelta(seconds=7)


async def test_only_callers_fill_the_line(house: House) -> None:
    for index in range(3):
        await house.keep(f"+495721123{index}", call_id=f"c{index}")
    line = house.config.line.model_copy(update={"most_waiting": 2})
    house.office.config = house.config.model_copy(update={"line": line})
    calls = [await house.office.call(f"caller{index}") for index in range(3)]
    assert [house.switchboard.progress.full(call) for call in calls] == [False, False, True]


# --- the lead ----------------------------------------------------------------------------------------------


async def test_lead_sees_places_with_how_long_and_when(house: House) -> None:
    window = Window(MONDAY_NINE + 60 * MINUTE, MONDAY_NINE + 120 * MINUTE)
    later = await house.keep(OTHER, when=window)
    task = await house.keep(place_at=MONDAY_NINE - 5 * MINUTE, call_id="c2")
    rows = house.places.waiting({entry_of(task): 1})
    assert [row["call_id"] for row in rows] == [entry_of(task), entry_of(later)]
    assert (rows[0]["position"], rows[0]["since"]) == (1, (MONDAY_NINE - 5 * MINUTE).isoformat())
    assert (rows[1]["position"], rows[1]["callback"]["from"]) == (None, window.start.isoformat())
    house.office.ready("anna")
    await house.office.settle()
    (shown, _) = house.places.waiting({})
    assert (shown["rings_at"], shown["callback"]["offered"]) == ("Anna Ahrens", True)
