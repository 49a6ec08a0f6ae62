"""Reminder and escalation: at the right moment, to the right people, once for each due time, neutral."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from config.schema import Absence, HotlineConfig
from hotline.errors import StorageError
from hotline.storage.promise_steps import Holder, Sent
from hotline.storage.tables import promise_details
from hotline.workplace import promise_watch
from tests.unit.promise_office import FALKE, GUENTHER, HEINE, MONDAY, TUESDAY_EVENING, Office, mail, opened

LEAD, TEAM = "leitung-telefon@jobcenter.example", "team-telefon@jobcenter.example"
NINE = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
"""Tuesday at 9 in Berlin: nine opening hours before the due time."""
FRIDAY = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
A_LITTLE = timedelta(seconds=1)


@pytest.fixture
async def office(tmp_path: Path, config: HotlineConfig) -> AsyncIterator[Office]:
    async with opened(tmp_path, config) as office:
        yield office


def change(office: Office, section: str, **values: Any) -> None:
    changed = getattr(office.config, section).model_copy(update=values)
    office.config = office.config.model_copy(update={section: changed})


def let_be_away(office: Office, *names: str) -> None:
    """On 24 November."""
    absences = [Absence(start=date(2026, 11, 24))]
    workers = [
        worker.model_copy(update={"absences": absences if worker.email.partition("@")[0] in names else []})
        for worker in office.config.case_workers
    ]
    office.config = office.config.model_copy(update={"case_workers": workers})


async def told(office: Office) -> list[tuple[str, str]]:
    """One look, and the mails that come of it: recipient and first word of the subject."""
    await office.watch.look()
    return [(one.recipient, one.subject.split()[0]) for one in await office.mails()]


async def test_case_worker_is_reminded_at_nine_on_the_due_day_and_once(office: Office) -> None:
    promise_id = await office.promise()
    office.time = NINE - A_LITTLE
    assert await told(office) == []
    office.time = NINE
    assert await told(office) == [(FALKE, "Erinnerung:")]
    assert office.sender.woken == 1
    office.time = TUESDAY_EVENING - A_LITTLE
    assert await told(office) == []
    assert await office.kinds(promise_id) == ["made", "reminded"]


async def test_promise_not_kept_is_told_to_deputy_and_lead_once(office: Office) -> None:
    promise_id = await office.promise()
    office.time = TUESDAY_EVENING
    assert await told(office) == [(GUENTHER, "Überfällig:"), (LEAD, "Überfällig:")]
    office.time += timedelta(days=3)
    assert await told(office) == []
    assert await office.kinds(promise_id) == ["made", "escalated"]


async def test_kept_promise_is_not_mentioned_again(office: Office) -> None:
    promise_id = await office.promise()
    await office.steps.kept(Sent(promise_id, 0, "a", office.time), "phone")
    for office.time in (NINE, TUESDAY_EVENING):
        assert await told(office) == []


async def test_promise_put_off_is_reminded_and_escalated_for_its_new_due_time(office: Office) -> None:
    promise_id = await office.promise()
    office.time = NINE
    await told(office)
    await office.steps.postponed(Sent(promise_id, 0, "a", office.time), FRIDAY)
    office.time = TUESDAY_EVENING + timedelta(hours=1)
    assert await told(office) == []
    office.time = FRIDAY - timedelta(hours=9)
    assert await told(office) == [(FALKE, "Erinnerung:")]
    office.time = FRIDAY
    assert await told(office) == [(GUENTHER, "Überfällig:"), (LEAD, "Überfällig:")]


async def test_escalated_promise_put_off_late_is_escalated_again(office: Office) -> None:
    promise_id = await office.promise()
    office.time = TUESDAY_EVENING
    await told(office)
    await office.steps.postponed(Sent(promise_id, 0, "a", office.time), FRIDAY)
    office.time = FRIDAY
    assert len(await told(office)) == 2
    assert await office.kinds(promise_id) == ["made", "escalated", "postponed", "escalated"]


async def test_service_that_was_down_at_nine_reminds_when_it_is_back(office: Office) -> None:
    await office.promise()
    office.time = NINE + timedelta(hours=4)
    assert await told(office) == [(FALKE, "Erinnerung:")]


async def test_service_that_was_down_until_after_the_due_time_only_escalates(office: Office) -> None:
    await office.promise()
    office.time = TUESDAY_EVENING + timedelta(days=1)
    assert [word for _, word in await told(office)] == ["Überfällig:", "Überfällig:"]


async def test_moved_business_time_decides_while_mails_go_by_real_time(office: Office) -> None:
    await office.promise()
    office.clock.offset = TUESDAY_EVENING - office.time
    await office.watch.look()
    due = await office.outbox.due(datetime.now(UTC))
    assert [one.recipient for one in due] == [GUENTHER, LEAD]


async def test_two_looks_at_once_tell_once(office: Office) -> None:
    await office.promise()
    office.time = TUESDAY_EVENING
    await asyncio.gather(office.watch.look(), office.watch.look())
    assert len(await office.mails()) == 2


async def test_nobody_is_reminded_before_the_first_mail_has_reached_them(office: Office) -> None:
    change(office, "promises", remind_hours=40)
    await office.promise()
    for office.time in (MONDAY + timedelta(minutes=1), NINE):
        assert await told(office) == []


async def test_without_reminders_only_escalation_is_left(office: Office) -> None:
    change(office, "promises", remind_hours=0)
    await office.promise()
    office.time = TUESDAY_EVENING - A_LITTLE
    assert await told(office) == []
    office.time = TUESDAY_EVENING
    assert len(await told(office)) == 2


async def test_whoever_stands_in_today_is_reminded_too(office: Office) -> None:
    await office.promise()
    let_be_away(office, "falke")
    office.time = NINE
    assert await told(office) == [(FALKE, "Erinnerung:"), (GUENTHER, "Erinnerung:")]


async def test_deputy_who_is_away_is_passed_over(office: Office) -> None:
    await office.promise()
    let_be_away(office, "falke", "guenther")
    office.time = TUESDAY_EVENING
    assert await told(office) == [(LEAD, "Überfällig:")]


async def test_without_deputy_and_lead_the_team_is_told(office: Office) -> None:
    change(office, "mail", lead_mailbox=None)
    await office.promise(to=HEINE)
    office.time = TUESDAY_EVENING
    assert await told(office) == [(TEAM, "Überfällig:")]


async def test_promise_without_details_is_still_told_to_the_lead(office: Office) -> None:
    await office.promise()
    async with office.db.write() as connection:
        await connection.execute(delete(promise_details))
    office.time = NINE
    assert await told(office) == []
    office.time = TUESDAY_EVENING
    assert await told(office) == [(LEAD, "Überfällig:")]


async def test_promise_of_a_type_that_is_gone_from_the_configuration_is_told_all_the_same(office: Office) -> None:
    await office.promise()
    types = [kind for kind in office.config.request_types if kind.key != "rent"]
    office.config = office.config.model_copy(update={"request_types": types})
    office.time = TUESDAY_EVENING
    assert len(await told(office)) == 2


async def test_mails_hold_receipt_type_due_time_and_link_only(office: Office) -> None:
    promise_id = await office.promise()
    for office.time in (NINE, TUESDAY_EVENING):
        await office.watch.look()
    for one in await office.mails():
        for part in ("26-4821-7300", "Mietkosten", "Dienstag, 24. November 2026, 18 Uhr"):
            assert part in one.body
        token = one.body.split("/promise/")[1].split()[0]
        assert office.links.open(token).promise_id == promise_id
        for secret in ("Grünwald", "Ayşe", "7654321", "512", "Schreiben kommt", "Falke"):
            assert secret not in one.subject + one.body


async def test_link_of_a_reminder_after_handing_on_opens_the_request(office: Office) -> None:
    promise_id = await office.promise()
    to = Holder("Frau Heine", HEINE, "", team=False)
    await office.steps.handed_on(Sent(promise_id, 0, "a", office.time), to, mail("next", HEINE))
    await office.mails()
    office.time = NINE
    await office.watch.look()
    [reminder] = await office.mails()
    assert reminder.recipient == HEINE
    page = await office.work.page(reminder.body.split("/promise/")[1].split()[0])
    assert page is not None
    assert page["status"] == "open"


async def test_watch_goes_on_after_the_database_was_gone(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: asyncio.Queue[int] = asyncio.Queue()

    async def broken() -> int:
        looked.put_nowait(1)
        raise StorageError("The database is gone.")

    monkeypatch.setattr(office.watch, "look", broken)
    task = asyncio.create_task(office.watch.run(every=0))
    async with asyncio.timeout(10):
        for _ in range(3):
            await looked.get()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert promise_watch.LOOK_SECONDS <= 60
