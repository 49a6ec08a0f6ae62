"""The SQLite file itself: its settings, its faults, and what a killed process leaves behind."""

import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, select, text

from hotline.errors import StorageError
from hotline.storage.database import Database
from hotline.storage.ledger import Ledger
from hotline.storage.migrate import configuration
from hotline.storage.outbox import Outbox
from hotline.storage.promises import Promises
from hotline.storage.tables import promises

ROOT = Path(__file__).parents[2]
NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def database(file: Path, lock_seconds: float = 0.1) -> Database:
    return Database(f"sqlite:///{file}", lock_seconds=lock_seconds)


async def used(file: Path) -> None:
    db = database(file)
    try:
        await db.open()
        await Ledger(db, "h").note("c1", NINE, "tick")
    finally:
        await db.close()


async def test_database_is_kept_over_a_restart_with_the_last_note(tmp_path: Path) -> None:
    await used(tmp_path / "h.db")
    await used(tmp_path / "h.db")
    db = database(tmp_path / "h.db")
    await db.open()
    assert len(await Ledger(db, "h").steps("c1")) == 2
    await db.close()


async def test_file_and_journal_are_private(tmp_path: Path) -> None:
    db = database(tmp_path / "h.db")
    await db.open()
    await Ledger(db, "h").note("c1", NINE, "tick")
    await db.flush()
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("h.db", "h.db-wal", "h.db-shm"), 0o600)
    await db.close()


async def test_each_commit_reaches_the_disk(tmp_path: Path) -> None:
    db = database(tmp_path / "h.db")
    await db.open()
    async with db.write() as connection:
        found = [
            (await connection.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]
    await db.close()


async def test_database_of_a_newer_release_is_refused_and_left_alone(tmp_path: Path) -> None:
    await used(tmp_path / "h.db")
    with sqlite3.connect(tmp_path / "h.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StorageError, match=r"newer release \(tables 9999\)"):
        await used(tmp_path / "h.db")
    connection = sqlite3.connect(tmp_path / "h.db")
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
    connection.close()


async def test_database_of_the_first_release_moves_forward_with_its_data(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/h.db")
    with engine.begin() as connection:
        alembic = configuration()
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, "0001")
        event = "('h', 'c1', '2026-11-23 08:00:00', 'tick', '{}')"
        connection.execute(text(f"INSERT INTO call_events (hotline_id, call_id, at, kind, codes) VALUES {event}"))  # noqa: S608
    engine.dispose()
    db = database(tmp_path / "h.db")
    await db.open()
    assert [step.at for step in await Ledger(db, "h").steps("c1")] == [NINE]
    assert await Promises(db, "h").by_receipt("26-0000-0000") is None
    await db.close()


BEFORE_DISPOSITION = """INSERT INTO dispositions (id, hotline_id, call_id, agent, outcome, request_type, at)
    VALUES (:id, :hotline, 'c1', 'anna', 'forwarded', 'rent', :at)"""
BEFORE_PROMISE = """INSERT INTO promises
    (id, hotline_id, call_id, receipt, request_type, agent, status, created_at, due_at)
    VALUES (:id, :hotline, :call, :id, 'rent', 'anna', 'open', :at, :at)"""


async def test_promises_of_before_find_the_disposition_they_were_made_with(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/h.db")
    with engine.begin() as connection:
        alembic = configuration()
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, "0004")
        for hotline, number in (("other", 3), ("h", 7)):
            row = {"id": number, "hotline": hotline, "at": "2026-11-23 08:00:00"}
            connection.execute(text(BEFORE_DISPOSITION), row)
            connection.execute(text(BEFORE_PROMISE), {**row, "id": f"p-{hotline}", "call": "c1"})
        connection.execute(text(BEFORE_PROMISE), {**row, "id": "p-lost", "call": "c2"})
    engine.dispose()
    db = database(tmp_path / "h.db")
    await db.open()
    async with db.read() as connection:
        found = {row.id: row.disposition_id for row in await connection.execute(select(promises))}
    assert found == {"p-other": 3, "p-h": 7, "p-lost": None}
    await db.close()


async def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "h.db").write_text("Guten Tag " * 200)
    with pytest.raises(StorageError, match="file is damaged or no database"):
        await used(tmp_path / "h.db")


@pytest.mark.parametrize("place", ["missing/h.db", "."])
async def test_place_that_cannot_be_written_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(StorageError, match="cannot be opened"):
        await used(tmp_path / place)


async def test_database_held_by_another_program_is_said_so_and_works_afterwards(tmp_path: Path) -> None:
    db = database(tmp_path / "h.db")
    await db.open()
    ledger = Ledger(db, "h")
    await ledger.note("c1", NINE, "kept")
    other = sqlite3.connect(tmp_path / "h.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="another program holds it"):
        await ledger.joined_line("c1", NINE)
    other.execute("ROLLBACK")
    other.close()
    await ledger.joined_line("c1", NINE)
    assert [step.kind for step in await ledger.steps("c1")] == ["kept", "joined_line"]
    await db.close()


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://host/db", "sqlite://", "sqlite:///:memory:", "postgresql://u:geheim@host"]
)
def test_address_that_is_not_understood_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(StorageError, match="The address of the database") as refused:
        Database(url)
    assert "geheim" not in str(refused.value)


async def test_postgresql_that_cannot_be_reached_is_said_so_without_its_password(unused_tcp_port: int) -> None:
    db = Database(f"postgresql://hotline:geheim@127.0.0.1:{unused_tcp_port}/hotline")
    with pytest.raises(StorageError, match="cannot be used") as refused:
        await db.open()
    assert "geheim" not in str(refused.value)


KILLED = """
import asyncio, os, sys
from tests_promises import forwarded
from hotline.storage import promises
from hotline.storage.database import Database

async def main():
    db = Database(f"sqlite:///{sys.argv[1]}")
    await db.open()
    if sys.argv[2] == "before":
        promises.insert_mail = lambda *given: os.kill(os.getpid(), 9)
    await promises.Promises(db, "h").dispose(forwarded())
    os.kill(os.getpid(), 9)

asyncio.run(main())
"""


@pytest.mark.parametrize(("moment", "stored"), [("before", 0), ("after", 1)])
async def test_process_killed_leaves_promise_and_mail_both_or_neither(tmp_path: Path, moment: str, stored: int) -> None:
    (tmp_path / "tests_promises.py").symlink_to(ROOT / "tests/unit/test_storage_promises.py")
    (tmp_path / "killed.py").write_text(KILLED)
    program = [sys.executable, str(tmp_path / "killed.py"), str(tmp_path / "h.db"), moment]
    ended = subprocess.run(program, cwd=ROOT, capture_output=True, env={"PYTHONPATH": f"{ROOT}:{tmp_path}"})  # noqa: ASYNC221
    assert ended.returncode == -9, ended.stderr.decode()
    db = database(tmp_path / "h.db")
    await db.open()
    assert len(await Outbox(db, "h").due(datetime.now(UTC))) == stored
    assert (await Promises(db, "h").by_receipt("26-4821-7300") is not None) == bool(stored)
    await db.close()
