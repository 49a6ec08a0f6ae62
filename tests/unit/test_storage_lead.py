"""The lead's figures, notices and agents' states in the database; the same tests run on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from hotline.storage.agent_states import AgentState, AgentStates
from hotline.storage.callbacks import Callbacks
from hotline.storage.database import Database
from hotline.storage.drafts import Draft, Drafts
from hotline.storage.figures import CallCounts, FigureRows, OpenCounts, OutcomeCounts
from hotline.storage.ledger import Ledger
from hotline.storage.notices import ANNOUNCEMENT, MESSAGE, Notice, NoticeRows
from hotline.storage.presences import Presences, SavedPresence
from hotline.storage.tables import audit, dispositions, notices, promises

HERE = "schaumburg"
MIDNIGHT = datetime(2026, 11, 22, 23, tzinfo=UTC)
EIGHT, SIX_PM = MIDNIGHT + timedelta(hours=8), MIDNIGHT + timedelta(hours=18)
NINE, NOON = MIDNIGHT + timedelta(hours=9), MIDNIGHT + timedelta(hours=12)
OPEN = [(EIGHT, SIX_PM)]


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    yield database
    await database.close()


async def a_call(
    db: Database,
    name: str,
    at: datetime = NINE,
    *,
    joined: float | None = 10,
    answered: float | None = None,
    ended: float | None = None,
    how: str | None = None,
    hotline: str = HERE,
) -> None:
    """Seconds are counted: `joined` from the arrival, the others from joining."""
    ledger = Ledger(db, hotline)
    await ledger.call_started(name, at, "PJSIP/haus-1", "haus", None, 1)
    line = at + timedelta(seconds=joined or 0)
    if joined is not None:
        await ledger.joined_line(name, line)
    if answered is not None:
        await ledger.answered(name, "anna", line + timedelta(seconds=answered))
    if ended is not None:
        await ledger.call_ended(name, line + timedelta(seconds=ended), how or "talked")


async def counted(db: Database, now: datetime = NOON) -> CallCounts:
    return (await FigureRows(db, HERE).day(MIDNIGHT, now, OPEN, 30.0))[0]


async def test_an_empty_day(db: Database) -> None:
    assert await counted(db) == CallCounts(0, 0, 0, 0, 0, 0, 0)
    assert (await FigureRows(db, HERE).day(MIDNIGHT, NOON, [], 30.0))[0] == CallCounts(0, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(("seconds", "soon"), [(0, 1), (29.9, 1), (30.0, 1), (30.1, 0), (300, 0)])
async def test_answered_within_thirty_seconds_of_joining_the_line_is_in_time(
    db: Database, seconds: float, soon: int
) -> None:
    await a_call(db, "c1", joined=25, answered=seconds, ended=400)
    found = await counted(db)
    assert (found.answered, found.answered_soon, found.unanswered_late) == (1, soon, 0)


@pytest.mark.parametrize(("seconds", "late", "early"), [(12, 0, 1), (30, 0, 1), (31, 1, 0)])
async def test_who_gives_up_early_counts_on_neither_side_who_gives_up_late_was_not_answered_in_time(
    db: Database, seconds: float, late: int, early: int
) -> None:
    await a_call(db, "c1", ended=seconds, how="left_waiting")
    found = await counted(db)
    assert (found.gave_up, found.gave_up_soon, found.unanswered_late) == (1, early, late)


async def test_who_still_waits_after_thirty_seconds_counts_at_once(db: Database) -> None:
    await a_call(db, "c1", NOON - timedelta(seconds=10 + 31))
    await a_call(db, "c2", NOON - timedelta(seconds=10 + 29))
    found = await counted(db)
    assert (found.unanswered_late, found.gave_up) == (1, 0)


async def test_other_ends_are_not_called_giving_up(db: Database) -> None:
    await a_call(db, "asked for a callback", ended=70, how="callback_requested")
    await a_call(db, "in the menu", joined=None, ended=5, how="left_menu")
    await a_call(db, "in the fallback", ended=40, how="fallback_left_queue")
    found = await counted(db)
    assert (found.calls, found.gave_up, found.unanswered_late) == (3, 1, 2)


async def test_calls_outside_of_the_hours_of_other_days_and_of_other_hotlines(db: Database) -> None:
    await a_call(db, "early", EIGHT - timedelta(seconds=1), joined=None, ended=20, how="closed")
    await a_call(db, "open", EIGHT, answered=5, ended=200)
    await a_call(db, "late", SIX_PM, joined=None, ended=20, how="callback_requested")
    await a_call(db, "yesterday", MIDNIGHT - timedelta(seconds=1), answered=5, ended=200)
    await a_call(db, "elsewhere", answered=5, ended=200, hotline="elsewhere")
    found = await counted(db, SIX_PM + timedelta(hours=1))
    assert (found.calls, found.answered, found.closed) == (3, 1, 2)
    holiday = (await FigureRows(db, HERE).day(MIDNIGHT, NOON, [], 30.0))[0]
    assert holiday.closed == holiday.calls == 2


async def test_outcomes_count_requests_as_they_stand_now(db: Database) -> None:
    row = {"hotline_id": HERE, "agent": "anna", "request_type": "rent", "at": NINE}
    outcomes = [("c1", 1, "settled"), ("c1", 2, "forwarded"), ("c2", 1, "callback"), ("c3", 1, "no_request")]
    async with db.write() as connection:
        for call, number, outcome in outcomes:
            await connection.execute(insert(dispositions).values(call_id=call, number=number, outcome=outcome, **row))
        mine = (dispositions.c.call_id == "c2") & (dispositions.c.number == 1)
        await connection.execute(update(dispositions).where(mine).values(replaced_at=NOON))
        await connection.execute(insert(dispositions).values(call_id="c2", number=1, outcome="settled", **row))
        old = {**row, "at": MIDNIGHT - timedelta(days=1)}
        await connection.execute(insert(dispositions).values(call_id="c0", number=1, outcome="settled", **old))
    found = (await FigureRows(db, HERE).day(MIDNIGHT, NOON, OPEN, 30.0))[1]
    assert found == OutcomeCounts(settled=2, forwarded=1, callback=0, no_request=1)


async def test_open_and_overdue_promises_and_callbacks(db: Database) -> None:
    common = {"hotline_id": HERE, "call_id": "c", "request_type": "rent", "agent": "anna", "created_at": NINE}
    async with db.write() as connection:
        for number, (status, due) in enumerate([("open", NINE), ("open", SIX_PM), ("kept", NINE)]):
            row = {"id": str(number), "receipt": str(number), "status": status, "due_at": due}
            await connection.execute(insert(promises).values(**common, **row))
    callbacks = Callbacks(db, HERE)
    first = await callbacks.request("c1", "+4957219999", None, NINE, NINE)
    await callbacks.request("c2", "+4957218888", None, NINE, SIX_PM)
    done = await callbacks.request("c3", "+4957219999", None, NINE, NINE)
    await callbacks.finish(done, "anna", "reached", "", NINE)
    found = (await FigureRows(db, HERE).day(MIDNIGHT, NOON, OPEN, 30.0))[2]
    assert found == OpenCounts(promises=2, promises_overdue=1, callbacks=2, callbacks_overdue=1, callbacks_next=2)
    await callbacks.take(first, "anna")
    await callbacks.not_reached(first, "anna", NINE, lambda _: NOON)
    for now, due in ((NOON - timedelta(seconds=1), 1), (NOON, 2)):
        found = (await FigureRows(db, HERE).day(MIDNIGHT, now, OPEN, 30.0))[2]
        assert (found.callbacks, found.callbacks_next) == (2, due)


async def test_calls_answered_and_not_written_up(db: Database) -> None:
    """Not those that ended just now, that have their disposition, or are so old that nobody writes about them."""
    await a_call(db, "open", answered=5, ended=200)
    await a_call(db, "drafted long ago", NINE - timedelta(days=40), answered=5, ended=200)
    await Drafts(db, HERE).save("drafted long ago", "anna", Draft(1, {"note": "x"}, NINE))
    await a_call(db, "long ago", NINE - timedelta(days=40), answered=5, ended=200)
    await a_call(db, "just now", NOON - timedelta(minutes=10), answered=5, ended=200)
    await a_call(db, "goes on", answered=5)
    await a_call(db, "gave up", ended=200, how="left_waiting")
    await a_call(db, "alone", answered=5, ended=200, how="fallback_talked")
    await a_call(db, "elsewhere", answered=5, ended=200, hotline="elsewhere")
    await a_call(db, "done", answered=5, ended=200)
    row = {"hotline_id": HERE, "agent": "anna", "request_type": "rent", "at": NINE}
    async with db.write() as connection:
        await connection.execute(insert(dispositions).values(call_id="done", number=1, outcome="settled", **row))
    found = await FigureRows(db, HERE).unwritten(MIDNIGHT, NOON - timedelta(minutes=30))
    assert [(one.call_id, one.agent) for one in found] == [("drafted long ago", "anna"), ("open", "anna")]
    assert found[1].at == NINE + timedelta(seconds=15)


async def test_one_agents_calls_and_offers_not_taken(db: Database) -> None:
    ledger = Ledger(db, HERE)
    for name, end in (("c1", "answered"), ("c2", "missed"), ("c3", "rejected"), ("c4", "caller_left"), ("c5", "gone")):
        await a_call(db, name)
        await ledger.offer_made(f"o-{name}", name, "anna", NINE)
        await ledger.offer_closed(f"o-{name}", NINE, end)
    await ledger.answered("c1", "anna", NINE)
    await ledger.answered("c1", "anna", NOON)
    await ledger.answered("c2", "ben", NOON)
    found = await FigureRows(db, HERE).agent("anna", MIDNIGHT)
    assert (found.calls, found.not_taken) == (1, {"missed": 1, "rejected": 1, "gone": 1})
    tomorrow = await FigureRows(db, HERE).agent("anna", MIDNIGHT + timedelta(days=1))
    assert (tomorrow.calls, tomorrow.not_taken) == (0, {})


async def test_changes_of_state_are_kept_in_order_with_cause_and_whose_will_it_was(db: Database) -> None:
    states = AgentStates(db, HERE)
    before = AgentState("anna", MIDNIGHT - timedelta(hours=1), "home", "home", "anna")
    ready = AgentState("anna", NINE, "ready", "idle", "anna")
    missed = AgentState("anna", NINE, "not_ready", "missed", None)
    paused = AgentState("ben", NOON, "pause", "lead", "lena")
    await states.add([before, ready])
    await states.add([missed, paused])
    await AgentStates(db, "elsewhere").add([ready])
    assert await states.since(MIDNIGHT) == [ready, missed, paused]
    told = await FigureRows(db, HERE).states("anna", MIDNIGHT)
    assert [(change.at, change.state) for change in told] == [(NINE, "ready"), (NINE, "not_ready")]


async def test_intent_that_the_lead_decided_is_still_the_leads_after_a_restart(db: Database) -> None:
    presences = Presences(db, HERE)
    await presences.save("anna", "pause", None, NINE, "lena")
    await presences.save("ben", "ready", None, NINE)
    loaded = await presences.load()
    assert loaded["anna"] == SavedPresence("pause", None, NINE, "lena")
    assert loaded["ben"].by is None


# --- notices ---------------------------------------------------------------------------------


async def audited(db: Database) -> list[tuple[str, str, str | None]]:
    async with db.read() as connection:
        rows = await connection.execute(select(audit.c["who", "action", "subject"]).order_by(audit.c.id))
        return [(row.who, row.action, row.subject) for row in rows]


async def test_message_goes_on_until_it_ends_or_its_time_is_over(db: Database) -> None:
    rows = NoticeRows(db, HERE)
    short = await rows.add(MESSAGE, "Bitte langsam.", "lena", NINE, NINE + timedelta(hours=1), NINE)
    long = await rows.add(MESSAGE, "Kaffee ist da.", "lena", NINE, SIX_PM, NINE)
    assert await rows.current(NINE) == [short, long]
    assert await rows.current(NINE + timedelta(hours=1)) == [long]
    await rows.end(long, "admin", NOON, NOON)
    await rows.end(long, "admin", NOON, NOON)
    assert await rows.current(NINE) == [short]
    assert await audited(db) == [
        ("lena", "message_sent", str(short.id)),
        ("lena", "message_sent", str(long.id)),
        ("admin", "message_ended", str(long.id)),
    ]


async def test_there_is_one_announcement_at_a_time(db: Database) -> None:
    rows = NoticeRows(db, HERE)
    message = await rows.add(MESSAGE, "Kaffee ist da.", "lena", NINE, SIX_PM, NINE)
    await rows.add(ANNOUNCEMENT, "Störung im System.", "lena", NINE, SIX_PM, NINE)
    second = await rows.add(ANNOUNCEMENT, "Alles läuft wieder.", "lena", NOON, SIX_PM, NOON)
    assert await rows.current(NOON) == [message, second]
    assert second == Notice(second.id, ANNOUNCEMENT, "Alles läuft wieder.", "lena", NOON, SIX_PM)
    async with db.read() as connection:
        ended = (await connection.execute(select(notices.c.ended_by).where(notices.c.ended_at.is_not(None)))).scalars()
        assert list(ended) == ["lena"]


async def test_who_has_read_a_message_is_known_again_after_a_restart(db: Database) -> None:
    rows = NoticeRows(db, HERE)
    one = await rows.add(MESSAGE, "Eins", "lena", NINE, SIX_PM, NINE)
    two = await rows.add(MESSAGE, "Zwei", "lena", NINE, SIX_PM, NINE)
    await rows.read(one.id, "anna", NOON)
    await rows.read(one.id, "ben", NOON)
    await NoticeRows(db, "elsewhere").read(two.id, "carla", NOON)
    assert await rows.readers([one.id, two.id]) == {one.id: {"anna", "ben"}, two.id: set()}
    assert await rows.readers([]) == {}
