"""What is taken up after a start or a login, on a real database: talks, wrap-ups, ends, callers who come back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.presence import Intent, State
from config.schema import HotlineConfig
from hotline.errors import AmiUnavailable, StorageError
from hotline.exchange.book import Book
from hotline.exchange.calls import Phase
from hotline.exchange.journal import Journal
from hotline.exchange.seats import Seats
from hotline.exchange.switchboard import Switchboard
from hotline.recovery.restoring import Restorer
from hotline.storage.database import Database
from hotline.storage.drafts import Draft, Drafts
from hotline.storage.handovers import Handovers, SavedHandover
from hotline.storage.ledger import Ledger
from hotline.storage.open_work import OpenWork
from hotline.storage.presences import Presences
from hotline.storage.views import CallRow
from tests.unit.doubles_switchboard import MONDAY_NINE, RememberingControls, StillClock

CALLER = "+495721777001"


def after(seconds: float) -> Any:
    return MONDAY_NINE + timedelta(seconds=seconds)


class Importer:
    """Nothing happened without the service, unless a test says so."""

    def __init__(self) -> None:
        self.works = True
        self.brings: list[Callable[[], Awaitable[None]]] = []

    async def bring_in(self) -> bool:
        if self.works and self.brings:
            await self.brings.pop()()
        return self.works


class Run:
    """One run of the service."""

    def __init__(self, db: Database, config: HotlineConfig) -> None:
        self.db = db
        self.ledger, self.importer, self.journal = Ledger(db, "h"), Importer(), Journal()
        self.presences, self.handovers = Presences(db, "h"), Handovers(db, "h")
        self.work = OpenWork(db, "h")
        clock = StillClock()
        seats = Seats(config.agents, clock.now())
        self.controls = RememberingControls()
        self.switchboard = Switchboard(seats, Book(self.journal, self.ledger), clock, self.controls)
        self.there: Any = {}
        self.restorer = Restorer(
            lambda: (3, config),
            self.switchboard,
            self.ledger,
            self.work,
            self.importer,
            self._channels,
            self.journal,
            clock,
        )
        self.journal.start()

    async def close(self) -> None:
        await self.switchboard.close()
        await self.journal.close()

    async def _channels(self) -> Any:
        if isinstance(self.there, Exception):
            raise self.there
        return self.there

    async def log_in(self, *channels: dict[str, str], later: Any = None) -> None:
        """Asterisk shows these channels after the login, and when it is asked again, unless it shows others then."""
        found = there(*channels)
        self.there = found if later is None else later
        self.restorer.adopt(found)
        await self.ends_found()

    async def look(self, *channels: dict[str, str], later: Any = None) -> None:
        """A look for callers of the fallback shows these channels."""
        found = there(*channels)
        self.there = found if later is None else later
        await self.restorer.take_up_talks(found)

    def seat(self, name: str) -> Any:
        return self.switchboard.seats[name]

    async def row(self, call: str = "c1") -> CallRow:
        await self.journal.now(self.ledger.flush)
        found = await self.ledger.call(call)
        assert found is not None
        return found

    async def ends_found(self) -> None:
        """Whatever was begun beside is done, but for wrap-ups that wait."""
        for task in list(self.switchboard._tasks):
            if task.get_coro().__name__ != "_when_free":  # type: ignore[union-attr]
                await task


@pytest.fixture
async def run(tmp_path: Path, config: HotlineConfig, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Run]:
    StillClock.moment = MONDAY_NINE
    monkeypatch.setattr("hotline.recovery.restoring.LATE_SECONDS", 0.0)
    monkeypatch.setattr("hotline.recovery.restoring.AGAIN_SECONDS", 0.0)
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    running = Run(database, config)
    yield running
    await running.close()
    await database.close()


async def nothing() -> None:
    pass


async def a_call(run: Run, call: str = "c1", *, answered: str | None = None) -> None:
    await run.ledger.call_started(call, MONDAY_NINE, "PJSIP/gateway-haus-1", "haus", CALLER, 1)
    await run.ledger.request_type_set(call, "rent")
    await run.ledger.household_number(call, "24412345")
    await run.ledger.joined_line(call, after(3))
    if answered is not None:
        await run.ledger.answered(call, answered, after(9))


def caller(call: str = "c1", bridge: str = "") -> dict[str, str]:
    found = {"Channel": "PJSIP/gateway-haus-1", "Uniqueid": f"u-{call}", "Linkedid": f"u-{call}", "BridgeId": bridge}
    return {**found, "ChanVariable": f"CALLID={call}"}


def leg(agent: str = "anna", call: str = "c1", bridge: str = "b1") -> dict[str, str]:
    name = f"PJSIP/agent-{agent}-0000000b"
    return {"Channel": name, "Uniqueid": f"l-{call}", "Linkedid": f"u-{call}", "BridgeId": bridge}


def there(*channels: dict[str, str]) -> dict[str, dict[str, str]]:
    return {channel["Uniqueid"]: channel for channel in channels}


# --- talks ------------------------------------------------------------------------------------


async def test_talk_that_goes_on_is_with_its_agent(run: Run) -> None:
    await a_call(run, answered="anna")
    await run.handovers.save("c1", SavedHandover("ben", "consult", "bitte Bescheid prüfen", {"office": "rinteln"}))
    await run.restorer.load()
    await run.log_in(caller(bridge="b1"), leg())
    seat, call = run.seat("anna"), run.switchboard.calls["c1"]
    assert (seat.call, seat.presence.state, call.phase) == (call, State.TALKING, Phase.TALKING)
    assert (call.request.label, call.household_number, call.caller) == ("Mietkosten", "24412345", CALLER)
    assert (call.handed.by, call.handed.note) == ("Ben Brinkmann", "bitte Bescheid prüfen")
    assert run.switchboard.calls.of_leg("l-c1") is call
    assert run.switchboard.calls.of_caller("u-c1") is call
    assert [step.kind for step in await run.ledger.steps("c1")].count("answered") == 1


async def test_talk_that_was_answered_while_nobody_heard_is_entered(run: Run) -> None:
    await a_call(run)
    await run.restorer.load()
    StillClock.moment = after(60)
    await run.log_in(caller(bridge="b1"), leg("ben"))
    assert run.seat("ben").presence.state is State.TALKING
    found = await run.row()
    assert (found.agent, found.answered_at) == ("ben", after(60))


async def test_asterisk_is_right_about_who_talks(run: Run) -> None:
    await a_call(run, answered="anna")
    await run.restorer.load()
    await run.log_in(caller(bridge="b1"), leg("ben"))
    assert (run.seat("anna").call, run.seat("ben").call.id) == (None, "c1")
    assert (await run.row()).agent == "ben"


async def test_talk_counts_more_than_a_wrap_up_on_the_same_screen(run: Run) -> None:
    await a_call(run, "old", answered="anna")
    await run.ledger.call_ended("old", after(20), "talked")
    await a_call(run, answered="anna")
    await run.restorer.load()
    assert run.seat("anna").call.id == "old"
    await run.log_in(caller(bridge="b1"), leg())
    assert run.seat("anna").call.id == "c1"
    run.switchboard.over(run.switchboard.calls["c1"])
    run.seat("anna").call.disposed = {}
    run.switchboard.release(run.seat("anna"))
    async with asyncio.timeout(5):
        while run.seat("anna").call is None:  # noqa: ASYNC110 - the next one comes with the next turn
            await asyncio.sleep(0)
    assert (run.seat("anna").call.id, run.seat("anna").presence.state) == ("old", State.WRAP_UP)


async def test_agent_with_several_talks_to_write_up_gets_one_after_the_other(run: Run) -> None:
    for call in ("c1", "c2", "c3"):
        await a_call(run, call, answered="anna")
        await run.ledger.call_ended(call, after(20), "talked")
    await run.restorer.load()
    seat, shown = run.seat("anna"), []
    async with asyncio.timeout(5):
        while len(shown) < 3:
            if seat.call is not None:
                shown.append(seat.call.id)
                seat.call.disposed = {}
                run.switchboard.release(seat)
            await asyncio.sleep(0)
    assert shown == ["c1", "c2", "c3"]


async def test_talk_of_the_fallback_is_taken_up_when_it_begins(run: Run) -> None:
    await a_call(run)
    await run.restorer.load()
    await run.log_in(caller(), leg(bridge=""))
    await run.look(caller(), leg(bridge=""))
    assert run.seat("anna").call is None
    await run.look(caller(bridge="b1"), leg())
    assert run.seat("anna").call.id == "c1"


async def test_talk_that_ended_while_the_database_was_asked_is_not_taken_up(run: Run) -> None:
    await a_call(run, answered="anna")
    await run.restorer.load()
    await run.look(caller(bridge="b1"), leg(), later=there(caller()))
    assert run.seat("anna").call is None


async def test_talk_is_taken_up_although_the_database_does_not_answer(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_call(run, answered="anna")
    await run.restorer.load()

    async def silent() -> Any:
        raise StorageError("locked")

    monkeypatch.setattr(run.work, "unended", silent)
    await run.log_in(caller(bridge="b1"), leg())
    assert run.seat("anna").presence.state is State.TALKING


async def test_asterisk_that_does_not_answer_leaves_the_ends_to_the_next_login(run: Run) -> None:
    await a_call(run)
    await run.restorer.load()
    await run.log_in(later=AmiUnavailable("silent"))
    assert (await run.row()).ended_at is None
    await run.log_in()
    assert (await run.row()).how == "cut_by_asterisk"


async def test_talk_that_cannot_be_taken_up_is_not_tried_all_the_time(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hotline.recovery.restoring.AGAIN_SECONDS", 60.0)
    await a_call(run)
    await run.restorer.load()
    tried = 0

    async def count() -> None:
        nonlocal tried
        tried += 1

    for _ in range(3):
        run.importer.brings = [count]
        await run.look(caller(bridge="b1"), leg("nobody"))
    assert tried == 1


async def test_call_that_the_service_holds_is_not_touched(run: Run) -> None:
    await a_call(run)
    await run.restorer.load()
    call = run.restorer.recall("c1", "PJSIP/gateway-haus-1", "u-c1")
    assert call is not None
    call.in_session = True
    run.switchboard.calls.add(call)
    await run.log_in(caller(bridge="b1"), leg())
    assert run.seat("anna").call is None
    await run.log_in()
    assert (await run.row()).ended_at is None


# --- ends -------------------------------------------------------------------------------------


async def test_call_whose_end_nobody_told_was_cut_by_asterisk(run: Run) -> None:
    await a_call(run)
    await run.restorer.load()
    await run.log_in()
    assert (await run.row()).how == "cut_by_asterisk"


async def test_call_whose_end_cannot_be_known_ended_with_the_restart(run: Run) -> None:
    await a_call(run)
    run.importer.works = False
    await run.restorer.load()
    await run.log_in()
    assert (await run.row()).how == "service_restarted"


async def test_end_that_asterisk_tells_a_moment_later_is_the_true_one(run: Run) -> None:
    await a_call(run, answered="anna")
    await run.restorer.load()
    run.importer.brings = [lambda: run.ledger.call_ended("c1", after(30), "talked"), nothing]
    await run.log_in()
    found = await run.row()
    assert (found.ended_at, found.how) == (after(30), "talked")
    assert run.seat("anna").presence.state is State.WRAP_UP


async def test_talk_that_was_cut_is_written_up(run: Run) -> None:
    await a_call(run, answered="anna")
    await run.restorer.load()
    await run.log_in()
    assert (run.seat("anna").call.id, run.seat("anna").presence.state) == ("c1", State.WRAP_UP)


async def test_call_that_was_ours_and_is_over_is_not_looked_for_at_the_next_login(run: Run) -> None:
    await a_call(run)
    await run.restorer.load()
    call = run.restorer.recall("c1", "PJSIP/gateway-haus-1", "u-c1")
    assert call is not None
    run.switchboard.calls.add(call)
    run.switchboard.over(call, "left_waiting")
    run.importer.works = False
    await run.log_in()
    assert (await run.row()).how == "left_waiting"
    assert run.switchboard.seats["anna"].call is None


async def test_true_ends_are_asked_for_only_when_a_call_of_ours_is_gone(run: Run) -> None:
    await a_call(run)
    await run.restorer.load()
    call = run.restorer.recall("c1", "PJSIP/gateway-haus-1", "u-c1")
    assert call is not None
    run.switchboard.calls.add(call)
    run.importer.brings = [lambda: run.ledger.call_ended("c1", after(30), "left_waiting")]
    await run.restorer.true_ends(there(caller()))
    assert (await run.row()).ended_at is None
    await run.restorer.true_ends({})
    run.switchboard.over(call)
    assert (await run.row()).ended_at == after(30)


async def test_caller_who_still_waits_with_asterisk_has_no_end(run: Run) -> None:
    await a_call(run)
    await run.restorer.load()
    await run.log_in(caller())
    assert (await run.row()).ended_at is None


async def test_ends_are_written_when_the_database_answers_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_call(run)
    await run.restorer.load()
    silent, unended = iter(range(3)), run.work.unended

    async def sometimes() -> Any:
        if next(silent, None) is not None:
            raise StorageError("locked")
        return await unended()

    monkeypatch.setattr(run.work, "unended", sometimes)
    await run.log_in()
    assert (await run.row()).how == "cut_by_asterisk"


@pytest.mark.parametrize(("days", "typed", "back"), [(3, False, True), (8, False, False), (60, True, True)])
async def test_what_was_not_written_up_comes_back_after_days_and_what_was_begun_however_late(
    run: Run, days: int, typed: bool, back: bool
) -> None:
    """The machine was off over a weekend; words that somebody typed are never out of reach."""
    await a_call(run, answered="anna")
    await run.ledger.call_ended("c1", after(200), "talked")
    if typed:
        await Drafts(run.db, "h").save("c1", "anna", Draft(1, {"note": "Quittengelee"}, after(210)))
    StillClock.moment = MONDAY_NINE + timedelta(days=days)
    await run.restorer.load()
    call = run.seat("anna").call
    assert (call is not None and call.id == "c1") is back


# --- callers who come back, and agents ----------------------------------------------------------


async def test_caller_who_comes_back_has_context_and_place(run: Run) -> None:
    await a_call(run)
    await run.restorer.load()
    call = run.restorer.recall("c1", "PJSIP/gateway-haus-9", "u-c1")
    assert call is not None
    assert (call.channel, call.unique, call.arrived_at, call.joined_at) == (
        "PJSIP/gateway-haus-9",
        "u-c1",
        MONDAY_NINE,
        after(3),
    )
    assert (call.request is not None and call.request.key, call.household_number) == ("rent", "24412345")
    assert (call.answered_at, call.agent, call.front, call.phase) == (None, None, False, Phase.MENU)
    assert run.restorer.waiting_since("c1") == after(3)
    assert run.restorer.recall("unknown", "", "") is None


async def test_caller_who_had_somebody_already_goes_to_the_front(run: Run) -> None:
    await a_call(run, answered="anna")
    await run.restorer.load()
    call = run.restorer.recall("c1", "PJSIP/gateway-haus-1", "u-c1")
    assert call is not None
    assert (call.front, call.answered_at) == (True, None)


async def test_intents_come_back_and_are_mirrored(run: Run) -> None:
    await run.presences.save("anna", "ready", None, MONDAY_NINE)
    await run.presences.save("ben", "pause", "Mittag", MONDAY_NINE)
    await run.restorer.intents(run.presences)
    await run.ends_found()
    assert [run.seat(name).presence.intent for name in ("anna", "ben")] == [Intent.READY, Intent.PAUSE]
    assert sorted(run.controls.mirrored) == [("anna", True), ("ben", False)]
