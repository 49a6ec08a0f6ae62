"""Who reads what earlier calls were about: nobody before the audit log has them, never who is only rung or asked."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest

from agents.presence import State
from config.schema import HotlineConfig
from hotline.desk import Desk
from hotline.errors import StorageError
from hotline.exchange.calls import Leg, OfferEnd
from hotline.recovery.remembered import remembered
from hotline.storage.audit import Audit
from hotline.storage.database import Database
from hotline.storage.handovers import Handovers
from hotline.storage.ledger import Ledger
from hotline.storage.open_work import OpenWork
from hotline.views import call_view
from hotline.workplace.earlier_calls import EarlierCalls
from tests.unit.doubles_switchboard import MONDAY_NINE, Office
from tests.unit.test_transfers import Exchange

HERE = "schaumburg"
CALLER = "+495721777"


class NoCallbacks:
    def view(self, _config: HotlineConfig) -> list[Any]:
        return []


class Desks(Exchange):
    """Anna talks with a caller who has called before; what the pages get comes from a real ledger and audit log."""

    def __init__(self, config: HotlineConfig, database: Database) -> None:
        super().__init__(Office(config))
        self.config, self.database = config, database
        self.ledger, self.audit = Ledger(database, HERE), Audit(database, HERE)
        office, case_work = self.office, None
        stored: Any = (self.ledger, Handovers(database, HERE), None, NoCallbacks(), case_work)
        self.desk = Desk(lambda: (1, config), self.board, self.transfers, office.journal, *stored, office.clock, {})
        self.board.seats.listeners.append(EarlierCalls(self.audit, office.journal, self.board, office.clock))

    async def checked(self) -> None:
        """Anna has said how she checked who is calling."""
        for call in ("c0", "c1"):
            await self.ledger.call_started(call, MONDAY_NINE, f"PJSIP/{call}", "haus", CALLER, 1)
        await self.talk()
        await self.desk.identity_checked("anna", "c1", "known_personally")

    async def hand_on(self, how: str) -> None:
        """Until Ben's page has the pop."""
        await self.desk.transfer("anna", "c1", how, "agent", "ben", "", {})
        await self.office.settle()
        if how == "blind":
            assert self.call.transfer is not None
            self.transfers.hand_on(self.call, self.call.transfer)
            await self.office.settle()
        assert self.ben.offer is not None
        self.board.offers.shown("ben", self.ben.offer.id)
        await self.office.settle()

    async def consulted(self) -> None:
        """Ben has answered Anna's question."""
        await self.hand_on("consult")
        self.transfers.rings(self.call, Leg("PJSIP/agent-ben-1", "leg-ben"))
        self.transfers.dialled(self.call, "ANSWER")
        assert self.ben.presence.state is State.TALKING

    def page(self, agent: str) -> Mapping[str, Any]:
        shown = self.desk.snapshot(agent)["call"]
        assert shown is not None
        return dict(shown)

    def reads(self, agent: str) -> bool:
        return self.page(agent)["history"] is not None

    async def until_read(self, agent: str) -> None:
        await until(lambda: self.reads(agent))

    async def readers(self) -> list[tuple[str, str, str | None]]:
        """Whom the audit log has, the first one first."""
        return [(row.who, row.action, row.subject) for row in reversed(await self.audit.rows(20))]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - bounded, the database has no event
            await asyncio.sleep(0.01)


@pytest.fixture
async def desks(config: HotlineConfig, database_url: str) -> AsyncIterator[Desks]:
    database = Database(database_url)
    await database.open()
    desks = Desks(config, database)
    await desks.checked()
    yield desks
    await desks.office.close()
    await database.close()


ANNA = ("anna", "identity_checked", "c1")
BEN = ("ben", "history_shown", "c1")


async def test_who_has_checked_the_identity_reads_and_is_in_the_audit_log(desks: Desks) -> None:
    assert desks.reads("anna")
    assert await desks.readers() == [ANNA]


async def test_colleague_who_is_rung_for_a_question_and_refuses_has_read_nothing(desks: Desks) -> None:
    await desks.hand_on("consult")
    assert desks.page("ben")["phase"] == "offered"
    assert (desks.page("ben")["identity"], desks.reads("ben")) == ("known_personally", False)
    await desks.board.withdraw(desks.call, desks.ben.offer, OfferEnd.REJECTED)  # type: ignore[arg-type]
    await desks.office.settle()
    assert desks.ben.call is None
    assert desks.reads("anna")
    assert await desks.readers() == [ANNA]


