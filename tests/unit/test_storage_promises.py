"""Dispositions, promises, outbox, callbacks; the same tests run on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from hotline.errors import ReceiptTaken, Refused
from hotline.storage.callbacks import Callbacks
from hotline.storage.database import Database
from hotline.storage.ledger import Ledger
from hotline.storage.outbox import NewMail, Outbox
from hotline.storage.promise_steps import PromiseSteps, Sent
from hotline.storage.promises import (
    Disposal,
    NewCallback,
    NewPromise,
    Person,
    Promises,
    new_promise_id,
)
from hotline.storage.tables import PERSONAL, dispositions, metadata, outbox, promise_details, promises
from hotline.storage.views import Earlier

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
CALLER = "+4957219999"
SECRETS = ("Grünwald", "Ayşe", "7654321", "49571112345", "vormittags", "kein Geld", "schaden@")
PERSON = Person("Grünwald", "Ayşe", "7654321", "+49571112345", "vormittags")


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.open()
    yield database
    await database.close()


def settled(call_id: str = "c1") -> Disposal:
    return Disposal(call_id, "anna", NINE, "settled", "rent", note="erledigt")


def forwarded(call_id: str = "c1", receipt: str = "26-4821-7300", message_id: str | None = None) -> Disposal:
    mail = NewMail(message_id or f"<{call_id}@jobcenter.example>", "schaden@jobcenter.example", "Rückfrage", "Text")
    promise = NewPromise(new_promise_id(), receipt, DUE, "Frau Schaden", "schaden@jobcenter.example", "Stadthagen A-K")
    return Disposal(
        call_id,
        "anna",
        NINE,
        "forwarded",
        "rent",
        note="kein Geld",
        form={"new_rent": "512.50"},
        person=PERSON,
        promise=promise,
        mail=mail,
    )


async def counts(db: Database) -> list[int]:
    async with db.read() as connection:
        return [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (dispositions, promises, promise_details, outbox)
        ]


async def test_forwarded_request_is_stored_with_its_promise_and_its_mail(db: Database) -> None:
    await Ledger(db, "h").call_started("c1", NINE, "chan", "amt", CALLER, 1)
    disposal = forwarded()
    await Promises(db, "h").dispose(disposal)
    assert disposal.promise is not None
    row = await Promises(db, "h").by_id(disposal.promise.id)
    assert row is not None
    assert (row.receipt, row.status, row.due_at, row.family_name) == ("26-4821-7300", "open", DUE, "Grünwald")
    assert (row.form, row.note, row.rule) == ({"new_rent": "512.50"}, "kein Geld", "Stadthagen A-K")
    [mail] = await Outbox(db, "h").due(datetime.now(UTC))
    assert (mail.message_id, mail.recipient, mail.body) == ("<c1@jobcenter.example>", row.responsible_email, "Text")


async def test_promise_whose_mail_cannot_be_stored_is_not_stored_either(db: Database) -> None:
    await Promises(db, "h").dispose(forwarded("c1", "26-0000-0001", "<same@x>"))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await Promises(db, "h").dispose(forwarded("c2", "26-0000-0002", "<same@x>"))
    assert await counts(db) == [1, 1, 1, 1]


async def test_no_ledger_table_holds_what_the_agent_wrote(db: Database) -> None:
    await Promises(db, "h").dispose(forwarded())
    personal = {table.name for table in PERSONAL}
    async with db.read() as connection:
        for table in metadata.sorted_tables:
            text = str([tuple(row) for row in await connection.execute(select(table))])
            assert table.name in personal or not any(secret in text for secret in SECRETS), table.name


async def test_erased_details_leave_the_promise_in_the_statistics(db: Database) -> None:
    disposal = forwarded()
    assert disposal.promise is not None
    await Promises(db, "h").dispose(disposal)
    async with db.write() as connection:
        await connection.execute(delete(promise_details))
    row = await Promises(db, "h").by_id(disposal.promise.id)
    assert row is not None
    assert (row.receipt, row.family_name, row.note) == ("26-4821-7300", None, None)


async def test_second_disposal_of_a_call_is_refused_in_german(db: Database) -> None:
    await Promises(db, "h").dispose(settled())
    with pytest.raises(Refused, match="schon abgeschlossen"):
        await Promises(db, "h").dispose(forwarded())
    assert await counts(db) == [1, 0, 0, 0]


async def test_of_twenty_disposals_at_once_exactly_one_is_stored(db: Database) -> None:
    store = Promises(db, "h")
    disposals = [forwarded("c1", f"26-0000-{n:04}", f"<{n}@x>") for n in range(20)]
    results = await asyncio.gather(*(store.dispose(one) for one in disposals), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == [*["AlreadyWritten"] * 19, "NoneType"]
    assert await counts(db) == [1, 1, 1, 1]


async def test_receipt_in_use_is_said_so_that_another_can_be_taken(db: Database) -> None:
    store = Promises(db, "h")
    await store.dispose(forwarded("c1"))
    with pytest.raises(ReceiptTaken):
        await store.dispose(forwarded("c2"))
    await store.dispose(forwarded("c2", "26-1111-1113"))
    await Promises(db, "other").dispose(forwarded("c3"))
    assert await counts(db) == [3, 3, 3, 3]


@pytest.mark.parametrize(
    "broken",
    [
        replace(forwarded(), mail=None),
        replace(forwarded(), promise=None),
        replace(forwarded(), outcome="settled"),
        replace(settled(), outcome="callback"),
        replace(settled(), callback=NewCallback(CALLER, DUE)),
    ],
)
async def test_disposal_with_parts_that_do_not_fit_is_a_mistake_of_the_program(db: Database, broken: Disposal) -> None:
    with pytest.raises(ValueError, match=r"forwarded|callback"):
        await Promises(db, "h").dispose(broken)
    assert await counts(db) == [0, 0, 0, 0]


async def test_callback_as_outcome_becomes_a_task(db: Database) -> None:
    await Promises(db, "h").dispose(replace(settled(), outcome="callback", callback=NewCallback(CALLER, DUE, "123456")))
    [task] = await Callbacks(db, "h").open_tasks()
    assert (task.call_id, task.number, task.due_at, task.household_number) == ("c1", CALLER, DUE, "123456")


async def test_promise_of_another_hotline_is_unknown(db: Database) -> None:
    disposal = forwarded()
    assert disposal.promise is not None
    await Promises(db, "h").dispose(disposal)
    assert await Promises(db, "other").by_id(disposal.promise.id) is None
    with pytest.raises(Refused, match="gibt es nicht"):
        await PromiseSteps(db, "other").kept(Sent(disposal.promise.id, 0, "a", DUE), "phone")


async def test_next_call_of_the_same_number_shows_the_open_promise(db: Database) -> None:
    ledger, store, disposal = Ledger(db, "h"), Promises(db, "h"), forwarded()
    assert disposal.promise is not None
    await ledger.call_started("c1", NINE, "chan", "amt", CALLER, 1)
    await store.dispose(disposal)
    assert await ledger.earlier(CALLER, "c2") == Earlier(calls=1, open_promises=1, people=1)
    history = await ledger.history(CALLER, "c2")
    assert (history.calls[0].outcome, history.calls[0].note) == ("forwarded", "kein Geld")
    assert [(promise.receipt, promise.status) for promise in history.promises] == [("26-4821-7300", "open")]
    assert [row.receipt for row in await store.open_for(CALLER)] == ["26-4821-7300"]
    await PromiseSteps(db, "h").kept(Sent(disposal.promise.id, 0, "a", DUE), "letter")
    assert await ledger.earlier(CALLER, "c2") == Earlier(calls=1, open_promises=0, people=1)
    assert await store.open_for(CALLER) == await store.open_for(None) == []


async def test_steps_name_disposal_and_confirmation(db: Database) -> None:
    ledger, disposal = Ledger(db, "h"), forwarded()
    assert disposal.promise is not None
    await ledger.note("c1", NINE, "wrap_up_began")
    await Promises(db, "h").dispose(disposal)
    await PromiseSteps(db, "h").kept(Sent(disposal.promise.id, 0, "a", DUE), "phone")
    assert [step.kind for step in await ledger.steps("c1")] == ["wrap_up_began", "disposed", "promise_kept"]


async def test_mails_are_due_in_the_order_in_which_they_were_promised(db: Database) -> None:
    for n in range(3):
        await Promises(db, "h").dispose(forwarded(f"c{n}", f"26-0000-{n:04}"))
    store, now = Outbox(db, "h"), datetime.now(UTC)
    first, second, third = await store.due(now)
    await store.failed(first.id, now, "451", now + timedelta(seconds=30))
    await store.sent(second.id, now)
    assert [mail.id for mail in await store.due(now)] == [third.id]
    assert [mail.id for mail in await store.due(now + timedelta(seconds=30))] == [first.id, third.id]
    assert (await store.due(now + timedelta(seconds=30)))[0].attempts == 1


async def test_refused_mail_stays_visible_until_someone_tries_it_again(db: Database) -> None:
    await Promises(db, "h").dispose(forwarded())
    store, now = Outbox(db, "h"), datetime.now(UTC)
    [mail] = await store.due(now)
    await store.refused(mail.id, now, "550")
    assert await store.due(now + timedelta(days=9)) == []
    assert await store.next_try() is None
    assert [(stuck.state, stuck.code) for stuck in await store.stuck()] == [("refused", "550")]
    assert await store.retry(mail.id, now)
    assert [again.message_id for again in await store.due(now)] == [mail.message_id]


async def test_mail_that_waits_is_tried_at_once_and_its_tries_count_anew(db: Database) -> None:
    await Promises(db, "h").dispose(forwarded())
    store, now = Outbox(db, "h"), datetime.now(UTC)
    [mail] = await store.due(now)
    for _ in range(3):
        await store.failed(mail.id, now, "no connection", now + timedelta(minutes=15))
    assert [(stuck.state, stuck.attempts) for stuck in await store.stuck_mails()] == [("waiting", 3)]
    assert await store.retry(mail.id, now)
    assert [again.attempts for again in await store.due(now)] == [0]
    assert await store.stuck_mails() == []


async def test_sent_mail_cannot_become_waiting_again(db: Database) -> None:
    await Promises(db, "h").dispose(forwarded())
    store, now = Outbox(db, "h"), datetime.now(UTC)
    [mail] = await store.due(now)
    await store.sent(mail.id, now)
    await store.failed(mail.id, now, "451", now)
    assert not await store.retry(mail.id, now)
    assert not await Outbox(db, "other").retry(mail.id, now)
    assert await store.due(now + timedelta(days=1)) == []


async def test_mail_of_a_moved_clock_is_due_in_real_time(db: Database) -> None:
    far = datetime.now(UTC) + timedelta(days=300)
    await Promises(db, "h").dispose(replace(forwarded(), at=far))
    assert len(await Outbox(db, "h").due(datetime.now(UTC))) == 1


async def test_callback_is_taken_by_one_agent_of_many(db: Database) -> None:
    store = Callbacks(db, "h")
    task = await store.request("c1", CALLER, "rent", NINE, DUE, None)
    names = [f"agent{n}" for n in range(8)]
    results = await asyncio.gather(*(store.take(task, name) for name in names), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", *["Refused"] * 7]
    winner = names[results.index(None)]
    await store.take(task, winner)
    assert [one.taken_by for one in await store.open_tasks()] == [winner]


async def test_callback_given_back_is_free_and_finished_is_gone(db: Database) -> None:
    store = Callbacks(db, "h")
    task = await store.request("c1", CALLER, None, NINE, DUE, None)
    await store.take(task, "anna")
    await store.give_back(task, "ben")
    with pytest.raises(Refused, match="jemand anders"):
        await store.finish(task, "ben", "reached", "", NINE)
    await store.give_back(task, "anna")
    await store.finish(task, "ben", "reached", "alles geklärt", NINE)
    assert await store.open_tasks() == []
    with pytest.raises(Refused, match="schon erledigt"):
        await store.take(task, "anna")
