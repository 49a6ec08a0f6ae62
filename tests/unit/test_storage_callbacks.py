"""Tries, search and the own day in the database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from hotline.errors import Refused
from hotline.storage.callbacks import Callbacks
from hotline.storage.database import Database
from hotline.storage.day import Days
from hotline.storage.figures import FigureRows
from hotline.storage.ledger import Ledger
from hotline.storage.outbox import NewMail
from hotline.storage.places import PlaceOffers
from hotline.storage.promise_steps import PromiseSteps, Sent
from hotline.storage.promises import Disposal, NewPromise, Person, Promises, new_promise_id
from hotline.storage.search import MOST_HITS, Finder
from hotline.storage.tables import audit

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MIDNIGHT = NINE - timedelta(hours=9)
DUE = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
CALLER, OTHER = "+4957219999", "+49571112345"
HOUSEHOLD = "31402123456"
RECEIPT = "26-4821-7300"
LATER = NINE + timedelta(minutes=30)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.open()
    yield database
    await database.close()


async def _called(
    db: Database, call_id: str, how: str, *, caller: str | None = CALLER, at: datetime = NINE, agent: str | None = None
) -> None:
    ledger = Ledger(db, "h")
    await ledger.call_started(call_id, at, "PJSIP/x", "haus", caller, 1)
    await ledger.request_type_set(call_id, "rent", at)
    if agent is not None:
        await ledger.answered(call_id, agent, at + timedelta(seconds=5))
        await ledger.talk_ended(call_id, at + timedelta(seconds=200))
    await ledger.call_ended(call_id, at + timedelta(seconds=201), how)


async def _promised(db: Database, call_id: str) -> str:
    promise = NewPromise(new_promise_id(), RECEIPT, DUE, "Frau Falke", "falke@jobcenter.example", "A-K")
    person = Person("Grünwald", "Ayşe", HOUSEHOLD, OTHER, "vormittags")
    mail = NewMail("<m@jobcenter.example>", "falke@jobcenter.example", "Rückfrage", "Text")
    parts = {"person": person, "promise": promise, "mail": mail}
    await Promises(db, "h").dispose(Disposal(call_id, "anna", NINE, "forwarded", "rent", "kein Geld", {}, **parts))
    return promise.id


# --- tries -----------------------------------------------------------------------------------------


async def test_tries_in_vain_are_counted_and_the_last_one_closes_the_task(db: Database) -> None:
    store = Callbacks(db, "h")
    task = await store.request("c1", CALLER, "rent", NINE, DUE)
    seen: list[int] = []

    def after(tries: int) -> datetime | None:
        seen.append(tries)
        return LATER if tries < 3 else None

    for _ in range(2):
        await store.take(task, "anna", NINE)
        assert await store.not_reached(task, "anna", NINE, after) == LATER
        (found,) = await store.open_tasks()
        assert (found.taken_by, found.next_try_at) == (None, LATER)
    with pytest.raises(Refused, match="nicht mehr bei Ihnen"):
        await store.not_reached(task, "anna", NINE, after)  # said twice, it is one try
    await store.take(task, "ben", NINE)
    assert await store.not_reached(task, "ben", NINE, after, "Mailbox") is None
    assert seen == [1, 2, 3]
    assert await store.open_tasks() == []
    (given_up,) = await store.given_up(MIDNIGHT)
    assert (given_up.id, given_up.tries, given_up.number) == (task, 3, CALLER)
    assert await store.given_up(NINE + timedelta(days=1)) == []
    kinds = [step.kind for step in await Ledger(db, "h").steps("c1")]
    assert kinds == ["callback_requested", "callback_not_reached", "callback_not_reached", "callback_given_up"]


async def test_only_whoever_has_taken_the_task_may_ring_or_finish_it(db: Database) -> None:
    store = Callbacks(db, "h")
    task = await store.request("c1", CALLER, "rent", NINE, DUE)
    with pytest.raises(Refused, match="übernehmen"):
        await store.ringing(task, "anna")
    await store.take(task, "anna", NINE)
    await store.ringing(task, "anna")
    with pytest.raises(Refused, match="übernehmen"):
        await store.ringing(task, "ben")
    with pytest.raises(Refused, match="anders übernommen"):
        await store.not_reached(task, "ben", NINE, lambda _: LATER)
    await store.finish(task, "anna", "reached", "", NINE)
    with pytest.raises(Refused, match="schon erledigt"):
        await store.ringing(task, "anna")


async def test_whoever_takes_a_callback_takes_all_of_its_number(db: Database) -> None:
    """One number in two calls: nobody else rings it meanwhile, and one try in vain counts for both."""
    store = Callbacks(db, "h")
    first = await store.request("c1", CALLER, "rent", NINE, DUE)
    second = await store.request("c2", CALLER, "heating", LATER, DUE)
    other = await store.request("c3", OTHER, "rent", NINE, DUE)
    await store.take(second, "anna", NINE)
    assert {task.id: task.taken_by for task in await store.open_tasks()} == {first: "anna", second: "anna", other: None}
    third = await store.request("c4", CALLER, "rent", LATER, DUE)
    with pytest.raises(Refused, match="dieser Nummer"):
        await store.take(third, "ben", NINE)
    assert await store.not_reached(first, "anna", NINE, lambda _: LATER) == LATER
    tried = {task.id: (task.taken_by, task.tries, task.next_try_at) for task in await store.open_tasks()}
    assert tried[first] == tried[second] == (None, 1, LATER)
    assert tried[third] == (None, 0, None)
    await store.take(third, "ben", NINE)
    await store.finish(third, "ben", "reached", "", NINE)
    assert {task.id: task.taken_by for task in await store.open_tasks()} == {first: "ben", second: "ben", other: None}


async def test_callbacks_without_a_number_are_nobody_elses(db: Database) -> None:
    store = Callbacks(db, "h")
    first, second = [await store.request(call, "", "rent", NINE, DUE) for call in ("c1", "c2")]
    await store.take(first, "anna", NINE)
    await store.take(second, "ben", NINE)
    assert [task.taken_by for task in await store.open_tasks()] == ["anna", "ben"]


async def test_asked_again_because_the_answer_was_lost_it_is_the_same_task(db: Database) -> None:
    store = Callbacks(db, "h")
    first = await store.request("c1", CALLER, "rent", NINE, DUE)
    assert await store.request("c1", CALLER, "rent", NINE, DUE) == first
    assert await store.request("c1", OTHER, "rent", NINE, DUE) != first
    assert len(await store.open_tasks()) == 2


async def test_callback_not_started_is_no_missed_call(db: Database) -> None:
    rows = PlaceOffers(db, "h")
    task = await Callbacks(db, "h").request("c1", CALLER, "rent", NINE, DUE)
    await rows.made("o1", task, "anna", NINE)
    await rows.closed("o1", "c1", NINE, "missed")
    assert (await FigureRows(db, "h").agent("anna", MIDNIGHT)).not_taken == {}


# --- search ----------------------------------------------------------------------------------------


async def test_everything_of_a_number_is_found_newest_first_without_contents(db: Database) -> None:
    await _called(db, "c1", "talked", agent="anna")
    await _promised(db, "c1")
    await Callbacks(db, "h").request("c2", CALLER, "rent", NINE + timedelta(minutes=5), DUE)
    hits = await Finder(db, "h").find(None, CALLER, None)
    assert [hit.kind for hit in hits] == ["callback", "promise", "call"]
    assert hits[1].receipt == RECEIPT
    assert "Grünwald" not in str(hits)
    assert CALLER not in str(hits)


async def test_promise_is_found_by_receipt_household_and_telephone_of_the_person(db: Database) -> None:
    await _called(db, "c1", "talked", agent="anna")
    await _promised(db, "c1")
    finder = Finder(db, "h")
    for wanted in ((RECEIPT, None, None), (None, OTHER, None), (None, None, HOUSEHOLD)):
        (hit,) = await finder.find(*wanted)
        assert (hit.kind, hit.status, hit.due_at) == ("promise", "open", DUE)
    assert await finder.find("26-0000-0000", None, None) == []


async def test_another_hotlines_rows_are_not_found(db: Database) -> None:
    await _called(db, "c1", "talked", agent="anna")
    await _promised(db, "c1")
    assert await Finder(db, "other").find(RECEIPT, CALLER, HOUSEHOLD) == []
    with pytest.raises(Refused):
        await Finder(db, "other").open("call", "c1", "anna", NINE)


async def test_hits_are_bounded(db: Database) -> None:
    for number in range(MOST_HITS + 5):
        await _called(db, f"c{number}", "left_waiting", at=NINE + timedelta(minutes=number))
    hits = await Finder(db, "h").find(None, CALLER, None)
    assert (len(hits), hits[0].id) == (MOST_HITS, f"c{MOST_HITS + 4}")


async def test_contents_are_opened_and_audited_and_the_search_without_its_text(db: Database) -> None:
    await _called(db, "c1", "talked", agent="anna")
    promise, finder = await _promised(db, "c1"), Finder(db, "h")
    task = await Callbacks(db, "h").request("c1", CALLER, "rent", NINE, DUE)
    await finder.note_search("anna", NINE)
    opened = await finder.open("promise", promise, "anna", NINE)
    assert (opened.facts["family_name"], opened.notes) == ("Grünwald", ["kein Geld"])
    assert (await finder.open("callback", str(task), "anna", NINE)).facts["phone"] == CALLER
    assert (await finder.open("call", "c1", "anna", NINE)).facts["outcomes"] == ["forwarded"]
    async with db.read() as connection:
        rows = [tuple(row) for row in await connection.execute(select(*audit.c["who", "action", "subject"]))]
    assert rows == [
        ("anna", "searched", None),
        ("anna", "opened", promise),
        ("anna", "opened", f"callback-{task}"),
        ("anna", "opened", "c1"),
    ]


async def test_opened_promise_tells_what_its_case_worker_reported(db: Database) -> None:
    await _called(db, "c1", "talked", agent="anna")
    promise, steps = await _promised(db, "c1"), PromiseSteps(db, "h")
    await steps.not_reached(Sent(promise, 0, "a", NINE, "Mailbox"))
    await steps.kept(Sent(promise, 0, "b", LATER, "Bescheid erklärt"), "phone")
    opened = await Finder(db, "h").open("promise", promise, "anna", LATER)
    assert [(step.kind, step.text) for step in opened.steps[1:]] == [
        ("not_reached", "Mailbox"),
        ("kept", "Bescheid erklärt"),
    ]
    assert opened.promise is not None
    assert (opened.promise.status, opened.promise.how, opened.promise.tries) == ("kept", "phone", 1)
    assert opened.notes == ["kein Geld"]


@pytest.mark.parametrize(("kind", "row_id"), [("promise", "x"), ("callback", "x"), ("callback", "9" * 30), ("y", "1")])
async def test_what_is_not_there_cannot_be_opened(db: Database, kind: str, row_id: str) -> None:
    with pytest.raises(Refused, match="gibt es nicht mehr"):
        await Finder(db, "h").open(kind, row_id, "anna", NINE)


# --- the own day -----------------------------------------------------------------------------------


async def test_day_has_the_agents_own_calls_with_their_outcome(db: Database) -> None:
    await _called(db, "c0", "talked", at=MIDNIGHT - timedelta(hours=1), agent="anna")
    await _called(db, "c1", "talked", agent="anna")
    await _promised(db, "c1")
    await _called(db, "c2", "talked", agent="ben", at=NINE + timedelta(minutes=1))
    await _called(db, "c3", "talked", agent="anna", at=NINE + timedelta(minutes=2))
    await Ledger(db, "h").answered("c3", "ben", NINE + timedelta(minutes=3))  # handed on
    day = await Days(db, "h").day("anna", MIDNIGHT)
    assert [(one.id, one.outcomes) for one in day.calls] == [("c3", ()), ("c1", ("forwarded",))]
    assert [(one.receipt, one.status) for one in day.promises] == [(RECEIPT, "open")]
    assert (await Days(db, "h").day("ben", MIDNIGHT)).promises == []


async def test_day_has_the_callbacks_in_hand_and_finished(db: Database) -> None:
    store = Callbacks(db, "h")
    tasks = [await store.request(f"c{number}", f"{CALLER}{number}", "rent", NINE, DUE) for number in range(3)]
    await store.take(tasks[0], "anna", NINE)
    await store.finish(tasks[1], "anna", "reached", "", NINE)
    await store.take(tasks[2], "ben", NINE)
    day = await Days(db, "h").day("anna", MIDNIGHT)
    assert {(one.id, one.outcome) for one in day.callbacks} == {(tasks[0], None), (tasks[1], "reached")}


MISSED = [
    ("left_waiting", True),
    ("left_menu", True),
    ("closed", True),
    ("not_served", True),
    ("fallback_left_queue", True),
    ("cut_by_asterisk", True),
    ("callback_requested", False),
    ("fallback_callback_requested", False),
    ("talked", False),
]


@pytest.mark.parametrize(("how", "shown"), MISSED)
async def test_day_has_who_did_not_reach_us(db: Database, how: str, shown: bool) -> None:
    await _called(db, "c1", how)
    missed = (await Days(db, "h").day("anna", MIDNIGHT)).missed
    assert [one.id for one in missed] == (["c1"] if shown else [])


async def test_caller_who_was_served_later_or_is_to_be_rung_is_marked(db: Database) -> None:
    await _called(db, "c1", "left_waiting")
    await _called(db, "c2", "left_waiting", caller=OTHER)
    await _called(db, "c3", "talked", agent="ben", at=NINE + timedelta(minutes=5))
    await Callbacks(db, "h").request("x", OTHER, None, NINE, DUE)
    missed = {one.id: one for one in (await Days(db, "h").day("anna", MIDNIGHT)).missed}
    assert (missed["c1"].served_later, missed["c1"].callback_open) == (True, False)
    assert (missed["c2"].served_later, missed["c2"].callback_open) == (False, True)


async def test_call_in_vain_becomes_one_task_and_never_two(db: Database) -> None:
    await _called(db, "c1", "closed")
    await _called(db, "c2", "closed")
    store = Callbacks(db, "h")
    await store.for_call("c1", "anna", NINE, DUE)
    (task,) = await store.open_tasks()
    assert (task.number, task.request_type, task.call_id) == (CALLER, "rent", "c1")
    for call_id in ("c1", "c2"):
        with pytest.raises(Refused, match="schon ein Rückruf"):
            await store.for_call(call_id, "ben", NINE, DUE)
    steps = [(step.kind, step.agent) for step in await Ledger(db, "h").steps("c1")]
    assert ("callback_offered", "anna") in steps


async def test_withheld_and_unknown_callers_cannot_be_rung(db: Database) -> None:
    await _called(db, "c1", "closed", caller=None)
    for call_id in ("c1", "nobody"):
        with pytest.raises(Refused, match="keine Rufnummer"):
            await Callbacks(db, "h").for_call(call_id, "anna", NINE, DUE)
    assert await Days(db, "h").missed_number("nobody", MIDNIGHT) is None


async def test_finished_callback_of_a_call_takes_it_off_the_day(db: Database) -> None:
    await _called(db, "c1", "left_waiting")
    store = Callbacks(db, "h")
    task = await store.for_call("c1", "anna", NINE, DUE)
    await store.finish(task, "anna", "reached", "", NINE)
    assert (await Days(db, "h").day("anna", MIDNIGHT)).missed == []