async def test_colleague_who_is_asked_reads_nothing_until_the_caller_comes(desks: Desks) -> None:
    await desks.consulted()
    await desks.office.settle()
    assert desks.page("ben")["phase"] == "consulting"
    assert not desks.reads("ben")
    desks.transfers.complete(desks.call, desks.anna)
    await desks.until_read("ben")
    assert await desks.readers() == [ANNA, BEN]


async def test_colleague_to_whom_the_caller_is_sent_reads_once_the_caller_is_there(desks: Desks) -> None:
    await desks.hand_on("blind")
    assert (desks.page("ben")["identity"], desks.reads("ben")) == ("known_personally", False)
    assert await desks.readers() == [ANNA]
    desks.board.answered(desks.call)
    await desks.until_read("ben")
    assert await desks.readers() == [ANNA, BEN]


async def test_nothing_is_read_before_the_audit_log_has_it(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    stored, record = asyncio.Event(), desks.audit.record

    async def slow(*row: Any) -> None:
        await stored.wait()
        await record(*row)

    monkeypatch.setattr(desks.audit, "record", slow)
    await desks.consulted()
    desks.transfers.complete(desks.call, desks.anna)
    desks.board.seats.touch_all()
    for _ in range(20):
        await asyncio.sleep(0)
    assert not desks.reads("ben")
    stored.set()
    await desks.until_read("ben")
    assert await desks.readers() == [ANNA, BEN], "once, although the page was told of changes meanwhile"


async def test_audit_log_that_does_not_answer_only_delays_it(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotline.exchange.journal.RETRY_SECONDS", 0.01)
    tries, record = [0], desks.audit.record

    async def locked(*row: Any) -> None:
        tries[0] += 1
        if tries[0] < 3:
            raise StorageError("locked")
        await record(*row)

    monkeypatch.setattr(desks.audit, "record", locked)
    await desks.hand_on("blind")
    desks.board.answered(desks.call)
    await desks.until_read("ben")
    assert (tries, await desks.readers()) == ([3], [ANNA, BEN])


async def test_audit_log_that_refuses_shows_nothing_and_fails_nothing(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = asyncio.Event()

    async def broken(*_row: Any) -> None:
        refused.set()
        raise RuntimeError("no such table")

    monkeypatch.setattr(desks.audit, "record", broken)
    await desks.hand_on("blind")
    desks.board.answered(desks.call)
    async with asyncio.timeout(10):
        await refused.wait()
    await desks.office.settle()
    assert not desks.reads("ben")
    assert desks.ben.presence.state is State.TALKING


async def test_caller_who_comes_back_to_who_has_checked_is_no_new_reader(desks: Desks) -> None:
    await desks.hand_on("blind")
    desks.board.not_taken(desks.call, OfferEnd.MISSED)
    await desks.office.settle()
    assert desks.page("anna")["phase"] == "offered"
    assert desks.reads("anna")
    desks.board.answered(desks.call)
    await desks.office.settle()
    assert desks.reads("anna")
    assert await desks.readers() == [ANNA]


async def test_caller_who_goes_back_to_the_line_is_checked_again_by_the_next_one(desks: Desks) -> None:
    desks.board.staff.phone(desks.anna, registered=False, engaged=False)
    desks.board.wishes.agent_lost(desks.call)
    desks.office.pass_time(11)
    desks.board.rematch()
    await desks.office.settle()
    assert desks.ben.call is desks.call
    desks.board.answered(desks.call)
    await desks.office.settle()
    assert (desks.page("ben")["identity"], desks.reads("ben")) == (None, False)
    assert await desks.readers() == [ANNA]
    await desks.desk.identity_checked("ben", "c1", "birthday")
    assert desks.reads("ben")
    assert await desks.readers() == [ANNA, ("ben", "identity_checked", "c1")]


async def test_restart_forgets_the_check_and_so_shows_nothing_without_a_new_one(desks: Desks) -> None:
    await desks.ledger.answered("c1", "anna", MONDAY_NINE)
    open_calls = await OpenWork(desks.database, HERE).unended()
    found = next(one for one in open_calls if one.row.id == "c1")
    desks.anna.call = remembered(found, desks.config, 1, "PJSIP/c1", "c1")
    shown = call_view(desks.anna.call, desks.anna, desks.office.clock.now())
    assert (shown["identity"], shown["history"]) == (None, None)
    await desks.desk.identity_checked("anna", "c1", "known_personally")
    assert desks.reads("anna")
    assert await desks.readers() == [ANNA, ANNA]
