"""What the ledger tells a simulation: calls that joined the line, waits, talks and wrap-ups, found by index."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline.storage.agent_states import AgentState, AgentStates
from hotline.storage.arrivals import ArrivalRows
from hotline.storage.database import Database
from hotline.storage.ledger import Ledger

HERE = "schaumburg"
NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    yield database
    await database.close()


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


async def a_call(db: Database, name: str, at: datetime = NINE, how: str | None = "talked", **after: float) -> None:
    """Seconds from the arrival: joined, answered, talk_ended, ended."""
    ledger = Ledger(db, after.pop("hotline", HERE))  # type: ignore[arg-type]
    await ledger.call_started(name, at, f"chan-{name}", "haus", "+4957219999", 1)
    await ledger.request_type_set(name, "rent", at)
    if "joined" in after:
        await ledger.joined_line(name, at + seconds(after["joined"]))
    if "answered" in after:
        await ledger.answered(name, "anna", at + seconds(after["answered"]))
    if "talk_ended" in after:
        await ledger.talk_ended(name, at + seconds(after["talk_ended"]))
    if "ended" in after and how is not None:
        await ledger.call_ended(name, at + seconds(after["ended"]), how)


async def past(db: Database, since: datetime = NINE - DAY, until: datetime = NINE + DAY):
    return await ArrivalRows(db, HERE).past(since, until)


async def test_waits_and_talks_of_calls_that_joined_the_line(db: Database) -> None:
    await a_call(db, "answered", joined=20, answered=50, talk_ended=250, ended=251)
    await a_call(db, "gave up", NINE + seconds(60), "left_waiting", joined=10, ended=100)
    await a_call(db, "in the menu", NINE, "left_menu", ended=5)
    await a_call(db, "cut while talking", NINE + seconds(90), "cut_by_asterisk", joined=0, answered=5, ended=65)
    await a_call(db, "still talking", NINE + seconds(120), None, joined=0, answered=5)
    found = (await past(db)).calls
    assert [(one.waited, one.talked, one.hung_up) for one in found] == [
        (30.0, 200.0, False),
        (90.0, None, True),
        (5.0, 60.0, False),
        (5.0, None, False),
    ]
    assert {one.request_type for one in found} == {"rent"}
    assert found[0].joined_at == NINE + seconds(20)


async def test_only_this_hotline_and_this_time(db: Database) -> None:
    await a_call(db, "before", NINE - seconds(1), joined=0, ended=9)
    await a_call(db, "first", NINE, joined=0, ended=9)
    await a_call(db, "after", NINE + seconds(60), joined=0, ended=9)
    await a_call(db, "elsewhere", NINE, joined=0, ended=9, hotline="elsewhere")  # type: ignore[arg-type]
    found = await past(db, NINE, NINE + seconds(60))
    assert [one.joined_at for one in found.calls] == [NINE]


async def test_the_fallbacks_hang_ups_are_hang_ups(db: Database) -> None:
    await a_call(db, "c1", NINE, "fallback_left_queue", joined=0, ended=40)
    assert [one.hung_up for one in (await past(db)).calls] == [True]


async def test_wrap_ups_after_talks_nothing_when_all_was_written_during_the_talk(db: Database) -> None:
    def at(agent: str, after: float, state: str) -> AgentState:
        return AgentState(agent, NINE + seconds(after), state, "idle")

    states = [at("anna", 0, "ready"), at("anna", 10, "talking"), at("ben", 12, "talking"), at("anna", 100, "wrap_up")]
    states += [at("anna", 145, "ready"), at("ben", 150, "ready"), at("anna", 200, "talking"), at("anna", 220, "lost")]
    states += [at("anna", 225, "talking"), at("anna", 300, "wrap_up")]
    await AgentStates(db, HERE).add(states)
    assert sorted((await past(db)).wrap_ups) == [0.0, 45.0]


async def test_an_empty_ledger(db: Database) -> None:
    found = await past(db)
    assert (list(found.calls), list(found.wrap_ups)) == ([], [])
