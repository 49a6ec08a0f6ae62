"""The ledger; the same tests run on PostgreSQL, see tests/system/test_storage_postgresql.py."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from hotline.errors import StorageError
from hotline.storage.database import Database
from hotline.storage.ledger import Ledger
from hotline.storage.tables import PERSONAL, call_events, calls, metadata, offers, outbox
from hotline.storage.versions import Versions
from hotline.storage.views import Earlier

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CALLER = "+4957219999"


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def ledger(db: Database) -> Ledger:
    return Ledger(db, "schaumburg")


def after(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


async def a_call(ledger: Ledger, call_id: str, caller: str | None = CALLER, at: datetime = NINE) -> None:
    await ledger.call_started(call_id, at, "PJSIP/gateway-amt-1", "amt", caller, 1)


async def a_whole_call(ledger: Ledger) -> None:
    await a_call(ledger, "c1")
    await ledger.note("c1", after(1), "greeting_played")
    await ledger.note("c1", after(2), "key_pressed", key="4")
    await ledger.request_type_set("c1", "rent")
    await ledger.joined_line("c1", after(3))
    await ledger.household_number("c1", "123456")
    await ledger.offer_made("o1", "c1", "anna", after(4))
    await ledger.offer_shown("o1", after(5))
    await ledger.offer_closed("o1", after(6), "answered")
    await ledger.answered("c1", "anna", after(6))
    await ledger.talk_ended("c1", after(60))
    await ledger.call_ended("c1", after(61), "caller")


async def test_steps_tell_a_call_in_the_order_in_which_it_happened(ledger: Ledger) -> None:
    await a_whole_call(ledger)
    steps = await ledger.steps("c1")
    assert [step.kind for step in steps] == [
        "call_started",
        "greeting_played",
        "key_pressed",
        "request_type",
        "joined_line",
        "household_number",
        "offer_made",
        "offer_shown",
        "offer_closed",
        "answered",
        "talk_ended",
        "call_ended",
    ]
    assert steps[2].codes == {"key": "4"}
    assert steps[6].agent == "anna"
    assert [step.at for step in steps] == sorted(step.at for step in steps)


async def test_row_of_a_call_holds_its_times_in_utc(ledger: Ledger) -> None:
    await a_whole_call(ledger)
    row = await ledger.call("c1")
    assert row is not None
    assert (row.request_type, row.agent, row.how) == ("rent", "anna", "caller")
    assert (row.started_at, row.joined_at, row.answered_at) == (NINE, after(3), after(6))
    assert (row.talk_ended_at, row.ended_at) == (after(60), after(61))
    assert row.started_at.tzinfo is UTC


async def test_no_ledger_table_holds_what_identifies_the_caller(db: Database, ledger: Ledger) -> None:
    await a_whole_call(ledger)
    async with db.read() as connection:
        rows = {
            table.name: str([tuple(row) for row in await connection.execute(select(table))])
            for table in metadata.sorted_tables
        }
    personal = {table.name for table in PERSONAL}
    holders = {name for name, text in rows.items() if CALLER.lstrip("+") in text or "123456" in text}
    assert holders == {"call_persons"} <= personal


async def test_time_in_another_zone_comes_back_as_the_same_moment(ledger: Ledger) -> None:
    from zoneinfo import ZoneInfo

    await a_call(ledger, "c1", at=datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")))
    row = await ledger.call("c1")
    assert row is not None
    assert row.started_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


async def test_time_without_zone_is_refused(ledger: Ledger) -> None:
    naive = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="zone"):
        await ledger.note("c1", naive, "tick")
    with pytest.raises(Exception, match="zone"):
        await a_call(ledger, "c1", at=naive)


async def test_note_is_stored_by_itself_soon(ledger: Ledger) -> None:
    await ledger.note("c1", NINE, "tick")
    assert await ledger.steps("c1") == []
    async with asyncio.timeout(10):
        while not await ledger.steps("c1"):  # noqa: ASYNC110 - bounded, the database has no event
            await asyncio.sleep(0.02)


async def test_flush_stores_notes_at_once_and_only_once(ledger: Ledger) -> None:
    for number in range(3):
        await ledger.note("c1", after(number), "tick", number=number)
    await ledger.flush()
    await ledger.flush()
    assert [step.codes["number"] for step in await ledger.steps("c1")] == [0, 1, 2]


async def test_failed_transaction_keeps_the_waiting_notes_in_order(db: Database, ledger: Ledger) -> None:
    await a_call(ledger, "c1")
    await ledger.note("c1", after(1), "first")
    again = {"id": "c1", "hotline_id": "schaumburg", "channel": "", "gateway": "", "config_version": 1}
    with pytest.raises(IntegrityError):
        async with db.write() as connection:
            await connection.execute(insert(calls).values(started_at=NINE, **again))
    await ledger.note("c1", after(2), "second")
    await ledger.flush()
    assert [step.kind for step in await ledger.steps("c1")] == ["call_started", "first", "second"]


@pytest.mark.parametrize("text", ["a\0b", "\ud83d", "Ä" * 500, "'; DROP TABLE calls; --", "\x1b[2J"])
async def test_no_text_in_a_note_can_hold_back_the_others(ledger: Ledger, text: str) -> None:
    await ledger.note("c1", NINE, "odd", text=text)
    await ledger.note("c1", NINE, "tick")
    await ledger.flush()
    assert [step.kind for step in await ledger.steps("c1")] == ["odd", "tick"]


async def test_note_refuses_what_is_no_code(ledger: Ledger) -> None:
    with pytest.raises(TypeError):
        await ledger.note("c1", NINE, "tick", value=object())  # type: ignore[arg-type]


async def test_earlier_counts_other_calls_of_the_same_number_only(db: Database, ledger: Ledger) -> None:
    for call_id, caller in (("c1", CALLER), ("c2", CALLER), ("c3", "+495751111"), ("c4", None)):
        await a_call(ledger, call_id, caller)
    await a_call(Ledger(db, "rinteln"), "c5")
    assert await ledger.earlier(CALLER, "c1") == Earlier(calls=1, open_promises=0)
    assert await ledger.earlier(None, "c4") == Earlier(0, 0)


async def test_history_lists_calls_newest_first_and_nothing_for_a_withheld_number(ledger: Ledger) -> None:
    for number in range(3):
        await a_call(ledger, f"c{number}", at=after(number))
    history = await ledger.history(CALLER, "c9")
    assert [call.call_id for call in history.calls] == ["c2", "c1", "c0"]
    assert (await ledger.history(None, "c9")).calls == []


async def test_unended_are_the_calls_without_an_end(ledger: Ledger) -> None:
    for call_id in ("c1", "c2", "c3"):
        await a_call(ledger, call_id)
    await ledger.call_ended("c2", after(5), "caller")
    assert [row.id for row in await ledger.unended()] == ["c1", "c3"]


async def test_first_end_of_a_call_counts(ledger: Ledger) -> None:
    await a_call(ledger, "c1")
    await ledger.call_ended("c1", after(5), "caller")
    await ledger.call_ended("c1", after(9), "asterisk")
    row = await ledger.call("c1")
    assert row is not None
    assert (row.ended_at, row.how) == (after(5), "caller")
    assert [step.kind for step in await ledger.steps("c1")].count("call_ended") == 1


async def test_call_that_is_entered_again_stays_as_it_is(ledger: Ledger) -> None:
    await a_call(ledger, "c1")
    await ledger.call_started("c1", after(9), "PJSIP/other-1", "other", None, 2, fallback=True)
    row = await ledger.call("c1")
    assert row is not None
    assert (row.started_at, row.gateway, row.fallback) == (NINE, "amt", False)
    assert [step.kind for step in await ledger.steps("c1")] == ["call_started"]
    assert await ledger.latest_call_from(CALLER, NINE) == "c1"


async def test_call_that_began_without_the_service_is_marked(ledger: Ledger) -> None:
    await ledger.call_started("c1", NINE, "PJSIP/gateway-amt-1", "amt", CALLER, 1, fallback=True)
    row = await ledger.call("c1")
    assert row is not None
    assert row.fallback


async def test_end_of_a_call_closes_what_was_still_offered(db: Database, ledger: Ledger) -> None:
    await a_call(ledger, "c1")
    await ledger.offer_made("o1", "c1", "anna", after(1))
    await ledger.call_ended("c1", after(5), "service_restarted")
    async with db.read() as connection:
        found = (await connection.execute(select(offers.c.closed_at, offers.c.outcome))).one()
    assert tuple(found) == (after(5), "gone")


async def test_end_of_a_talk_after_the_end_of_its_call_comes_too_late(ledger: Ledger) -> None:
    await a_call(ledger, "c1")
    await ledger.answered("c1", "anna", after(1))
    await ledger.talk_ended("c1", after(4))
    await ledger.call_ended("c1", after(5), "talked")
    await ledger.talk_ended("c1", after(9))
    row = await ledger.call("c1")
    assert row is not None
    assert row.talk_ended_at == after(4)
    assert [step.kind for step in await ledger.steps("c1")].count("talk_ended") == 1


async def test_return_to_the_line_keeps_the_first_time_of_joining(ledger: Ledger) -> None:
    await a_call(ledger, "c1")
    await ledger.joined_line("c1", after(3))
    await ledger.joined_line("c1", after(90))
    row = await ledger.call("c1")
    assert row is not None
    assert row.joined_at == after(3)


async def test_offer_left_open_by_a_crash_is_closed_when_the_agent_gets_the_next(db: Database, ledger: Ledger) -> None:
    await ledger.offer_made("o1", "c1", "anna", NINE)
    await ledger.offer_made("o2", "c2", "anna", after(1))
    async with db.read() as connection:
        found = await connection.execute(select(offers.c["id", "outcome"]).order_by(offers.c.id))
        assert [tuple(row) for row in found] == [("o1", "gone"), ("o2", None)]


@pytest.mark.parametrize(("call_id", "agent"), [("c1", "ben"), ("c2", "anna")])
async def test_database_itself_refuses_two_open_offers_for_an_agent_or_a_call(
    db: Database, ledger: Ledger, call_id: str, agent: str
) -> None:
    await ledger.offer_made("o1", "c1", "anna", NINE)
    row = {"id": "o2", "hotline_id": "schaumburg", "call_id": call_id, "agent": agent, "made_at": NINE}
    with pytest.raises(IntegrityError):
        async with db.write() as connection:
            await connection.execute(insert(offers).values(row))


async def test_end_of_an_offer_stays_what_it_was_first(db: Database, ledger: Ledger) -> None:
    await ledger.offer_made("o1", "c1", "anna", NINE)
    await ledger.offer_closed("o1", after(2), "missed")
    await ledger.offer_closed("o1", after(3), "answered")
    async with db.read() as connection:
        assert (await connection.execute(select(offers.c.outcome))).scalar() == "missed"


async def test_latest_call_from_a_number_since_a_moment(ledger: Ledger) -> None:
    for number in range(3):
        await a_call(ledger, f"c{number}", at=after(number))
    assert await ledger.latest_call_from(CALLER, after(1)) == "c2"
    assert await ledger.latest_call_from(CALLER, after(3)) is None
    assert await ledger.latest_call_from("+4957210", NINE) is None


async def test_none_of_480_concurrent_updates_is_lost(db: Database) -> None:
    """Each reads and then writes, as app code does; SQLite with its defaults kept 60 of 480."""
    async with db.write() as connection:
        row = {"id": 1, "hotline_id": "h", "message_id": "<m@x>", "state": "waiting", "attempts": 0}
        await connection.execute(insert(outbox).values(**row, created_at=NINE, next_try=NINE))

    async def count() -> None:
        async with db.write() as connection:
            found = await connection.execute(select(outbox.c.attempts).where(outbox.c.id == 1).with_for_update())
            await connection.execute(update(outbox).where(outbox.c.id == 1).values(attempts=found.scalar_one() + 1))

    await asyncio.gather(*(count() for _ in range(480)))
    async with db.read() as connection:
        assert (await connection.execute(select(outbox.c.attempts))).scalar_one() == 480


async def test_versions_activated_at_once_get_numbers_of_their_own(db: Database) -> None:
    versions = Versions(db, "schaumburg")
    given = await asyncio.gather(*(versions.activate(f"text {n}", "admin", NINE) for n in range(40)))
    assert sorted(given) == list(range(1, 41))


async def test_reader_sees_one_moment_while_a_writer_is_at_work(db: Database, ledger: Ledger) -> None:
    async with db.write() as connection:
        row = {"id": "c1", "hotline_id": "schaumburg", "channel": "x", "gateway": "amt", "config_version": 1}
        await connection.execute(insert(calls).values(**row, started_at=NINE))
        assert await ledger.unended() == []
    assert [row.id for row in await ledger.unended()] == ["c1"]


async def test_writer_cancelled_in_mid_transaction_leaves_nothing_and_blocks_nobody(
    db: Database, ledger: Ledger
) -> None:
    started = asyncio.Event()

    async def hang() -> None:
        async with db.write() as connection:
            event = {"hotline_id": "schaumburg", "call_id": "c1", "at": NINE, "kind": "lost", "codes": {}}
            await connection.execute(insert(call_events).values(event))
            started.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await a_call(ledger, "c1")
    assert [step.kind for step in await ledger.steps("c1")] == ["call_started"]


async def test_migrations_make_exactly_the_tables_the_code_uses(db: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with db.read() as connection:
        assert await connection.run_sync(differences) == []


async def test_every_table_carries_its_hotline() -> None:
    assert [table.name for table in metadata.sorted_tables if "hotline_id" not in table.c] == []


async def test_closed_database_says_so_plainly(db: Database) -> None:
    await db.close()
    with pytest.raises(StorageError, match="not open"):
        async with db.read():
            pass
