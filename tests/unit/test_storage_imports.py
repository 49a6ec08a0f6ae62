"""Happenings of Asterisk in the ledger: each once, whatever was there before, and every call with its true end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from hotline.storage.callbacks import Callbacks
from hotline.storage.database import Database
from hotline.storage.entries import Answered, Arrived, CallbackAsked, Ended, Entry, Passed, Queued
from hotline.storage.imports import Imports
from hotline.storage.ledger import Ledger
from hotline.storage.open_work import OpenWork
from hotline.storage.tables import callback_persons, calls
from hotline.storage.views import CallRow

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DUE = NINE + timedelta(days=1)
CALLER, OTHER, PREMIUM = "+495721777001", "+495751555", "+499001234"
FILE = "a-file"


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    yield database
    await database.close()


def after(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def importing(db: Database) -> Imports:
    return Imports(db, "h", lambda number: number in (CALLER, OTHER))


class Story:
    """What Asterisk did, one happening a second."""

    def __init__(self, call: str = "f1") -> None:
        self._call = call
        self._places = count(1)
        self.entries: list[Entry] = []

    def _add(self, what: type[Entry], **facts: Any) -> "Story":
        place = next(self._places)
        common = {"place": place, "call_id": self._call, "at": after(place), "channel": "PJSIP/gateway-amt-1"}
        self.entries.append(what(**{**common, "config_version": 1, **facts}))
        return self

    def arrived(self, caller: str | None = CALLER) -> "Story":
        return self._add(Arrived, gateway="amt", caller=caller, channel_id="channel")

    def queued(self, *, from_start: bool = True) -> "Story":
        return self._add(Queued, from_start=from_start)

    def passed(self, kind: str) -> "Story":
        return self._add(Passed, kind=kind)

    def answered(self, agent: str = "anna") -> "Story":
        return self._add(Answered, agent=agent, call_id="channel")

    def asked(self, number: str | None = None, note: str | None = None) -> "Story":
        return self._add(CallbackAsked, number=number, note=note, due=DUE)

    def ended(self, lane: str = "", **facts: Any) -> "Story":
        return self._add(Ended, **{"lane": lane, "known": True, **facts})

    async def told_to(self, imports: Imports, source: str = FILE) -> None:
        await imports.store(source, self.entries[-1].place, self.entries)


async def row(ledger: Ledger, call: str = "f1") -> CallRow:
    found = await ledger.call(call)
    assert found is not None
    return found


async def kinds(ledger: Ledger, call: str = "f1") -> list[str]:
    return [step.kind for step in await ledger.steps(call)]


async def test_call_that_never_met_the_service_is_entered_whole(db: Database) -> None:
    ledger = Ledger(db, "h")
    await Story().arrived().queued().answered().ended("queue").told_to(importing(db))
    found = await row(ledger)
    assert (found.started_at, found.joined_at, found.answered_at) == (after(1), after(1), after(3))
    assert (found.talk_ended_at, found.ended_at, found.how) == (after(4), after(4), "fallback_talked")
    assert (found.agent, found.gateway, found.fallback) == ("anna", "amt", True)
    assert await ledger.latest_call_from(CALLER, NINE) == "f1"
    steps = ["call_started", "fallback", "fallback_queued", "answered", "talk_ended", "call_ended"]
    assert await kinds(ledger) == steps


async def test_what_was_stored_once_is_not_stored_again(db: Database) -> None:
    ledger = Ledger(db, "h")
    story = Story().arrived().queued().asked(OTHER).ended("callback")
    for _ in range(3):
        await story.told_to(importing(db))
    assert len(await kinds(ledger)) == 5
    assert len(await Callbacks(db, "h").open_tasks()) == 1
    assert await importing(db).cursor(FILE) == 4


async def test_run_that_overlaps_with_the_one_before_stores_only_what_is_new(db: Database) -> None:
    ledger = Ledger(db, "h")
    whole = Story().arrived().queued().ended("queue")
    await importing(db).store(FILE, 2, whole.entries[:2])
    await importing(db).store(FILE, 3, whole.entries)
    assert await kinds(ledger) == ["call_started", "fallback", "fallback_queued", "call_ended"]


async def test_two_runs_at_the_same_moment_store_each_happening_once(db: Database) -> None:
    ledger = Ledger(db, "h")
    story = Story().arrived().queued().asked(OTHER).ended("callback")
    await asyncio.gather(*(story.told_to(importing(db)) for _ in range(4)))
    assert len(await kinds(ledger)) == 5


async def test_crash_before_the_commit_leaves_neither_effects_nor_cursor(db: Database) -> None:
    ledger = Ledger(db, "h")

    class Crash(BaseException):
        pass

    class Crashing(Imports):
        async def _move(self, *_: Any) -> None:
            raise Crash

    story = Story().arrived().ended("queue")
    with pytest.raises(Crash):
        await Crashing(db, "h", lambda _: True).store(FILE, 2, story.entries)
    assert await ledger.call("f1") is None
    await story.told_to(importing(db))
    assert await kinds(ledger) == ["call_started", "fallback", "call_ended"]


async def test_each_file_has_a_cursor_of_its_own(db: Database) -> None:
    ledger = Ledger(db, "h")
    await Story("f1").arrived().ended("queue").told_to(importing(db))
    await Story("f2").arrived().ended("queue").told_to(importing(db), "another-file")
    assert [await kinds(ledger, call) for call in ("f1", "f2")] == [["call_started", "fallback", "call_ended"]] * 2


NAIVE = Queued(place=2, call_id="f1", at=NINE.replace(tzinfo=None), channel="", config_version=1)
ENDLESS = Queued(place=2, call_id="x" * 5000, at=NINE, channel="\0", config_version=2**70)


@pytest.mark.parametrize("bad", [NAIVE, ENDLESS])
async def test_happening_that_the_database_refuses_holds_nothing_back(db: Database, bad: Entry) -> None:
    ledger = Ledger(db, "h")
    story = Story().arrived().queued().ended("queue")
    story.entries[1] = bad
    stored = await importing(db).store(FILE, 3, story.entries)
    assert (stored.refused, stored.cursor) == (1, 3)
    assert await kinds(ledger) == ["call_started", "fallback", "call_ended"]


# --- calls that the service has begun ---------------------------------------------------------


async def a_call(ledger: Ledger) -> None:
    await ledger.call_started("f1", NINE, "PJSIP/gateway-amt-1", "amt", CALLER, 1)


async def test_call_of_the_service_is_marked_and_keeps_what_is_known(db: Database) -> None:
    ledger = Ledger(db, "h")
    await a_call(ledger)
    await ledger.request_type_set("f1", "rent")
    await ledger.joined_line("f1", after(0.5))
    await Story().arrived(None).queued().answered("ben").ended("queue").told_to(importing(db))
    found = await row(ledger)
    assert (found.started_at, found.joined_at, found.request_type) == (NINE, after(0.5), "rent")
    assert (found.agent, found.how, found.fallback) == ("ben", "fallback_talked", True)
    assert await ledger.latest_call_from(CALLER, NINE) == "f1"
    assert (await kinds(ledger)).count("call_started") == 1


async def test_caller_of_the_menu_waits_since_coming_into_the_queue(db: Database) -> None:
    ledger = Ledger(db, "h")
    await a_call(ledger)
    await Story().arrived().queued(from_start=False).told_to(importing(db))
    assert (await row(ledger)).joined_at == after(2)


async def test_answer_is_told_by_the_channel_and_belongs_to_the_call_that_came_on_it(db: Database) -> None:
    ledger = Ledger(db, "h")
    await a_call(ledger)
    story = Story().arrived().queued().answered("ben").ended("queue")
    await importing(db).store(FILE, 2, story.entries)
    await story.told_to(importing(db))
    assert ((await row(ledger)).agent, await ledger.call("channel")) == ("ben", None)


async def test_answer_that_is_told_after_the_end_makes_no_second_call(db: Database) -> None:
    ledger = Ledger(db, "h")
    await a_call(ledger)
    story = Story().arrived().queued().answered("ben").ended("queue")
    await importing(db).store(FILE, 2, story.entries)
    await ledger.call_ended("f1", after(3.5), "talked")
    await story.told_to(importing(db))
    assert (await row(ledger)).ended_at == after(3.5)
    assert await ledger.call("channel") is None


async def test_end_that_is_there_already_stays(db: Database) -> None:
    ledger = Ledger(db, "h")
    await a_call(ledger)
    await ledger.call_ended("f1", after(0.5), "talked")
    await Story().ended().told_to(importing(db))
    assert ((await row(ledger)).ended_at, (await kinds(ledger)).count("call_ended")) == (after(0.5), 1)


async def test_caller_taken_back_is_with_the_service_again(db: Database) -> None:
    ledger = Ledger(db, "h")
    await Story().arrived().queued().passed("fallback_returned").told_to(importing(db))
    await ledger.call_started("f1", NINE, "PJSIP/gateway-amt-1", "amt", CALLER, 1, fallback=True)
    await ledger.answered("f1", "anna", after(8))
    await ledger.talk_ended("f1", after(9))
    await ledger.call_ended("f1", after(9), "talked")
    found = await row(ledger)
    assert (found.how, found.fallback) == ("talked", True)
    assert (await kinds(ledger)).count("call_started") == 1


async def test_order_of_reception_and_import_does_not_matter(db: Database) -> None:
    ledger = Ledger(db, "h")
    await ledger.call_started("f1", NINE, "PJSIP/gateway-amt-1", "amt", CALLER, 1, fallback=True)
    await ledger.joined_line("f1", NINE)
    await Story().arrived().queued().passed("fallback_returned").told_to(importing(db))
    found = await row(ledger)
    assert (found.started_at, found.joined_at, found.fallback) == (NINE, NINE, True)
    assert (await kinds(ledger)).count("call_started") == 1


# --- how it ended -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("story", "how"),
    [
        (Story().arrived().ended("fallback"), "fallback_left_early"),
        (Story().arrived().queued().ended("queue"), "fallback_left_queue"),
        (Story().arrived().ended("callback"), "fallback_left_callback"),
        (Story().arrived().passed("fallback_closed").ended("closed"), "fallback_closed"),
        (Story().arrived().asked(OTHER).ended("callback"), "fallback_callback_requested"),
        (Story().arrived().queued().answered().ended("queue"), "fallback_talked"),
        (Story().arrived().queued().passed("fallback_returned").ended(), "left_waiting"),
        (Story().arrived().queued().passed("fallback_returned").ended(how="callback_requested"), "callback_requested"),
    ],
)
async def test_end_says_how_the_fallback_ended(db: Database, story: Story, how: str) -> None:
    ledger = Ledger(db, "h")
    await story.told_to(importing(db))
    assert (await row(ledger)).how == how


async def test_end_without_the_service_of_a_call_that_was_in_the_menu(db: Database) -> None:
    ledger = Ledger(db, "h")
    await a_call(ledger)
    await Story().ended().told_to(importing(db))
    assert ((await row(ledger)).how, (await row(ledger)).fallback) == ("left_menu", False)


async def test_end_without_the_service_of_a_talk(db: Database) -> None:
    ledger = Ledger(db, "h")
    await a_call(ledger)
    await ledger.answered("f1", "anna", NINE)
    await Story().ended().told_to(importing(db))
    found = await row(ledger)
    assert (found.how, found.talk_ended_at, found.ended_at) == ("talked", after(1), after(1))


async def test_end_without_the_service_after_a_callback_request(db: Database) -> None:
    ledger = Ledger(db, "h")
    await a_call(ledger)
    await Callbacks(db, "h").request("f1", OTHER, None, NINE, DUE)
    await Story().ended().told_to(importing(db))
    assert (await row(ledger)).how == "callback_requested"


async def test_offer_that_was_answered_while_the_service_was_away_is_a_talk(db: Database) -> None:
    ledger = Ledger(db, "h")
    await a_call(ledger)
    await ledger.joined_line("f1", NINE)
    await ledger.offer_made("o1", "f1", "ben", NINE)
    await Story().ended(talked_since=after(0.5)).told_to(importing(db))
    found = await row(ledger)
    assert (found.agent, found.answered_at, found.how) == ("ben", after(0.5), "talked")
    assert [call.row.id for call in await OpenWork(db, "h").calls(NINE)] == ["f1"]


async def test_offer_that_nobody_answered_ends_with_its_call(db: Database) -> None:
    ledger = Ledger(db, "h")
    await a_call(ledger)
    await ledger.offer_made("o1", "f1", "ben", NINE)
    await Story().ended().told_to(importing(db))
    assert (await row(ledger)).how == "left_offered"


async def test_end_alone_makes_no_call_of_a_caller_who_never_got_in(db: Database) -> None:
    ledger = Ledger(db, "h")
    await Story().ended(known=False).told_to(importing(db))
    assert await ledger.call("f1") is None


async def test_end_of_a_call_whose_start_was_lost_is_entered(db: Database) -> None:
    ledger = Ledger(db, "h")
    await Story().ended().told_to(importing(db))
    assert ((await row(ledger)).ended_at, (await row(ledger)).fallback) == (after(1), False)


# --- callback requests ------------------------------------------------------------------------


async def note_of(db: Database) -> str | None:
    async with db.read() as connection:
        found: str | None = (await connection.execute(select(callback_persons.c.note))).scalar_one()
        return found


@pytest.mark.parametrize(
    ("caller", "entered", "rung"),
    [(CALLER, None, CALLER), (CALLER, OTHER, OTHER), (None, OTHER, OTHER), (PREMIUM, None, None), (None, None, None)],
)
async def test_callback_goes_to_the_number_entered_or_shown_if_we_may_ring_it(
    db: Database, caller: str | None, entered: str | None, rung: str | None
) -> None:
    await Story().arrived(caller).asked(entered).told_to(importing(db))
    (task,) = await Callbacks(db, "h").open_tasks()
    assert (task.number or None, task.due_at, task.requested_at) == (rung, DUE, after(2))


async def test_number_that_cannot_be_rung_stands_in_the_note_of_a_task_that_is_not_lost(db: Database) -> None:
    await Story().arrived(None).asked(None, "0900 1234").told_to(importing(db))
    assert len(await Callbacks(db, "h").open_tasks()) == 1
    assert await note_of(db) == "0900 1234"


async def test_callback_of_a_call_of_the_service_carries_what_is_known(db: Database) -> None:
    ledger = Ledger(db, "h")
    await a_call(ledger)
    await ledger.request_type_set("f1", "rent")
    await ledger.household_number("f1", "24412345")
    await Story().arrived().asked().told_to(importing(db))
    (task,) = await Callbacks(db, "h").open_tasks()
    assert (task.number, task.request_type, task.household_number) == (CALLER, "rent", "24412345")


async def test_call_has_one_callback_request(db: Database) -> None:
    await Story().arrived().asked().asked(OTHER).told_to(importing(db))
    assert [task.number for task in await Callbacks(db, "h").open_tasks()] == [CALLER]


# --- what is open afterwards ------------------------------------------------------------------


async def test_call_that_still_waits_is_open_and_says_whether_a_callback_is_asked_for(db: Database) -> None:
    await Story("f1").arrived().queued().told_to(importing(db))
    await Story("f2").arrived().asked().told_to(importing(db), "another-file")
    found = {call.row.id: call.callback_asked for call in await OpenWork(db, "h").unended()}
    assert found == {"f1": False, "f2": True}


async def test_talk_that_the_fallback_handled_to_its_end_is_on_no_screen(db: Database) -> None:
    await Story().arrived().queued().answered().ended("queue").told_to(importing(db))
    assert await OpenWork(db, "h").calls(NINE) == []


async def test_calls_without_the_fallback_are_not_marked(db: Database) -> None:
    ledger = Ledger(db, "h")
    await a_call(ledger)
    async with db.read() as connection:
        marked = await connection.execute(select(func.count()).select_from(calls).where(calls.c.fallback))
        assert marked.scalar_one() == 0
