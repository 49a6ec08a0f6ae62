"""What becomes of a promise: each step once, with its change, its words and its mails; the same on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from hotline.errors import Refused
from hotline.storage.database import Database
from hotline.storage.ledger import Ledger
from hotline.storage.outbox import NewMail, Outbox
from hotline.storage.promise_steps import MOST_STEPS, Holder, PromiseSteps, Sent
from hotline.storage.promises import Disposal, NewPromise, Person, PromiseRow, Promises, new_promise_id
from hotline.storage.tables import PERSONAL, metadata, promise_details, promise_texts

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
CALLER = "+4957219999"
FALKE, HEINE = "falke@jobcenter.example", "heine@jobcenter.example"
TO_HEINE = Holder("Frau Heine", HEINE, "Weitergegeben von Frau Falke", team=False)
SECRETS = ("Grünwald", "krank", "Frau Heine", HEINE, "Angehörige")


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    yield database
    await database.close()


async def promised(db: Database, call_id: str = "c1", receipt: str = "26-4821-7300", reason: str = "") -> str:
    """A promise made in that call; returns its id."""
    promise = NewPromise(new_promise_id(), receipt, DUE, "Frau Falke", FALKE, "Stadthagen A-K", reason)
    person = Person("Grünwald", "Ayşe", "7654321", "+49571112345", "vormittags")
    disposal = Disposal(call_id, "anna", NINE, "forwarded", "rent", person=person, promise=promise, mail=mail(call_id))
    await Ledger(db, "h").call_started(call_id, NINE, f"chan-{call_id}", "amt", CALLER, 1)
    await Promises(db, "h").dispose(disposal)
    return promise.id


def mail(name: str, recipient: str = FALKE) -> NewMail:
    return NewMail(f"<{name}@jobcenter.example>", recipient, "Rückfrage", "Text")


def sent(promise_id: str, once: str = "a", text: str = "", holder: int = 0, at: datetime = NINE) -> Sent:
    return Sent(promise_id, holder, once, at, text)


async def row(db: Database, promise_id: str) -> PromiseRow:
    found = await Promises(db, "h").by_id(promise_id)
    assert found is not None
    return found


async def kinds(db: Database, promise_id: str) -> list[str]:
    return [step.kind for step in await PromiseSteps(db, "h").of(promise_id)]


async def test_promise_is_kept_once_even_by_five_at_once(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db)
    results = await asyncio.gather(*(steps.kept(sent(promise_id, f"{n}"), "phone") for n in range(5)))
    assert sorted(results) == [False] * 4 + [True]
    found = await row(db, promise_id)
    assert (found.status, found.how, found.kept_at) == ("kept", "phone", NINE)
    assert await kinds(db, promise_id) == ["made", "kept"]


async def test_words_are_kept_with_the_first_confirmation(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db)
    assert await steps.kept(sent(promise_id, "a", "Bescheid geht heute\0 raus"), "letter") is True
    assert await steps.kept(sent(promise_id, "b", "zu spät"), "phone") is False
    [_, kept] = await steps.of(promise_id)
    assert (kept.codes["how"], kept.text, kept.who) == ("letter", "Bescheid geht heute raus", "case_worker")


async def test_form_sent_twice_counts_one_try_and_a_new_one_the_next(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db)
    again = [await steps.not_reached(sent(promise_id, once)) for once in ("a", "a", "b")]
    assert again == [True, False, True]
    found = await row(db, promise_id)
    assert (found.tries, found.status) == (2, "open")


async def test_promise_put_off_is_due_later_and_says_why(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db)
    await steps.postponed(sent(promise_id, "a", "Kollege krank"), LATER)
    assert await steps.postponed(sent(promise_id, "a", "Kollege krank"), LATER + timedelta(days=3)) is False
    assert (await row(db, promise_id)).due_at == LATER
    [_, put_off] = await steps.of(promise_id)
    assert (put_off.codes["due"], put_off.text) == (LATER.isoformat(), "Kollege krank")


async def test_promise_handed_on_has_another_holder_and_a_mail_in_the_same_transaction(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db)
    assert await steps.handed_on(sent(promise_id, "a", "zieht um"), TO_HEINE, mail("next", HEINE))
    found = await row(db, promise_id)
    assert (found.responsible_name, found.responsible_email, found.handed_on) == ("Frau Heine", HEINE, 1)
    assert [one.recipient for one in await Outbox(db, "h").due(datetime.now(UTC))] == [FALKE, HEINE]


async def test_handing_on_whose_mail_cannot_be_stored_changes_nothing(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await steps.handed_on(sent(promise_id), TO_HEINE, mail("c1", HEINE))
    assert (await row(db, promise_id)).responsible_email == FALKE
    assert await kinds(db, promise_id) == ["made"]


async def test_link_of_before_the_handing_on_changes_nothing_any_more(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db)
    await steps.handed_on(sent(promise_id), TO_HEINE, mail("next", HEINE))
    late = sent(promise_id, "b")
    assert [await steps.kept(late, "phone"), await steps.not_reached(late), await steps.postponed(late, LATER)] == [
        False
    ] * 3
    assert await steps.kept(replace(late, holder=1), "phone") is True


async def test_of_two_handed_on_at_once_one_counts(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db)
    team = Holder("Team-Postfach", "team@jobcenter.example", "", team=True)
    results = await asyncio.gather(
        steps.handed_on(sent(promise_id, "a"), TO_HEINE, mail("one", HEINE)),
        steps.handed_on(sent(promise_id, "b"), team, mail("two", team.email)),
    )
    assert sorted(results) == [False, True]
    assert len(await Outbox(db, "h").due(datetime.now(UTC))) == 2


async def test_steps_are_bounded_but_keeping_is_always_possible(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db)
    for count in range(MOST_STEPS):
        await steps.not_reached(sent(promise_id, f"{count}"))
    with pytest.raises(Refused, match="sehr viele"):
        await steps.not_reached(sent(promise_id, "more"))
    assert await steps.kept(sent(promise_id, "last"), "phone")


async def test_why_the_agent_chose_somebody_else_is_kept_with_the_promise(db: Database) -> None:
    promise_id = await promised(db, reason="kennt die Familie")
    [made] = await PromiseSteps(db, "h").of(promise_id)
    assert (made.kind, made.who, made.text, made.codes) == ("made", "anna", "kennt die Familie", {"chosen": True})


async def test_no_ledger_table_holds_what_was_reported(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db, reason="Angehörige")
    await steps.postponed(sent(promise_id, "a", "krank"), LATER)
    await steps.handed_on(sent(promise_id, "b", "Grünwald"), TO_HEINE, mail("next", HEINE))
    personal = {table.name for table in PERSONAL}
    async with db.read() as connection:
        for table in metadata.sorted_tables:
            text = str([tuple(row) for row in await connection.execute(select(table))])
            assert table.name in personal or not any(secret in text for secret in SECRETS), table.name


async def test_erased_words_leave_the_steps(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db)
    await steps.not_reached(sent(promise_id, "a", "krank"))
    async with db.write() as connection:
        await connection.execute(delete(promise_texts))
    assert [step.text for step in await steps.of(promise_id)] == [None, None]


# --- reminder and escalation -----------------------------------------------------------------


async def test_reminder_goes_into_the_outbox_once_for_a_due_time(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db)
    mails = [[mail(f"r{n}")] for n in range(3)]
    results = await asyncio.gather(*(steps.remind(promise_id, DUE, NINE, one) for one in mails))
    assert sorted(results) == [False, False, True]
    assert len(await Outbox(db, "h").due(datetime.now(UTC))) == 2
    assert await kinds(db, promise_id) == ["made", "reminded"]


async def test_promise_put_off_is_reminded_again_and_not_for_its_old_due_time(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db)
    await steps.remind(promise_id, DUE, NINE, [mail("r1")])
    await steps.postponed(sent(promise_id, at=NINE + timedelta(hours=1)), LATER)
    [due] = await steps.due_until(LATER)
    assert (due.due, due.reminded, due.since) == (LATER, False, NINE + timedelta(hours=1))
    assert await steps.remind(promise_id, DUE, NINE, [mail("r2")]) is False
    assert await steps.remind(promise_id, LATER, NINE, [mail("r3")]) is True


async def test_escalated_promise_is_not_looked_at_again_until_it_is_put_off(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db)
    assert await steps.escalate(promise_id, DUE, DUE, [mail("e1"), mail("e2", HEINE)]) is True
    assert await steps.due_until(LATER) == []
    await steps.postponed(sent(promise_id), LATER)
    assert [one.id for one in await steps.due_until(LATER)] == [promise_id]


async def test_kept_promise_is_neither_reminded_nor_escalated(db: Database) -> None:
    steps, promise_id = PromiseSteps(db, "h"), await promised(db)
    await steps.kept(sent(promise_id), "phone")
    assert await steps.due_until(LATER) == []
    assert await steps.remind(promise_id, DUE, NINE, [mail("r")]) is False
    assert await steps.escalate(promise_id, DUE, NINE, [mail("e")]) is False


async def test_due_promises_come_with_their_holder_and_without_erased_addresses(db: Database) -> None:
    steps, first, second = PromiseSteps(db, "h"), await promised(db), await promised(db, "c2", "26-1111-1113")
    await steps.handed_on(sent(first), TO_HEINE, mail("next", HEINE))
    async with db.write() as connection:
        await connection.execute(delete(promise_details).where(promise_details.c.promise_id == second))
    due = {one.id: one for one in await steps.due_until(DUE)}
    assert (due[first].holder, due[first].responsible_email, due[first].receipt) == (1, HEINE, "26-4821-7300")
    assert (due[second].holder, due[second].responsible_email, due[second].since) == (0, None, NINE)
    assert await PromiseSteps(db, "other").due_until(LATER) == []


# --- mails that do not arrive ----------------------------------------------------------------


async def test_refused_mail_is_noted_with_its_promise_and_shown_to_the_lead(db: Database) -> None:
    promise_id, store, now = await promised(db), Outbox(db, "h"), datetime.now(UTC)
    [waiting] = await store.due(now)
    await store.refused(waiting.id, now, "550")
    [stuck] = await store.stuck_mails()
    assert (stuck.state, stuck.code, stuck.receipt, stuck.recipient) == ("refused", "550", "26-4821-7300", FALKE)
    assert (stuck.promise_id, stuck.responsible, stuck.due_at) == (promise_id, "Frau Falke", DUE)
    assert await kinds(db, promise_id) == ["made", "refused"]


async def test_bounced_mail_is_noted_once(db: Database) -> None:
    promise_id, store, now = await promised(db), Outbox(db, "h"), datetime.now(UTC)
    [waiting] = await store.due(now)
    await store.sent(waiting.id, now)
    assert await store.stuck_mails() == []
    assert await store.bounced(["<strange@x>", "<c1@jobcenter.example>"], now, "5.1.1") == 1
    assert await store.bounced(["<c1@jobcenter.example>"], now, "5.1.1") == 0
    assert [(one.state, one.code) for one in await store.stuck_mails()] == [("bounced", "5.1.1")]
    assert await kinds(db, promise_id) == ["made", "bounced"]
    await store.retry(waiting.id, now)
    assert [one.message_id for one in await store.due(now)] == ["<c1@jobcenter.example>"]


async def test_mail_that_bounces_before_it_is_noted_as_sent_stays_bounced(db: Database) -> None:
    await promised(db)
    store, now = Outbox(db, "h"), datetime.now(UTC)
    [waiting] = await store.due(now)
    await store.bounced([waiting.message_id], now, "5.2.2")
    await store.sent(waiting.id, now)
    assert [one.state for one in await store.stuck_mails()] == ["bounced"]


async def test_lost_mail_of_a_kept_promise_is_no_trouble_any_more(db: Database) -> None:
    promise_id, store, now = await promised(db), Outbox(db, "h"), datetime.now(UTC)
    await store.bounced(["<c1@jobcenter.example>"], now, "5.1.1")
    await PromiseSteps(db, "h").kept(sent(promise_id), "phone")
    assert await store.stuck_mails() == []


async def test_bounce_of_another_hotline_changes_nothing(db: Database) -> None:
    await promised(db)
    assert await Outbox(db, "other").bounced(["<c1@jobcenter.example>"], NINE, "5.1.1") == 0


# --- when the client calls again --------------------------------------------------------------


async def test_next_call_shows_how_the_promise_stands(db: Database) -> None:
    ledger, steps, promise_id = Ledger(db, "h"), PromiseSteps(db, "h"), await promised(db)
    await steps.not_reached(sent(promise_id, "a"))
    await steps.postponed(sent(promise_id, "b"), LATER)
    await Outbox(db, "h").bounced(["<c1@jobcenter.example>"], NINE, "5.1.1")
    [past] = (await ledger.history(CALLER, "c2")).promises
    assert (past.tries, past.postponed, past.handed_on, past.undelivered) == (1, 1, 0, True)
    assert (past.responsible_name, past.due_at) == ("Frau Falke", LATER)
    await steps.handed_on(sent(promise_id, "c"), TO_HEINE, mail("next", HEINE))
    [past] = (await ledger.history(CALLER, "c2")).promises
    assert (past.handed_on, past.responsible_name, bool(past.undelivered)) == (1, "Frau Heine", False)
