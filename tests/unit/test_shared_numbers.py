"""A number that several people share: their count before the identity tick, who is who only afterwards."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from config.schema import HotlineConfig
from hotline.storage.database import Database
from hotline.storage.ledger import Ledger
from hotline.storage.tables import promise_details, promises
from hotline.views import history_view

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CALLER = "+4957219999"


class Book:
    """A ledger with calls from one number and promises made in them."""

    def __init__(self, database: Database) -> None:
        self.database, self.ledger, self.made = database, Ledger(database, "schaumburg"), 0

    async def call(self, call_id: str, days: int = 0) -> None:
        at = NINE + timedelta(days=days)
        await self.ledger.call_started(call_id, at, "PJSIP/x", "haus", CALLER, 1)

    async def promise(self, call_id: str, given: str, family: str) -> None:
        self.made += 1
        number, at = f"p{self.made}", NINE + timedelta(minutes=self.made)
        row = {"id": number, "hotline_id": "schaumburg", "call_id": call_id, "receipt": number, "agent": "anna"}
        row |= {"request_type": "rent", "status": "open"}
        person = {"promise_id": number, "hotline_id": "schaumburg", "given_name": given, "family_name": family}
        empty = dict.fromkeys(
            ("responsible_name", "responsible_email", "rule", "household_number", "phone", "best_time"), ""
        )
        async with self.database.write() as connection:
            await connection.execute(insert(promises).values(**row, created_at=at, due_at=at))
            await connection.execute(insert(promise_details).values(**person, **empty, form={}))


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    yield Book(database)
    await database.close()


async def test_people_are_counted_by_name_however_it_is_spelled(book: Book) -> None:
    await book.call("c1")
    await book.call("c2", days=1)
    await book.call("now", days=2)
    await book.promise("c1", "Sabine", "Müller")
    await book.promise("c2", " sabine ", "MÜLLER")
    await book.promise("c2", "Jonas", "Müller")
    assert (await book.ledger.earlier(CALLER, "now")).people == 2


async def test_withheld_number_has_nobody(book: Book) -> None:
    await book.call("c1")
    await book.promise("c1", "Sabine", "Kruse")
    assert (await book.ledger.earlier(None, "now")).people == 0


async def test_history_says_whose_promise_and_whose_call_it_was(book: Book, config: HotlineConfig) -> None:
    for number, call_id in enumerate(("c1", "c2", "c3", "now")):
        await book.call(call_id, days=number)
    await book.promise("c1", "sabine", "kruse")
    await book.promise("c2", "Jonas", "Kruse")
    await book.promise("c2", "Sabine", "Kruse")
    told = history_view(await book.ledger.history(CALLER, "now"), config, NINE)
    assert [call["people"] for call in told["calls"]] == [[], ["Sabine Kruse", "Jonas Kruse"], ["Sabine Kruse"]]
    assert [promise["person"] for promise in told["promises"]] == ["Sabine Kruse", "Jonas Kruse", "Sabine Kruse"]


async def test_erased_person_is_nobody(book: Book, config: HotlineConfig) -> None:
    await book.call("c1")
    await book.call("now", days=1)
    await book.promise("c1", "Sabine", "Kruse")
    async with book.database.write() as connection:
        await connection.execute(delete(promise_details))
    assert (await book.ledger.earlier(CALLER, "now")).people == 0
    told = history_view(await book.ledger.history(CALLER, "now"), config, NINE)
    assert [promise["person"] for promise in told["promises"]] == [None]
