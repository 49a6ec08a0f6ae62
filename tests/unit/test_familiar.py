"""Which agents know a caller: by an open promise of the number, or as the last who talked with it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from config.schema import HotlineConfig
from hotline.exchange.calls import Call
from hotline.exchange.progress import Progress
from hotline.recovery.pace import remember_pace
from hotline.storage.database import Database
from hotline.storage.familiar import Familiar, Why
from hotline.storage.ledger import Ledger
from hotline.storage.tables import promises
from routing.line import Line

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CALLER, OTHER = "+4957219999", "+4957218888"


class Book:
    """Talks and promises of earlier days."""

    def __init__(self, database: Database) -> None:
        self.database, self.ledger = database, Ledger(database, "schaumburg")

    async def talk(self, call_id: str, agent: str | None, days_ago: float, caller: str | None = CALLER) -> None:
        at = NINE - timedelta(days=days_ago)
        await self.ledger.call_started(call_id, at, "PJSIP/x", "haus", caller, 1)
        if agent is not None:
            await self.ledger.answered(call_id, agent, at)

    async def promise(self, call_id: str, agent: str, days_ago: float, hotline: str = "schaumburg") -> None:
        at = NINE - timedelta(days=days_ago)
        row = {"id": f"p-{call_id}", "hotline_id": hotline, "call_id": call_id, "receipt": f"r-{call_id}"}
        row |= {"agent": agent, "request_type": "rent", "status": "open"}
        async with self.database.write() as connection:
            await connection.execute(insert(promises).values(**row, created_at=at, due_at=at))

    async def keep(self, call_id: str) -> None:
        async with self.database.write() as connection:
            await connection.execute(update(promises).where(promises.c.call_id == call_id).values(status="kept"))

    async def who(
        self, caller: str | None = CALLER, *, promise: bool = True, days: int | None = 7
    ) -> list[tuple[str, Why]]:
        since = None if days is None else NINE - timedelta(days=days)
        found = await self.ledger.familiar(caller, "now", promise=promise, since=since)
        assert all(isinstance(one, Familiar) for one in found)
        return [(one.agent, one.why) for one in found]


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    yield Book(database)
    await database.close()


async def test_nobody_knows_a_number_that_never_called(book: Book) -> None:
    await book.talk("c1", "ben", 1, caller=OTHER)
    assert await book.who() == []


async def test_whoever_talked_last_knows_the_number(book: Book) -> None:
    await book.talk("c1", "anna", 3)
    await book.talk("c2", "ben", 1)
    await book.talk("c3", None, 0.5)  # nobody answered
    assert await book.who() == [("ben", Why.TALK)]


async def test_a_talk_longer_ago_does_not_count(book: Book) -> None:
    await book.talk("c1", "ben", 8)
    assert await book.who() == []
    assert await book.who(days=8) == [("ben", Why.TALK)]


async def test_an_open_promise_comes_first_however_old_it_is(book: Book) -> None:
    await book.talk("c1", "carla", 20)
    await book.promise("c1", "carla", 20)
    await book.talk("c2", "ben", 1)
    assert await book.who() == [("carla", Why.PROMISE), ("ben", Why.TALK)]
    assert await book.who(days=None) == [("carla", Why.PROMISE)]
    assert await book.who(promise=False) == [("ben", Why.TALK)]


async def test_the_newest_open_promise_counts_and_one_that_is_kept_does_not(book: Book) -> None:
    for call_id, agent, days in (("c1", "anna", 30), ("c2", "ben", 20), ("c3", "carla", 10)):
        await book.talk(call_id, agent, days)
        await book.promise(call_id, agent, days)
    await book.keep("c3")
    assert await book.who() == [("ben", Why.PROMISE)]


async def test_a_withheld_number_is_nobodys(book: Book) -> None:
    await book.talk("c1", "ben", 1, caller=None)
    await book.promise("c1", "ben", 1)
    assert await book.who(None) == []


async def test_another_hotlines_talks_do_not_count(book: Book) -> None:
    await book.talk("c1", "ben", 1)
    await book.promise("c1", "ben", 1, hotline="another")
    other = Ledger(book.database, "another")
    assert await other.familiar(CALLER, "now", promise=True, since=NINE - timedelta(days=7)) == []


async def test_the_pace_of_the_line_goes_on_over_a_restart(book: Book, config: HotlineConfig) -> None:
    for number in range(4):
        await book.talk(f"c{number}", None, 0)
        await book.ledger.request_type_set(f"c{number}", "rent")
        await book.ledger.joined_line(f"c{number}", NINE)
        taken = NINE + timedelta(minutes=2 * (number + 1))
        await book.ledger.answered(f"c{number}", "ben", taken)
    await book.talk("no-line", "ben", 0)
    line = Line()
    progress, now = Progress(line), NINE + timedelta(minutes=10)
    await remember_pace(book.ledger, progress, lambda: (1, config), now)
    waiting = Call("now", "PJSIP/x", "u", config, 1, now, CALLER, "haus", request=config.request_type("rent"))
    line.join("now", "wohnen", now)
    expected = progress.expected(waiting, now)
    assert expected is not None
    assert 100 < expected < 140


async def test_the_language_that_was_chosen_is_in_the_ledger(book: Book) -> None:
    await book.talk("c1", None, 0)
    before = await book.ledger.call("c1")
    await book.ledger.language_chosen("c1", "en", NINE)
    after = await book.ledger.call("c1")
    assert before is not None
    assert after is not None
    assert (before.language, after.language) == (None, "en")
    assert [(step.kind, step.codes) for step in await book.ledger.steps("c1")][-1] == ("language", {"key": "en"})
