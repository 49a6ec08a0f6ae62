"""The threat button: silent, stored with its step in the ledger, shown to the lead until it is seen."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from config.schema import HotlineConfig, Threat
from hotline.callback_board import CallbackBoard
from hotline.errors import Refused, StorageError
from hotline.exchange.calls import Call
from hotline.exchange.outgoing import Outgoing
from hotline.exchange.ring import Ring
from hotline.mail.sender import MailSender
from hotline.storage.alarms import AlarmRows
from hotline.storage.callbacks import Callbacks
from hotline.storage.database import Database
from hotline.storage.ledger import Ledger
from hotline.storage.outbox import NewMail, Outbox
from hotline.storage.tables import alarms as alarms_table
from hotline.storage.tables import audit, call_events
from hotline.workplace.alarm_mails import AlarmMails
from hotline.workplace.alarms import Alarms
from tests.unit.doubles_switchboard import MONDAY_NINE, Office
from tests.unit.test_outgoing import WAY, RememberingOriginator


class WokenSender:
    woken = 0

    def wake(self) -> None:
        self.woken += 1


class Site:
    """An office whose alarms go into a real database."""

    def __init__(self, config: HotlineConfig, database: Database) -> None:
        self.office, self.database = Office(config), database
        self.ledger = Ledger(database, config.hotline.id)
        self.rows = AlarmRows(database, config.hotline.id)
        board, journal, clock = self.office.switchboard, self.office.journal, self.office.clock
        parts: Any = (RememberingOriginator(), self.office.controls, journal, self.office.ledger, clock)
        self.outgoing, self.tasks = Outgoing(board, *parts), Callbacks(database, config.hotline.id)
        self.callbacks = CallbackBoard(self.tasks, journal, board, clock, self.outgoing, lambda: (1, config))
        self.alarms = self.new_alarms()

        self.outbox, self.sender = Outbox(database, config.hotline.id), WokenSender()
        self.mails = self.new_mails(self.alarms)

    def new_mails(self, alarms: Alarms) -> AlarmMails:
        office, sender = self.office, cast(MailSender, self.sender)
        return AlarmMails(alarms, self.rows, sender, office.journal, lambda: (1, office.config), office.clock)

    def new_alarms(self) -> Alarms:
        office = self.office
        called_back = (self.outgoing, self.callbacks)
        seats = office.switchboard.seats
        return Alarms(self.rows, office.journal, seats, *called_back, lambda: (1, office.config), office.clock)

    async def ring(self, name: str = "c1") -> Ring:
        """Anna rings somebody back who has called before, and who is not reached yet."""
        if self.outgoing.of("anna") is None:
            self.office.ready("anna")
        self.task = await self.tasks.request(name, "+495721888", "income", MONDAY_NINE, MONDAY_NINE, None)
        await self.callbacks.refresh()
        return await self.outgoing.begin(self.office.switchboard.seats["anna"], self.task, name, WAY, self._nothing)

    async def _nothing(self) -> None:
        return None

    def reached(self, ring: Ring) -> None:
        self.outgoing.hears({"Event": "DialEnd", "DestUniqueid": ring.id, "DialStatus": "ANSWER"})
        self.outgoing.hears({"Event": "DialEnd", "Uniqueid": ring.id, "DialStatus": "ANSWER"})

    async def talk(self, name: str = "c1") -> Call:
        """Anna talks with a caller."""
        self.office.ready("anna")
        await self.ledger.call_started(name, MONDAY_NINE, "PJSIP/x", "haus", "+495721777", 1)
        call = await self.office.call(name)
        await self.office.settle()
        self.office.switchboard.offers.shown("anna", call.offer.id if call.offer else "")
        self.office.rings(call)
        self.office.switchboard.answered(call, "leg-1")
        return call


@pytest.fixture
async def site(config: HotlineConfig, tmp_path: Path) -> AsyncIterator[Site]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    site = Site(config, database)
    yield site
    await site.office.close()
    await database.close()


async def test_alarm_is_stored_with_its_step_and_told_to_the_lead_with_the_number(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    (told,) = site.alarms.open_alarms()
    assert (told["agent_name"], told["caller"], told["call_id"]) == ("Anna Ahrens", "05721 777", "c1")
    assert told["request_type"] == "Mietkosten"
    await site.office.settle()
    assert [step.kind for step in await site.ledger.steps("c1")][-1] == "threat"


async def test_nothing_reaches_the_telephone(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    await site.office.settle()
    assert site.office.controls.hung_up == []
    assert call.phase == "talking"


async def test_second_press_changes_nothing(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    await site.alarms.threaten("anna", call.id)
    assert len(site.alarms.open_alarms()) == 1


async def test_wrap_up_is_not_too_late(site: Site) -> None:
    call = await site.talk()
    site.office.switchboard.talk_ended(call)
    await site.alarms.threaten("anna", call.id)
    assert len(site.alarms.open_alarms()) == 1


@pytest.mark.parametrize(("agent", "call_id"), [("anna", "other"), ("ben", "c1")])
async def test_only_the_call_on_ones_own_screen_can_be_alarmed_about(site: Site, agent: str, call_id: str) -> None:
    await site.talk()
    with pytest.raises(Refused):
        await site.alarms.threaten(agent, call_id)


async def test_call_that_only_rings_cannot_be_alarmed_about(site: Site) -> None:
    site.office.ready("anna")
    call = await site.office.call("c1")
    await site.office.settle()
    with pytest.raises(Refused):
        await site.alarms.threaten("anna", call.id)


async def test_agent_sees_guidance_and_who_has_seen_the_alarm(site: Site) -> None:
    call = await site.talk()
    seat = site.office.switchboard.seats["anna"]
    assert site.alarms.view(seat, MONDAY_NINE) == {"threat": None}
    await site.alarms.threaten("anna", call.id)
    told = site.alarms.view(seat, MONDAY_NINE)["threat"]
    assert told["seen_by"] is None
    assert "110" in " ".join(told["guidance"])
    before = seat.seq
    (alarm,) = site.alarms.open_alarms()
    await site.alarms.seen(alarm["id"], "leitung")
    assert site.alarms.view(seat, MONDAY_NINE)["threat"]["seen_by"] == "leitung"
    assert seat.seq > before, "the page is told"


async def test_seen_alarm_is_gone_from_the_lead_and_written_down(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    (alarm,) = site.alarms.open_alarms()
    await site.alarms.seen(alarm["id"], "leitung")
    assert site.alarms.open_alarms() == []
    with pytest.raises(Refused):
        await site.alarms.seen(alarm["id"], "leitung")
    await site.office.settle()
    async with site.database.read() as connection:
        row = (await connection.execute(select(alarms_table.c["seen_by", "seen_at"]))).one()
        done = (await connection.execute(select(audit.c["who", "action", "subject"]))).one()
    assert (row.seen_by, tuple(done)) == ("leitung", ("leitung", "alarm_seen", "c1"))
    assert row.seen_at >= MONDAY_NINE


async def test_open_alarm_survives_a_restart(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    await site.office.settle()
    again = site.new_alarms()
    await again.load()
    ((before,), (after,)) = site.alarms.open_alarms(), again.open_alarms()
    assert (after["id"], after["caller"]) == (before["id"], "05721 777"), "the lead's page knows it already"
    await again.seen(again.open_alarms()[0]["id"], "leitung")
    await site.office.settle()
    last = site.new_alarms()
    await last.load()
    assert last.open_alarms() == []


async def test_alarm_does_not_wait_for_a_silent_database_and_is_stored_when_it_answers(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = await site.talk()
    works, add = asyncio.Event(), AlarmRows.add

    async def silent(self: AlarmRows, *alarm: Any) -> None:
        if not works.is_set():
            raise StorageError("locked")
        await add(self, *alarm)

    monkeypatch.setattr(AlarmRows, "add", silent)
    monkeypatch.setattr("hotline.exchange.journal.RETRY_SECONDS", 0.01)
    async with asyncio.timeout(1):
        await site.alarms.threaten("anna", call.id)
        (alarm,) = site.alarms.open_alarms()
        await site.alarms.seen(alarm["id"], "leitung")
    assert site.alarms.open_alarms() == []
    seat = site.office.switchboard.seats["anna"]
    assert site.alarms.view(seat, MONDAY_NINE)["threat"]["seen_by"] == "leitung"
    works.set()
    await site.office.settle()
    async with site.database.read() as connection:
        row = (await connection.execute(select(alarms_table.c["call_id", "seen_by"]))).one()
    assert tuple(row) == ("c1", "leitung")


# --- who learns of it --------------------------------------------------------------------------


def told(site: Site, agent: str = "anna") -> dict[str, Any]:
    """What the agent who raised it reads."""
    found: dict[str, Any] = site.alarms.view(site.office.switchboard.seats[agent], MONDAY_NINE)["threat"]
    return found


async def test_agent_is_told_whether_anybody_else_could_see_the_alarm(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    assert told(site)["watched"] is False
    seat = site.office.switchboard.seats["anna"]
    before = seat.seq
    site.alarms.watched_by(frozenset({"leitung"}))
    assert told(site)["watched"] is True
    assert seat.seq > before, "the page is told"
    site.alarms.watched_by(frozenset({"anna"}))
    assert told(site)["watched"] is False, "her own page helps nobody"


async def test_nobodys_page_is_disturbed_by_the_leads_pages_while_there_is_no_alarm(site: Site) -> None:
    seat = site.office.switchboard.seats["anna"]
    before = seat.seq
    site.alarms.watched_by(frozenset({"leitung"}))
    assert seat.seq == before


async def test_alarms_are_for_the_others(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    assert site.alarms.alarms_for("anna") == []
    assert site.alarms.alarms_for("ben") == site.alarms.open_alarms()


def test_guidance_promises_nothing_that_may_not_be_true() -> None:
    assert not [sentence for sentence in Threat().guidance if "ist alarmiert" in sentence or "weiß" in sentence]


async def test_mail_tells_the_lead_once_of_an_alarm_nobody_sees(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    site.office.pass_time(29)
    assert await site.mails.look() == 0
    site.office.pass_time(1)
    assert await site.mails.look() == 1
    assert site.sender.woken == 1
    (mail,) = await site.outbox.due(datetime.now(UTC))
    assert (mail.recipient, mail.subject) == (
        site.office.config.mail.lead_mailbox,
        "Stiller Alarm, bitte die Seite der Leitung öffnen",
    )
    assert f"{site.office.config.hotline.public_url}/lead" in mail.body
    assert "Anna Ahrens" in mail.body
    assert "Montag, 23. November 2026, 9 Uhr" in mail.body
    assert told(site)["mailed_at"] is not None
    site.office.pass_time(600)
    assert await site.mails.look() == 0
    assert len(await site.outbox.due(datetime.now(UTC))) == 1


async def test_mail_about_an_alarm_holds_nothing_of_the_caller(site: Site) -> None:
    call = await site.talk()
    call.household_number = "24412345"
    await site.alarms.threaten("anna", call.id)
    site.office.pass_time(30)
    await site.mails.look()
    (mail,) = await site.outbox.due(datetime.now(UTC))
    text = f"{mail.subject} {mail.body}"
    for personal in ("777", "24412345", "Miet", call.id):
        assert personal not in text
    assert "Ahrens" not in mail.subject


async def test_alarm_that_was_seen_in_time_is_not_mailed(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    (alarm,) = site.alarms.open_alarms()
    await site.alarms.seen(alarm["id"], "leitung")
    site.office.pass_time(60)
    assert await site.mails.look() == 0
    assert await site.outbox.due(datetime.now(UTC)) == []


async def test_alarm_seen_while_its_mail_is_being_stored_is_not_mailed(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    site.office.pass_time(60)
    (known,) = [alarm for _, alarm in site.alarms.not_mailed()]
    (alarm,) = site.alarms.open_alarms()
    await site.alarms.seen(alarm["id"], "leitung")
    await site.office.settle()
    assert await site.rows.mail(known, MONDAY_NINE, NewMail("<a@b>", "c@d", "Alarm", "Alarm")) is None
    assert await site.outbox.due(datetime.now(UTC)) == []


async def test_restart_neither_forgets_nor_repeats_the_mail(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    await site.office.settle()
    site.office.pass_time(60)
    again = site.new_alarms()
    await again.load()
    assert await site.new_mails(again).look() == 1
    last = site.new_alarms()
    await last.load()
    assert await site.new_mails(last).look() == 0
    assert await site.mails.look() == 1, "who did not hear that it is stored finds it stored"
    assert len(await site.outbox.due(datetime.now(UTC))) == 1
    assert told(site)["mailed_at"] == (MONDAY_NINE + timedelta(seconds=62)).isoformat()


async def test_clock_that_was_set_back_does_not_hold_the_mail_back(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    site.office.pass_time(-3600)
    assert await site.mails.look() == 1


async def test_without_an_address_nothing_is_mailed_and_nothing_is_said_of_it(site: Site) -> None:
    office = site.office
    office.config = office.config.model_copy(
        update={"mail": office.config.mail.model_copy(update={"lead_mailbox": None})}
    )
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    office.pass_time(60)
    assert await site.mails.look() == 0
    assert told(site)["mailed_at"] is None


async def test_mail_that_cannot_be_stored_is_tried_again_and_not_claimed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    await site.office.settle()
    site.office.pass_time(60)
    mail = AlarmRows.mail

    async def broken(self: AlarmRows, *_: Any) -> None:
        raise StorageError("locked")

    monkeypatch.setattr(AlarmRows, "mail", broken)
    with pytest.raises(StorageError):
        await site.mails.look()
    assert told(site)["mailed_at"] is None
    monkeypatch.setattr(AlarmRows, "mail", mail)
    assert await site.mails.look() == 1


# --- callers who are rung back -----------------------------------------------------------------


async def test_alarm_in_a_callback_names_the_number_that_was_rung(site: Site) -> None:
    ring = await site.ring()
    seat = site.office.switchboard.seats["anna"]
    with pytest.raises(Refused):
        await site.alarms.threaten("anna", "c1")
    site.reached(ring)
    with pytest.raises(Refused):
        await site.alarms.threaten("ben", "c1")
    await site.alarms.threaten("anna", "c1")
    (told,) = site.alarms.open_alarms()
    assert (told["caller"], told["request_type"], told["call_id"]) == ("05721 888", "Einkommen", "c1")
    assert "110" in " ".join(site.alarms.view(seat, MONDAY_NINE)["threat"]["guidance"])


async def test_callback_that_is_over_is_not_too_late_until_its_outcome_is_said(site: Site) -> None:
    ring = await site.ring()
    site.reached(ring)
    site.outgoing.hears({"Event": "Hangup", "Uniqueid": ring.id})
    await site.alarms.threaten("anna", "c1")
    assert len(site.alarms.open_alarms()) == 1
    site.outgoing.settled(site.task, "anna")
    with pytest.raises(Refused):
        await site.alarms.threaten("anna", "c1")


async def test_alarm_of_the_call_does_not_stand_for_the_callback_about_it(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    site.office.switchboard.talk_ended(call)
    site.office.switchboard.release(site.office.switchboard.seats["anna"])
    site.office.pass_time(60)
    site.reached(await site.ring())
    assert site.alarms.view(site.office.switchboard.seats["anna"], MONDAY_NINE) == {"threat": None}
    await site.alarms.threaten("anna", call.id)
    assert [alarm["caller"] for alarm in site.alarms.open_alarms()] == ["05721 777", "05721 888"]


async def test_ledger_holds_no_number(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    await site.office.settle()
    async with site.database.read() as connection:
        steps = (await connection.execute(select(call_events.c.codes).where(call_events.c.kind == "threat"))).all()
        columns = alarms_table.c.keys()
    assert [row.codes for row in steps] == [{}]
    assert not {"caller", "number", "text"} & set(columns)


async def test_history_after_the_tick_shows_the_threat(site: Site) -> None:
    call = await site.talk()
    await site.alarms.threaten("anna", call.id)
    await site.office.settle()
    await site.ledger.call_started("c2", MONDAY_NINE + timedelta(days=1), "PJSIP/y", "haus", "+495721777", 1)
    history = await site.ledger.history("+495721777", "c2")
    assert [(past.call_id, past.threat) for past in history.calls] == [("c1", True)]
