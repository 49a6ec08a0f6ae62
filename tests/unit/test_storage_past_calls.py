"""Calls of the past are read in batches, the newest first, each once."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from hotline.storage import past_calls
from hotline.storage.database import Database
from hotline.storage.past_calls import PastCalls
from hotline.storage.tables import calls
from routing.replay import PastCall
from tests.unit.promise_office import MONDAY

HERE = "h"


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    yield database
    await database.close()


async def enter(db: Database, *times: datetime, kind: str | None = "rent", hotline: str | None = None) -> None:
    rows = [
        {
            "id": f"{hotline or 'own'}-{index}-{at:%d%H%M%S}",
            "hotline_id": hotline or HERE,
            "channel": "c",
            "gateway": "haus",
            "config_version": 1,
            "request_type": kind,
            "started_at": at,
        }
        for index, at in enumerate(times)
    ]
    async with db.write() as connection:
        await connection.execute(insert(calls), rows)


async def test_what_is_kept_of_a_call_is_read(db: Database) -> None:
    await enter(db, MONDAY, kind=None)
    (found,) = await PastCalls(db, HERE).since(MONDAY)
    assert found == PastCall(f"own-0-{MONDAY:%d%H%M%S}", MONDAY, None)
    assert found.at.tzinfo is UTC


async def test_the_newest_come_first_and_none_from_before_or_of_others(db: Database) -> None:
    await enter(db, MONDAY, MONDAY - timedelta(seconds=1), MONDAY + timedelta(days=1))
    await enter(db, MONDAY, hotline="other")
    found = await PastCalls(db, HERE).since(MONDAY)
    assert [call.at for call in found] == [MONDAY + timedelta(days=1), MONDAY]


async def test_batches_hold_each_call_once_also_when_many_came_at_one_moment(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_calls, "BATCH", 3)
    await enter(db, *[MONDAY] * 7, MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=2))
    batches = [batch async for batch in PastCalls(db, HERE).batches(MONDAY)]
    assert [len(batch) for batch in batches] == [3, 3, 3]
    found = [call.call_id for batch in batches for call in batch]
    assert len(set(found)) == 9


async def test_there_is_a_bound(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_calls, "BATCH", 3)
    await enter(db, *(MONDAY + timedelta(minutes=n) for n in range(9)))
    found = await PastCalls(db, HERE).since(MONDAY, most=4)
    assert [call.at.minute for call in found] == [8, 7, 6, 5]
