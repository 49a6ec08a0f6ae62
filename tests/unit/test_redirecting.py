"""A mail that did not arrive: the same one once more, or another one to somebody else."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from config.schema import HotlineConfig
from hotline.errors import Refused
from hotline.mail.sender import MailSender
from hotline.storage.audit import Audit
from hotline.storage.outbox import OutboxMail
from hotline.storage.redirects import Redirects
from hotline.storage.search import Finder
from hotline.storage.tables import outbox
from hotline.workplace.redirecting import MailsAgain
from hotline.workplace.search import Search
from tests.unit.promise_office import FALKE, GUENTHER, HEINE, MONDAY, TUESDAY_EVENING, Office, opened


@pytest.fixture
async def office(tmp_path: Path, config: HotlineConfig) -> AsyncIterator[Office]:
    async with opened(tmp_path, config) as office:
        yield office


def again(office: Office, sender: Any = None) -> MailsAgain:
    redirects, by_mail = Redirects(office.db, office.hotline), (office.links, sender or office.sender)
    return MailsAgain(lambda: (1, office.config), redirects, *by_mail, office.journal, office.clock)


async def bounced(office: Office, receipt: str = "26-4821-7300") -> int:
    """The number of the mail about that promise, which came back."""
    assert await office.outbox.bounced([f"<{receipt}@jobcenter.example>"], MONDAY, "5.1.1") == 1
    return next(mail.id for mail in await office.outbox.stuck_mails() if mail.receipt == receipt)


async def stored(office: Office) -> list[tuple[str, str, str | None]]:
    """Message-ID, state and promise of all mails."""
    async with office.db.read() as connection:
        rows = await connection.execute(select(*outbox.c["message_id", "state", "promise_id"]).order_by(outbox.c.id))
        return [tuple(row) for row in rows]


def token(mail: OutboxMail) -> str:
    found = re.search(r"/promise/(\S+)", mail.body)
    assert found
    return found[1]


async def audited(office: Office) -> list[tuple[str, str, str | None]]:
    return [(row.who, row.action, row.subject) for row in await Audit(office.db, office.hotline).rows(10)]


async def test_the_new_mail_has_its_own_message_id_and_belongs_to_the_same_promise(office: Office) -> None:
    promise = await office.promise()
    number = await bounced(office)
    await again(office).redirect(number, GUENTHER, "lena")
    before, after = await stored(office)
    assert before == ("<26-4821-7300@jobcenter.example>", "replaced", promise)
    assert after[1:] == ("waiting", promise)
    assert after[0] != before[0]
    assert await audited(office) == [("lena", "mail_redirected", "26-4821-7300")]
    assert office.sender.woken == 1


async def test_the_same_mail_once_more_keeps_its_message_id(office: Office) -> None:
    await office.promise()
    number = await bounced(office)
    assert await again(office, MailSender(office.outbox, office.config.mail, office.clock)).retry(number)
    [mail] = await office.mails()
    assert (mail.message_id, mail.recipient) == ("<26-4821-7300@jobcenter.example>", FALKE)


async def test_whoever_gets_it_instead_of_the_case_worker_answers_from_now_on(office: Office) -> None:
    promise = await office.promise()
    old = office.links.token(promise)
    await again(office).redirect(await bounced(office), GUENTHER, "lena")
    row = await office.promises.by_id(promise)
    assert row is not None
    assert (row.responsible_email, row.responsible_name, row.handed_on) == (GUENTHER, "Herr Günther", 1)
    assert row.rule == "Von der Leitung ausgewählt: E-Mail an Frau Falke kam nicht an"
    [mail] = await office.mails()
    assert mail.recipient == GUENTHER
    assert "wurde an Sie weitergegeben" in mail.body
    page = await office.work.page(token(mail))
    assert page is not None
    assert page["status"] == "open"
    assert [(step["words"], step["text"]) for step in page["steps"]] == [
        ("Weitergegeben", "Die E-Mail an Frau Falke kam nicht an.")
    ]
    assert await office.work.page(old) == {
        "receipt": "26-4821-7300",
        "status": "handed_on",
        "holder": "Herr Günther",
    }


async def test_the_promise_is_no_trouble_any_more_and_the_new_mail_can_come_back_too(office: Office) -> None:
    promise = await office.promise()
    mails = again(office)
    await mails.redirect(await bounced(office), GUENTHER, "lena")
    assert await office.outbox.stuck_mails() == []
    [mail] = await office.mails()
    assert await office.outbox.bounced([mail.message_id], MONDAY, "5.1.1") == 1
    [stuck] = await office.outbox.stuck_mails()
    assert (stuck.recipient, stuck.to_holder) == (GUENTHER, True)
    await mails.redirect(stuck.id, "team", "lena")
    row = await office.promises.by_id(promise)
    assert row is not None
    assert (row.responsible_email, row.handed_on) == (office.config.mail.team_mailbox, 2)
    assert await office.kinds(promise) == ["made", "bounced", "handed_on", "bounced", "handed_on"]


async def test_other_mails_to_the_same_address_about_the_promise_need_no_care_either(office: Office) -> None:
    promise = await office.promise()
    other = await office.promise("26-1177-3042")
    office.time = TUESDAY_EVENING.replace(hour=15)
    assert await office.watch.look() == 2
    reminders = await office.mails()
    await office.outbox.bounced([mail.message_id for mail in reminders], MONDAY, "5.1.1")
    await again(office).redirect(await bounced(office), GUENTHER, "lena")
    left = await office.outbox.stuck_mails()
    assert [mail.promise_id for mail in left] == [other], "the other promise's reminder"
    assert [state for _, state, its in await stored(office) if its == promise] == ["replaced", "replaced", "waiting"]


async def test_a_reminder_to_somebody_else_changes_nothing_about_who_answers(office: Office) -> None:
    promise = await office.promise(due=MONDAY)
    assert await office.watch.look() == 1
    told = await office.mails()
    assert FALKE not in {mail.recipient for mail in told}
    await office.outbox.bounced([told[0].message_id], MONDAY, "5.1.1")
    [stuck] = await office.outbox.stuck_mails()
    assert not stuck.to_holder
    other = next(email for email in (GUENTHER, HEINE) if email != stuck.recipient)
    await again(office).redirect(stuck.id, other, "lena")
    [mail] = await office.mails()
    assert mail.subject.startswith("Überfällig: ")
    page = await office.work.page(token(mail))
    assert page is not None
    assert page["holder"] == "Frau Falke"
    assert await office.kinds(promise) == ["made", "escalated", "bounced"]


@pytest.mark.parametrize("to", [FALKE, "stranger@elsewhere.example", "", "Team"])
async def test_only_other_addresses_of_the_configuration_get_a_link(office: Office, to: str) -> None:
    await office.promise()
    number = await bounced(office)
    with pytest.raises(Refused, match="andere Adresse"):
        await again(office).redirect(number, to, "lena")
    assert [state for _, state, _ in await stored(office)] == ["bounced"]
    assert await audited(office) == []


async def test_a_mail_that_arrived_or_does_not_exist_goes_nowhere_else(office: Office) -> None:
    await office.promise()
    for number in (1, 4711):
        with pytest.raises(Refused, match="inzwischen verschickt"):
            await again(office).redirect(number, GUENTHER, "lena")


async def test_a_promise_that_is_kept_needs_no_mail(office: Office) -> None:
    promise = await office.promise()
    number = await bounced(office)
    await office.work.answered(office.links.token(promise), "0" * 16, "phone", "")
    with pytest.raises(Refused, match="inzwischen verschickt"):
        await again(office).redirect(number, GUENTHER, "lena")


async def test_asked_twice_at_once_one_mail_goes_out(office: Office) -> None:
    await office.promise()
    redirects = Redirects(office.db, office.hotline)
    number = await bounced(office)
    first, second = await redirects.find(number), await redirects.find(number)
    assert first == second is not None
    await again(office).redirect(number, GUENTHER, "lena")
    with pytest.raises(Refused, match="inzwischen verschickt"):
        await again(office).redirect(number, HEINE, "lena")
    assert [state for _, state, _ in await stored(office)] == ["replaced", "waiting"]


async def test_a_mail_our_server_does_not_take_now_can_go_elsewhere(office: Office) -> None:
    await office.promise()
    async with office.db.write() as connection:
        await connection.execute(outbox.update().values(state="waiting", attempts=3, code="452"))
    [stuck] = await office.outbox.stuck_mails()
    await again(office).redirect(stuck.id, "team", "lena")
    assert [mail.recipient for mail in await office.mails()] == [office.config.mail.team_mailbox]


async def test_agents_read_that_it_came_back_and_then_to_whom_it_went(office: Office) -> None:
    promise = await office.promise()
    number = await bounced(office)
    search = Search(Finder(office.db, office.hotline), lambda: (1, office.config), office.journal, office.clock)

    async def told() -> tuple[str, list[str]]:
        opened = await search.open("anna", "promise", promise)
        return next(line["value"] for line in opened["lines"] if line["label"] == "Stand"), opened["notes"][1:]

    assert await told() == ("offen, E-Mail nicht zustellbar", [])
    await again(office).redirect(number, GUENTHER, "lena")
    words = "23.11.2026, 10:00 Uhr, Weitergegeben: Die E-Mail an Frau Falke kam nicht an."
    assert await told() == ("offen, weitergegeben an Herr Günther", [words])
