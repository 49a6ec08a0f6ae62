"""What agents write about calls: drafts, several requests in one call, corrections; on a real database."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from agents.forms import FormError
from agents.presence import State, Work
from config.schema import HotlineConfig
from hotline.case_work import CaseWork
from hotline.errors import AlreadyWritten, Refused, StorageError
from hotline.exchange.calls import Call, Phase
from hotline.links import Links
from hotline.mail.sender import MailSender
from hotline.recovery.remembered import remembered
from hotline.storage.database import Database
from hotline.storage.drafts import Draft, Drafts
from hotline.storage.ledger import Ledger
from hotline.storage.open_work import OpenCall, OpenWork
from hotline.storage.outbox import Outbox
from hotline.storage.promise_steps import PromiseSteps
from hotline.storage.promises import Promises
from hotline.storage.tables import audit, dispositions, drafts, promise_events
from hotline.storage.written import Writings
from hotline.workplace.promises import PromiseWork
from hotline.workplace.writing import Writing
from tests.unit.doubles_switchboard import MONDAY_NINE, Office

H = "h"
CALLER = "+495722123456"
PERSON = {
    **{"family_name": "Kruse", "given_name": "Sabine", "household_number": "31402123456"},
    **{"phone": "05722 123456", "best_time": "vormittags", "office": "stadthagen"},
}
RENT = {"new_rent": "612,50", "from_date": "2026-12-01"}


class Room:
    """An office whose agent Anna has talked with a caller and now writes; everything is stored for real."""

    def __init__(self, config: HotlineConfig, db: Database) -> None:
        self.config, self.db = config, db
        self.office = Office(config)
        self.board, self.clock, self.journal = self.office.switchboard, self.office.clock, self.office.journal
        self.links = links = Links("key", "http://127.0.0.1:8080", 30, "/promise/")
        self.sender = sender = MailSender(Outbox(db, H), config.mail, self.clock, None)
        promises = Promises(db, H)
        self.case_work = CaseWork(promises, links, sender, self.journal, self.clock)
        self.refreshed = 0
        self.writings = Writings(db, H)
        keeping = (promises, Drafts(db, H), self.writings, self.journal, self.clock)
        parts = (lambda: (1, config), self._own, self._allow, self._refresh, self.board, self.case_work)
        self.writing = Writing(*parts, *keeping)
        self.anna = self.board.seats["anna"]

    def _own(self, agent: str, call_id: str) -> Call:
        seat = self.board.seats[agent]
        if seat.call is None or seat.call.id != call_id or seat.presence.work is Work.OFFERED:
            raise Refused("Dieser Anruf ist nicht mehr bei Ihnen.")
        return seat.call

    def _allow(self, call: Call) -> None:
        self.allowed = call.request

    async def _refresh(self) -> None:
        self.refreshed += 1

    async def talk(self, name: str = "c1") -> Call:
        self.office.ready("anna")
        await Ledger(self.db, H).call_started(name, self.clock.now(), "chan", "haus", CALLER, 1)
        call = await self.office.call(name)
        await self.office.settle()
        self.office.rings(call)
        self.board.answered(call)
        await Ledger(self.db, H).answered(name, "anna", self.clock.now())
        return call

    async def wrap_up(self, name: str = "c1") -> Call:
        call = await self.talk(name)
        self.board.talk_ended(call)
        await Ledger(self.db, H).call_ended(name, self.clock.now(), "talked")
        return call

    async def dispose(self, outcome: str = "settled", call: str = "c1", **more: Any) -> Mapping[str, Any]:
        values = more.pop(
            "values", {"note": "erklärt"} if outcome != "forwarded" else {**PERSON, **RENT, "note": "neu"}
        )
        return await self.writing.dispose(
            "anna", call, outcome, values, more.pop("number", None), more.pop("more", False)
        )

    async def promise_page(self, promise_id: str) -> Mapping[str, Any]:
        """What the case worker sees."""
        parts = (Promises(self.db, H), PromiseSteps(self.db, H), self.links, self.sender, self.journal, self.clock)
        work = PromiseWork(lambda: (1, self.config), *parts, self._own)
        page = await work.page(self.links.token(promise_id))
        assert page is not None
        return page

    async def open(self) -> list[OpenCall]:
        return await OpenWork(self.db, H).calls(self.clock.now() - timedelta(hours=12))

    async def rows(self, table: Any) -> list[Any]:
        async with self.db.read() as connection:
            return list(await connection.execute(select(table)))


@pytest.fixture
async def room(config: HotlineConfig, database_url: str) -> AsyncIterator[Room]:
    db = Database(database_url)
    await db.open()
    room = Room(config, db)
    yield room
    await room.office.close()
    await db.close()


# --- wrap-up ---------------------------------------------------------------------------------


async def test_wrap_up_takes_as_long_as_its_type_says(room: Room) -> None:
    types = [
        kind.model_copy(update={"wrap_up_seconds": 200}) if kind.key == "rent" else kind
        for kind in room.config.request_types
    ]
    room.office.config = room.config.model_copy(update={"request_types": types})
    call = await room.wrap_up()
    assert call.wrap_up_until == room.clock.now() + timedelta(seconds=200)
    assert room.config.wrap_up_seconds(room.config.unclear) == room.config.distribution.wrap_up_seconds
    assert room.config.wrap_up_seconds(None) == room.config.distribution.wrap_up_seconds


async def test_time_that_is_up_ends_no_wrap_up(room: Room) -> None:
    call = await room.wrap_up()
    room.office.pass_time(3600)
    room.board.rematch()
    assert (room.anna.presence.state, room.anna.call) == (State.WRAP_UP, call)
    await room.dispose()
    assert room.anna.presence.state is State.READY


# --- drafts ----------------------------------------------------------------------------------


async def test_draft_survives_and_is_replaced_by_the_newest(room: Room) -> None:
    await room.talk()
    assert await room.writing.save_draft("anna", "c1", 1, {"note": "Mie", "outcome": ""}) is True
    assert await room.writing.save_draft("anna", "c1", 1, {"note": "Miete", "outcome": "settled"}) is True
    found = await room.writing.draft("anna", "c1")
    assert found is not None
    assert (found["number"], found["values"]) == (1, {"note": "Miete", "outcome": "settled"})
    assert len(await room.rows(drafts)) == 1


async def test_draft_goes_with_the_disposition_and_a_late_one_does_not_come_back(room: Room) -> None:
    call = await room.talk()
    await room.writing.save_draft("anna", "c1", 1, {"note": "Miete"})
    await room.dispose()
    assert await room.rows(drafts) == []
    with pytest.raises(Refused, match="schon abgeschlossen"):
        await room.writing.save_draft("anna", "c1", 1, {"note": "Miete!"})
    await Drafts(room.db, H).save("c1", "anna", Draft(1, {"note": "spät"}, MONDAY_NINE))
    assert await room.rows(drafts) == []
    assert call.disposed is not None


async def test_draft_of_somebody_else_is_nobodys_business(room: Room) -> None:
    await room.talk()
    with pytest.raises(Refused):
        await room.writing.save_draft("ben", "c1", 1, {"note": "x"})
    with pytest.raises(Refused):
        await room.writing.draft("ben", "c1")


async def test_typing_does_not_wait_for_a_silent_database_and_only_the_newest_is_stored(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.talk()
    works, stored = asyncio.Event(), []
    save = Drafts.save

    async def slow(self: Drafts, call_id: str, agent: str, draft: Any) -> None:
        if not works.is_set():
            raise StorageError("locked")
        stored.append(draft.values["note"])
        await save(self, call_id, agent, draft)

    monkeypatch.setattr(Drafts, "save", slow)
    monkeypatch.setattr("hotline.exchange.journal.SOON_SECONDS", 0.05)
    monkeypatch.setattr("hotline.exchange.journal.RETRY_SECONDS", 0.01)
    for note in ("M", "Mi", "Mie"):
        assert await room.writing.save_draft("anna", "c1", 1, {"note": note}) is False
    assert (await room.writing.draft("anna", "c1") or {})["values"] == {"note": "Mie"}
    works.set()
    monkeypatch.setattr("hotline.exchange.journal.SOON_SECONDS", 10.0)
    await room.office.settle()
    assert stored == ["Mie"]
    assert await room.writing.save_draft("anna", "c1", 1, {"note": "Miet"}) is True


# --- several requests in one call ------------------------------------------------------------


async def test_one_request_is_closed_with_one_step_and_frees_the_agent(room: Room) -> None:
    call = await room.wrap_up()
    done = await room.dispose()
    assert (done["number"], done["type"], done["outcome"]) == (1, "Mietkosten", "settled")
    assert (room.anna.call, room.anna.presence.state) == (None, State.READY)
    assert call.phase is Phase.WRAP_UP
    assert await room.open() == []


async def test_each_request_of_a_call_has_its_own_promise_receipt_and_mail(room: Room) -> None:
    call = await room.wrap_up()
    first = await room.dispose("forwarded", more=True)
    assert (room.anna.call, room.anna.presence.state) == (call, State.WRAP_UP)
    assert call.request is call.config.unclear
    second = await room.dispose("forwarded", values={**PERSON, "family_name": "Lange", "note": "Einkommen"})
    assert (first["number"], second["number"]) == (1, 2)
    assert first["receipt"] != second["receipt"]
    assert (first["responsible"], second["responsible"]) == ("Frau Falke", "Herr Günther")
    assert room.anna.presence.state is State.READY
    rows = await room.writings.of_call("c1")
    assert [(row.number, row.receipt) for row in rows] == [(1, first["receipt"]), (2, second["receipt"])]
    assert len({mail.message_id for mail in await Outbox(room.db, H).due(room.clock.real_now())}) == 2
    row = await Ledger(room.db, H).call("c1")
    assert row is not None
    assert row.request_type == "rent"  # what the call came for


async def test_further_request_in_the_talk_begins_after_the_first_was_closed(room: Room) -> None:
    call = await room.talk()
    await room.dispose()
    assert call.disposed is not None
    await room.writing.another("anna", "c1")
    await room.writing.another("anna", "c1")
    assert (call.disposed, call.number) == (None, 2)
    room.board.talk_ended(call)
    assert room.anna.presence.state is State.WRAP_UP
    await room.dispose("no_request", values={"note": ""})
    assert room.anna.presence.state is State.READY


async def test_further_request_wanted_as_the_talk_ends_is_still_to_be_written(room: Room) -> None:
    call = await room.talk()
    await room.dispose()
    save = room.writing._drafts.save

    async def late(*draft: Any) -> None:
        room.board.talk_ended(call)  # all is written: Anna is free, nobody has the call
        await save(*draft)

    room.writing._drafts.save = late  # type: ignore[method-assign]
    await room.writing.another("anna", "c1")
    assert (room.anna.call, room.anna.presence.state, call.disposed) == (call, State.WRAP_UP, None)
    room.board.over(call)
    assert room.board.calls.get("c1") is None, "its end is noted all the same"
    await room.dispose("no_request", values={"note": ""}, number=2)
    assert room.anna.presence.state is State.READY
    await room.office.settle()
    assert [row.number for row in await room.writings.of_call("c1")] == [1, 2]


async def test_further_request_wanted_twice_at_once_keeps_what_was_chosen_meanwhile(room: Room) -> None:
    call = await room.talk()
    await room.dispose()
    both = [asyncio.create_task(room.writing.another("anna", "c1")) for _ in range(2)]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    call.request = room.config.request_type("income")
    await asyncio.gather(*both)
    assert call.request.key == "income"


async def test_what_is_typed_while_the_call_is_finished_does_not_come_back(room: Room) -> None:
    """Also what was typed while an older draft was just being written."""
    await room.wrap_up()
    await room.dispose(more=True)
    save, at, go_on, held = room.writing._drafting._drafts.save, asyncio.Event(), asyncio.Event(), []

    async def slow(*draft: Any) -> None:
        if not held:
            held.append(draft)
            at.set()
            await go_on.wait()
        await save(*draft)

    room.writing._drafting._drafts.save = slow  # type: ignore[method-assign]
    typing = asyncio.create_task(room.writing.save_draft("anna", "c1", 2, {"note": "d"}))
    await at.wait()
    more = asyncio.create_task(room.writing.save_draft("anna", "c1", 2, {"note": "do"}))
    await asyncio.sleep(0)
    finishing = asyncio.create_task(room.writing.finish("anna", "c1"))
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="schon abgeschlossen"):
        await room.writing.save_draft("anna", "c1", 2, {"note": "doch"})
    go_on.set()
    await asyncio.gather(typing, more, finishing)
    await room.office.settle()
    assert await room.rows(drafts) == []
    assert room.anna.presence.state is State.READY


async def test_further_request_that_was_none_is_given_up(room: Room) -> None:
    await room.wrap_up()
    with pytest.raises(Refused, match="erst fest"):
        await room.writing.finish("anna", "c1")
    await room.dispose(more=True)
    await room.writing.save_draft("anna", "c1", 2, {"note": "doch nichts"})
    await room.writing.finish("anna", "c1")
    assert room.anna.presence.state is State.READY
    assert await room.rows(drafts) == []


async def test_answer_that_got_lost_is_given_again_and_nothing_is_stored_twice(room: Room) -> None:
    await room.wrap_up()
    first = await room.dispose("forwarded", number=1)
    again = await room.dispose("forwarded", number=1)
    assert again["receipt"] == first["receipt"]
    assert len(await room.rows(dispositions)) == 1
    with pytest.raises(Refused, match="nicht mehr bei Ihnen"):
        await room.dispose("forwarded", number=2)


async def test_two_tabs_that_close_at_once_store_one_disposition(room: Room) -> None:
    call = await room.wrap_up()
    both = await asyncio.gather(*(room.dispose("forwarded", number=1) for _ in range(2)))
    assert both[0]["receipt"] == both[1]["receipt"]
    assert (len(call.written), len(await room.rows(dispositions))) == (1, 1)


async def test_stored_although_we_said_it_was_not_counts_when_it_is_sent_again(room: Room) -> None:
    call = await room.wrap_up()
    await room.case_work.dispose(call, "anna", "forwarded", {**PERSON, **RENT})
    done = await room.dispose("forwarded", number=1)
    [row] = await room.writings.of_call("c1")
    assert done["receipt"] == row.receipt
    assert room.anna.presence.state is State.READY


async def test_request_another_agent_has_written_is_not_written_again(room: Room) -> None:
    call = await room.wrap_up()
    await room.case_work.dispose(call, "ben", "settled", {"note": "von Ben"})
    with pytest.raises(AlreadyWritten):
        await room.dispose(number=1)


async def test_page_that_is_behind_is_told_so(room: Room) -> None:
    await room.wrap_up()
    with pytest.raises(Refused, match="veraltet"):
        await room.dispose(number=2)


async def test_callback_as_outcome_is_shown_to_everybody(room: Room) -> None:
    await room.wrap_up()
    done = await room.dispose("callback", values={"phone": "05722 123456", "note": ""})
    assert (done["due"] is not None, room.refreshed) == (True, 1)


async def test_restart_brings_back_the_further_request_with_what_was_done_before(room: Room) -> None:
    await room.wrap_up()
    first = await room.dispose("forwarded", more=True)
    await room.writing.save_draft("anna", "c1", 2, {"request_type": "income", "note": "Lohn"})
    [found] = await room.open()
    again = remembered(found, room.config, 1, "chan", "")
    assert (again.disposed, again.number, again.request and again.request.key) == (None, 2, "income")
    assert again.written[0]["receipt"] == first["receipt"]
    assert again.written[0]["responsible"] == "Frau Falke"
    await room.dispose()
    assert await room.open() == []


async def test_restart_after_a_handover_still_asks_whoever_talked_last(room: Room) -> None:
    await room.wrap_up()
    await room.dispose(more=True)
    await Ledger(room.db, H).answered("c1", "ben", room.clock.now())
    [found] = await room.open()
    again = remembered(found, room.config, 1, "chan", "")
    assert (found.row.agent, again.disposed, again.number) == ("ben", None, 2)


async def test_restart_in_the_talk_knows_that_the_call_is_written_up(room: Room) -> None:
    await room.talk()
    await room.dispose()
    [found] = await room.open()
    again = remembered(found, room.config, 1, "chan", "")
    assert again.disposed is not None
    assert again.disposed["outcome"] == "settled"


# --- corrections -----------------------------------------------------------------------------


async def test_correction_keeps_the_row_before_and_says_who_and_when(room: Room) -> None:
    await room.wrap_up()
    await room.dispose()
    [entry] = await room.writing.today("anna")
    room.office.pass_time(60)
    now = await room.writing.correct("anna", entry["id"], "no_request", {"note": "verwählt"})
    assert (now["outcome"], now["note"], now["at"]) == ("no_request", "verwählt", entry["at"])
    assert now["corrected_at"] == room.clock.now().isoformat()
    assert [one["id"] for one in await room.writing.today("anna")] == [now["id"]]
    assert sorted(row.replaced_at is None for row in await room.rows(dispositions)) == [False, True]
    [line] = await room.rows(audit)
    assert (line.who, line.action, line.subject) == ("anna", "disposition_corrected", str(entry["id"]))
    assert abs(line.at - datetime.now(UTC)) < timedelta(minutes=5), "audited in real time, not in business time"
    assert (await Ledger(room.db, H).steps("c1"))[-1].kind == "corrected"
    history = await Ledger(room.db, H).history(CALLER, "c2")
    assert [(past.outcome, past.note) for past in history.calls] == [("no_request", "verwählt")]


async def test_correction_of_what_was_promised_reaches_the_case_worker_without_a_second_mail(room: Room) -> None:
    await room.wrap_up()
    done = await room.dispose("forwarded")
    [entry] = await room.writing.today("anna")
    assert entry["outcomes"] == ["forwarded"]
    assert (entry["values"]["new_rent"], entry["values"]["phone"]) == ("612,50", "05722 123456")
    values = {**entry["values"], "family_name": "Krause", "note": "Miete 640"}
    now = await room.writing.correct("anna", entry["id"], "forwarded", values)
    assert (now["receipt"], now["values"]["family_name"]) == (done["receipt"], "Krause")
    promise = await Promises(room.db, H).by_receipt(done["receipt"])
    assert promise is not None
    assert (promise.family_name, promise.note, promise.status) == ("Krause", "Miete 640", "open")
    assert len(await Outbox(room.db, H).due(room.clock.real_now())) == 1
    assert "corrected" in [event.kind for event in await room.rows(promise_events)]
    again = await room.writing.correct("anna", now["id"], "forwarded", {**values, "note": "Miete 650"})
    assert again["receipt"] == done["receipt"]


async def test_promise_cannot_be_taken_back_by_a_correction(room: Room) -> None:
    await room.wrap_up()
    await room.dispose("forwarded")
    [entry] = await room.writing.today("anna")
    with pytest.raises(FormError) as refused:
        await room.writing.correct("anna", entry["id"], "settled", {"note": ""})
    assert list(refused.value.findings) == ["outcome"]
    with pytest.raises(FormError) as missing:
        await room.writing.correct("anna", entry["id"], "forwarded", {"note": ""})
    assert "family_name" in missing.value.findings


async def test_settled_call_can_be_forwarded_afterwards(room: Room) -> None:
    await room.wrap_up()
    await room.dispose()
    [entry] = await room.writing.today("anna")
    now = await room.writing.correct("anna", entry["id"], "forwarded", {**PERSON, **RENT, "note": "doch weiter"})
    assert now["receipt"] is not None
    assert now["number"] == 1
    assert len(await Outbox(room.db, H).due(room.clock.real_now())) == 1


async def test_callback_keeps_its_task_and_gets_new_words(room: Room) -> None:
    await room.wrap_up()
    await room.dispose("callback", values={"phone": "05722 123456", "note": "alt"})
    [entry] = await room.writing.today("anna")
    assert entry["outcomes"] == ["callback"]
    now = await room.writing.correct("anna", entry["id"], "callback", {"note": "nach 15 Uhr"})
    assert (now["note"], now["due"]) == ("nach 15 Uhr", entry["due"])


async def test_only_the_own_writing_of_today_is_corrected_and_nothing_twice(room: Room) -> None:
    await room.wrap_up()
    await room.dispose()
    [entry] = await room.writing.today("anna")
    with pytest.raises(Refused, match="neu laden"):
        await room.writing.correct("ben", entry["id"], "settled", {"note": ""})
    fix = ("anna", entry["id"], "settled", {"note": "neu"})
    results = await asyncio.gather(*(room.writing.correct(*fix) for _ in range(3)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Refused", "Refused", "dict"]
    [entry] = await room.writing.today("anna")
    room.office.pass_time(24 * 3600)
    assert await room.writing.today("anna") == []
    with pytest.raises(Refused, match="heute"):
        await room.writing.correct("anna", entry["id"], "settled", {"note": "zu spät"})


async def test_correction_is_seen_on_the_screen_that_still_has_the_call(room: Room) -> None:
    call = await room.talk()
    await room.dispose()
    [entry] = await room.writing.today("anna")
    await room.writing.correct("anna", entry["id"], "no_request", {"note": ""})
    assert call.written[0]["outcome"] == "no_request"


# --- as text ---------------------------------------------------------------------------------


async def test_call_as_text_has_every_request_with_its_labels(room: Room) -> None:
    await room.wrap_up()
    done = await room.dispose("forwarded", more=True)
    await room.dispose(values={"note": "Lohn erklärt\nund Termin"})
    text = await room.writing.text("anna", "c1")
    for line in (
        "Telefonat vom Montag, 23. November 2026, 9 Uhr",
        "Rufnummer: 05722 123456",
        "Aufgenommen von: Anna Ahrens",
        "Anliegen 1: Mietkosten",
        "Person: Sabine Kruse",
        "Neue Warmmiete in Euro: 612,50 €",
        "Gültig ab: 01.12.2026",
        "Ergebnis: Weitergegeben",
        f"Vorgangsnummer: {done['receipt']}",
        "Antwort zugesagt bis: Dienstag, 24. November 2026, 18 Uhr",
        "Zuständig: Frau Falke (Stadthagen, Buchstaben A bis K, alle Anliegen)",
        "Anliegen 2: Anliegen unklar",
        "Notiz: Lohn erklärt",
        "  und Termin",
    ):
        assert line in text.splitlines(), text
    with pytest.raises(Refused, match="nichts festgehalten"):
        await room.writing.text("ben", "c1")


async def test_case_worker_reads_that_the_words_were_corrected(room: Room) -> None:
    await room.wrap_up()
    done = await room.dispose("forwarded")
    [entry] = await room.writing.today("anna")
    await room.writing.correct("anna", entry["id"], "forwarded", {**entry["values"], "note": "Miete 640"})
    promise = await Promises(room.db, H).by_receipt(done["receipt"])
    assert promise is not None
    page = await room.promise_page(promise.id)
    assert page["note"] == "Miete 640"
    assert [step["words"] for step in page["steps"]] == ["Angaben vom Telefonservice berichtigt"]
