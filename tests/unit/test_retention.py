"""What was kept long enough is deleted, really and in small steps; what is still needed stays."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.sql.schema import Table

from config.schema import HotlineConfig, Retention
from hotline.clock import Clock
from hotline.errors import StorageError
from hotline.storage import expiry as expiry_module
from hotline.storage import tables as t
from hotline.storage.audit import Audit
from hotline.storage.database import Database
from hotline.storage.expiry import KINDS, Before, Expiry
from hotline.storage.outbox import Outbox
from hotline.workplace import retention as retention_module
from hotline.workplace.retention import Retaining, kept

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
OLD, YOUNG = NOW - timedelta(days=91), NOW - timedelta(days=89)
REAL = Clock(system=lambda: NOW)
DOCUMENT = Path(__file__).parents[2] / "docs" / "de" / "aufbewahrung.md"


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def retaining(db: Database, config: HotlineConfig) -> Retaining:
    return Retaining(Expiry(db, "h"), Audit(db, "h"), lambda: (1, config), REAL)


async def put(db: Database, table: Table, **values: Any) -> Any:
    async with db.write() as connection:
        done = await connection.execute(insert(table).values({"hotline_id": "h", **values}))
        return done.inserted_primary_key[0] if done.inserted_primary_key else None


async def count(db: Database, table: Table) -> int:
    async with db.read() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def a_call(db: Database, at: datetime, *, ended: bool = True, promise: str | None = None, **kept_at: Any) -> str:
    """A call with everything that can be written about it; `promise` is its status."""
    call = f"call-{at:%j%H%M}-{promise}-{kept_at.get('kept_at')}"
    once = {"call_id": call}
    await put(
        db, t.calls, id=call, channel="c", gateway="g", config_version=1, started_at=at, ended_at=at if ended else None
    )
    await put(db, t.call_persons, caller="+495722123456", household_number="31402123456", **once)
    await put(db, t.call_handovers, agent="anna", how="blind", note="Hinweis", form={}, **once)
    await put(db, t.drafts, agent="anna", fields={"note": "Entwurf"}, saved_at=at, **once)
    done = await put(db, t.dispositions, agent="anna", outcome="settled", request_type="rent", at=at, **once)
    await put(db, t.disposition_details, disposition_id=done, note="Notiz", form={"x": "y"})
    if promise is not None:
        await a_promise(db, call, at, promise, **kept_at)
    return call


async def a_promise(db: Database, call: str, at: datetime, status: str, kept_at: datetime | None = None) -> None:
    own = {"promise_id": f"p-{call}"}
    person = {"family_name": "Kruse", "given_name": "Sabine", "household_number": "1", "phone": "+491", "best_time": ""}
    row = {"agent": "anna", "request_type": "rent", "created_at": at, "due_at": at, "call_id": call}
    await put(db, t.promises, id=own["promise_id"], receipt=call[-20:], status=status, kept_at=kept_at, **row)
    who = {"responsible_name": "F", "responsible_email": "f@x", "rule": "r"}
    await put(db, t.promise_details, form={}, **person, **who, **own)
    event = await put(db, t.promise_events, at=at, kind="kept", codes={}, **own)
    await put(db, t.promise_texts, event_id=event, text="Antwort")
    mail = await put(
        db, t.outbox, message_id=call, state="sent", attempts=1, created_at=at, next_try=at, sent_at=at, **own
    )
    await put(db, t.outbox_mails, outbox_id=mail, recipient="f@x", subject="s", body="b")
    message = await put(db, t.short_messages, state="sent", attempts=1, created_at=at, next_try=at, **own)
    await put(db, t.short_message_texts, message_id=message, number="+491", text="SMS")


async def personal(db: Database) -> dict[str, int]:
    return {table.name: found for table in t.PERSONAL if (found := await count(db, table))}


async def test_everything_about_an_old_call_is_deleted_and_the_ledger_stays(db: Database, retaining: Retaining) -> None:
    await a_call(db, OLD, promise="kept", kept_at=OLD)
    assert await retaining.delete_expired() == 9 - 1  # no callback
    assert await personal(db) == {}
    ledger = (t.calls, t.dispositions, t.promises, t.promise_events, t.outbox, t.short_messages)
    assert [await count(db, table) for table in ledger] == [1] * 6


async def test_young_call_is_untouched(db: Database, retaining: Retaining) -> None:
    await a_call(db, YOUNG, promise="kept", kept_at=YOUNG)
    assert await retaining.delete_expired() == 0


@pytest.mark.parametrize(("status", "kept_at"), [("open", None), ("kept", YOUNG)], ids=["open", "kept yesterday"])
async def test_what_a_promise_needs_stays_until_long_after_it_is_kept(
    db: Database, retaining: Retaining, status: str, kept_at: datetime | None
) -> None:
    await a_call(db, OLD, promise=status, kept_at=kept_at)
    await retaining.delete_expired()
    left = await personal(db)
    needed = {
        "call_persons",
        "call_handovers",
        "disposition_details",
        "promise_details",
        "promise_texts",
        "outbox_mails",
    }
    assert needed <= set(left)
    assert "drafts" not in left


async def test_call_that_is_going_on_is_untouched_however_long(db: Database, retaining: Retaining) -> None:
    await a_call(db, OLD, ended=False)
    await retaining.delete_expired()
    assert "call_persons" in await personal(db)


@pytest.mark.parametrize(("finished", "left"), [(OLD, 0), (YOUNG, 1), (None, 1)])
async def test_callback_is_forgotten_long_after_it_is_finished(
    db: Database, retaining: Retaining, finished: datetime | None, left: int
) -> None:
    row = {"call_id": "c", "requested_at": OLD, "due_at": OLD, "finished_at": finished}
    task = await put(db, t.callbacks, **row)
    await put(db, t.callback_persons, callback_id=task, number="+491", note="Notiz")
    await put(db, t.call_persons, call_id="c", caller="+491")
    await retaining.delete_expired()
    assert await count(db, t.callback_persons) == left
    assert await count(db, t.call_persons) == left


async def test_waiting_mail_or_short_message_is_never_deleted(db: Database, retaining: Retaining) -> None:
    mail = await put(db, t.outbox, message_id="m", state="waiting", attempts=9, created_at=OLD, next_try=OLD)
    await put(db, t.outbox_mails, outbox_id=mail, recipient="f@x", subject="s", body="b")
    message = await put(db, t.short_messages, promise_id="p", state="waiting", attempts=1, created_at=OLD, next_try=OLD)
    await put(db, t.short_message_texts, message_id=message, number="+491", text="SMS")
    assert await retaining.delete_expired() == 0


async def test_states_go_after_a_month_but_everybodys_last_wish_stays(db: Database, retaining: Retaining) -> None:
    for day in (31, 32, 40):
        at = NOW - timedelta(days=day)
        await put(db, t.agent_states, agent="anna", at=at, state="ready", cause="x")
        await put(db, t.presences, agent="anna", at=at, intent="ready")
    await put(db, t.presences, agent="ben", at=NOW - timedelta(days=99), intent="home")
    await retaining.delete_expired()
    assert await count(db, t.agent_states) == 0
    assert await count(db, t.presences) == 2


async def test_audit_goes_after_a_year_and_the_deletion_is_in_it(db: Database, retaining: Retaining) -> None:
    log = Audit(db, "h")
    await log.record(NOW - timedelta(days=366), "anna", "login")
    await log.record(NOW - timedelta(days=364), "anna", "login")
    await retaining.delete_expired()
    assert [(row.who, row.action, row.subject) for row in await log.rows(9)] == [
        ("hotline", "retention", "1"),
        ("anna", "login", None),
    ]


async def test_alarms_go_after_a_year_and_old_notes_lose_their_authors_name(db: Database, retaining: Retaining) -> None:
    for days in (366, 364):
        at = NOW - timedelta(days=days)
        await put(db, t.alarms, kind="threat", call_id=f"c{days}", agent="anna", seen_by="lena", at=at, seen_at=at)
        await put(db, t.knowledge, request_type="rent", text=f"Hinweis {days}", author="lena", at=at)
    assert await retaining.delete_expired() == 2
    async with db.read() as connection:
        assert (await connection.execute(select(t.alarms.c.call_id))).scalars().all() == ["c364"]
        notes = (await connection.execute(select(t.knowledge.c["text", "author"]))).all()
    assert [tuple(note) for note in notes] == [("Hinweis 366", ""), ("Hinweis 364", "lena")]
    assert await retaining.delete_expired() == 0


def test_every_table_with_a_name_has_a_time_after_which_it_goes() -> None:
    """Names of agents and users; where it stays on purpose there is a reason."""
    names = {"agent", "author", "who", "by", "seen_by", "ended_by", "user_name"}
    ledger = {"call_events", "offers", "dispositions", "promises", "promise_events"}  # times and codes of the ledger
    accounts = {"sessions", "config_versions", "config_drafts", "erasures"}  # expire or stay with what they secure
    named = {table.name for table in t.metadata.sorted_tables if names & set(table.c.keys())}
    assert named - {"calls", *ledger, *accounts} <= {kind.table.name for kind in KINDS}


async def test_rows_of_another_hotline_are_not_ours(db: Database, retaining: Retaining) -> None:
    await put(db, t.agent_states, hotline_id="other", agent="anna", at=OLD, state="ready", cause="x")
    assert await retaining.delete_expired() == 0


MOVED = timedelta(days=365)


async def test_what_has_real_times_ages_in_real_time(db: Database, config: HotlineConfig) -> None:
    """Business time is a year ahead: what was just written down by the real clock is young."""
    waiting = {"attempts": 1, "created_at": NOW, "next_try": NOW}
    mail = await put(db, t.outbox, message_id="m", state="sent", **waiting)
    await put(db, t.outbox_mails, outbox_id=mail, recipient="f@x", subject="s", body="b")
    message = await put(db, t.short_messages, promise_id="p", state="sent", **waiting)
    await put(db, t.short_message_texts, message_id=message, number="+491", text="SMS")
    log = Audit(db, "h")
    await log.record(NOW - timedelta(days=1), "anna", "login")
    assert (
        await Retaining(Expiry(db, "h"), log, lambda: (1, config), Clock(MOVED, system=lambda: NOW)).delete_expired()
        == 0
    )


@pytest.mark.parametrize("sign", [1, -1], ids=["ahead", "behind"])
async def test_what_has_business_times_ages_in_business_time(db: Database, config: HotlineConfig, sign: int) -> None:
    moved = Clock(sign * MOVED, system=lambda: NOW)
    for age in (timedelta(days=91), timedelta(days=89)):
        at = moved.now() - age
        call = await a_call(db, at)
        task = await put(db, t.callbacks, call_id=call, requested_at=at, due_at=at, finished_at=at)
        await put(db, t.callback_persons, callback_id=task, number="+491", note="Notiz")
    for age in (366, 364):
        at = moved.now() - timedelta(days=age)
        await put(db, t.notices, kind="message", text="x", author="leitung", at=at, until=at)
    for age in (31, 29):
        await put(db, t.agent_states, agent="anna", at=moved.now() - timedelta(days=age), state="ready", cause="x")
    await Retaining(Expiry(db, "h"), Audit(db, "h"), lambda: (1, config), moved).delete_expired()
    once = ("call_persons", "call_handovers", "drafts", "disposition_details", "callback_persons")
    assert await personal(db) == dict.fromkeys(once, 1)
    assert [await count(db, table) for table in (t.notices, t.agent_states)] == [1, 1]


async def test_mail_whose_text_has_expired_is_not_sent_again(db: Database, retaining: Retaining) -> None:
    mail = await put(db, t.outbox, message_id="m", state="refused", attempts=1, created_at=OLD, next_try=OLD)
    await put(db, t.outbox_mails, outbox_id=mail, recipient="f@x", subject="s", body="b")
    outbox = Outbox(db, "h")
    assert await outbox.retry(mail, OLD)
    assert await outbox.next_try() == OLD
    await outbox.refused(mail, OLD, "550")
    assert await retaining.delete_expired() == 1
    assert not await outbox.retry(mail, NOW)
    async with db.write() as connection:
        await connection.execute(t.outbox.update().values(state="waiting"))
    assert await outbox.next_try() is None, "the sender would look for it for ever"


async def test_many_rows_go_in_small_transactions(
    db: Database, retaining: Retaining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry_module, "BATCH", 3)
    for _ in range(10):
        await put(db, t.agent_states, agent="anna", at=OLD, state="ready", cause="x")
    states = next(kind for kind in KINDS if kind.table is t.agent_states)
    assert await Expiry(db, "h").delete_some(states, Before(NOW, NOW)) == 3
    assert await retaining.delete_expired() == 7


async def test_deleted_text_is_in_no_file_of_the_database_any_more(
    db: Database, retaining: Retaining, tmp_path: Path
) -> None:
    secret = "Zwetschgenkuchen-" * 400  # over several pages of the file
    done = await put(db, t.dispositions, call_id="c", agent="anna", outcome="settled", request_type="rent", at=OLD)
    await put(db, t.disposition_details, disposition_id=done, note=secret, form={"grund": "Quittengelee"})
    await put(db, t.call_persons, call_id="c", caller="+495722998877", household_number="31402998877")
    words = [b"Zwetschgenkuchen", b"Quittengelee", b"+495722998877", b"31402998877"]
    assert [word for word in words if found(tmp_path, word)] == words
    await retaining.delete_expired()
    assert [word for word in words if found(tmp_path, word)] == []


def found(directory: Path, word: bytes) -> bool:
    return any(word in file.read_bytes() for file in directory.glob("hotline.db*"))


async def test_reader_in_the_way_only_delays_the_scrubbing(db: Database, tmp_path: Path) -> None:
    await put(db, t.call_persons, call_id="c", caller="+495722998877")
    async with db.read() as connection:
        await connection.execute(select(t.call_persons))
        assert not await db.scrub()
    assert await db.scrub()


async def test_task_runs_after_the_start_and_then_each_night(
    retaining: Retaining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_module, "AFTER_START", 0.0)
    monkeypatch.setattr(retention_module, "LOOK_SECONDS", 0.001)
    nights: asyncio.Queue[datetime] = asyncio.Queue()
    now, tries = [NOW], [StorageError("locked")]
    retaining._clock = Clock(system=lambda: now[0])

    async def delete() -> int:
        nights.put_nowait(now[0])
        if tries:
            raise tries.pop()
        return 0

    retaining.delete_expired = delete  # type: ignore[method-assign]
    running = asyncio.create_task(retaining.run())
    async with asyncio.timeout(10):
        assert [await nights.get(), await nights.get()] == [NOW, NOW], "what failed is tried again"
        now[0] += timedelta(hours=1, minutes=29)
        await asyncio.sleep(0.05)
        now[0] += timedelta(minutes=2)  # 03:31 in Berlin
        assert await nights.get() == now[0], "once a night"
    running.cancel()


def test_every_personal_table_has_a_time_after_which_it_is_deleted() -> None:
    assert {table.name for table in t.PERSONAL} <= {kind.table.name for kind in KINDS}
    assert {kind.setting for kind in KINDS} == set(Retention.model_fields)


def test_document_shows_what_is_kept_for_how_long() -> None:
    lines = ["| Was | Tage | ab | Einstellung |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.what} | {row.days} | {row.since} | `{row.setting}` |" for row in kept(Retention())]
    assert "\n".join(lines) in DOCUMENT.read_text("utf-8")
