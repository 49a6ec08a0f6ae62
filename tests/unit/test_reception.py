"""How an AGI session becomes a call, by its path: new, back from the fallback, from inside."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from config.schema import HotlineConfig
from hotline.errors import CallerGone
from hotline.exchange import reception as module
from hotline.exchange.book import Book
from hotline.exchange.calls import Call, Phase
from hotline.exchange.reception import Reception
from hotline.exchange.transfers import Transfers
from hotline.recovery.call_ids import id_of_channel
from tests.unit.doubles_switchboard import MONDAY_NINE, Office

UNIQUE = "hotline-secret-1795420800.1"
HEADER = "<sip:+495721777001@example.org>"
NINE = int(MONDAY_NINE.timestamp())


class Session:
    """An AGI session's environment and channel variables."""

    def __init__(self, path: str, unique: str = UNIQUE, **variables: str) -> None:
        self.environment = {
            "agi_network_script": path,
            "agi_uniqueid": unique,
            "agi_channel": "PJSIP/gateway-haus-1",
            "agi_extension": "12",
        }
        self.hung_up = False
        self.variables = {"HL_GATEWAY": "haus", "HL_FROM": HEADER, **variables}

    async def get_variable(self, name: str) -> str | None:
        return self.variables.get(name)

    async def set_variable(self, name: str, value: str) -> None:
        self.variables[name.removeprefix("__")] = value


class Door:
    """A reception whose callers only say how they were received, and stay until they are let go."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self.office, self.switchboard = office, office.switchboard
        self.received: list[tuple[str, Call]] = []
        self.stays: list[asyncio.Event] = []
        """For how long the next sessions last."""
        self.recalled: dict[str, Call] = {}
        self.passed: list[tuple[str, Any]] = []
        self.dialled = self.alone = 0
        self.sounds = {"greeting": "by_content/1"}
        self.activated: dict[str, str] | None = None
        """Comes into force while a caller who comes back waits for a place in the order."""
        door = self

        class Caller:
            def __init__(self, session: Any, call: Call, *_: Any) -> None:
                self._call = call

            async def _go(self, how: str) -> None:
                door.received.append((how, self._call))
                self._call.in_session = True
                if door.stays:
                    await door.stays.pop(0).wait()
                self._call.in_session = False

            async def run(self) -> None:
                await self._go("new")

            async def run_again(self) -> None:
                await self._go("again")

            async def run_referred(self) -> None:
                await self._go("referred")

        monkeypatch.setattr(module, "Caller", Caller)
        nothing: Any = None
        book = Book(office.journal, office.ledger)  # type: ignore[arg-type]
        self.reception = Reception(
            lambda: (3, office.config),
            office.switchboard,
            Transfers(office.switchboard, book, office.clock, nothing),
            nothing,
            nothing,
            office.clock,
            str,
            sounds=lambda: self.sounds,
            book=book,
            known=self,
            order=self,
            inside=self,
            left_alone=self._left_alone,
        )

    def _left_alone(self) -> None:
        self.alone += 1

    def recall(self, call_id: str, channel: str, unique: str) -> Call | None:
        return self.recalled.get(call_id)

    async def pass_through(self, unique: str, joined_at: Any) -> None:
        self.sounds = self.activated or self.sounds
        self.passed.append((unique, joined_at))

    def refer(self, session: Any, call: Call) -> None:
        """See hotline/exchange/inside.py."""

    async def dial(self, session: Any, config: HotlineConfig) -> None:
        self.dialled += 1

    async def has_received(self, count: int) -> Call:
        async with asyncio.timeout(5):
            while len(self.received) < count:  # noqa: ASYNC110 - a double has no event
                await asyncio.sleep(0.001)
        return self.received[-1][1]

    async def come(self, path: str, unique: str = UNIQUE, **variables: str) -> Session:
        session = Session(path, unique, **variables)
        await self.reception(session)  # type: ignore[arg-type]
        await self.office.settle()
        return session


@pytest.fixture
async def door(config: HotlineConfig, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    office = Office(config)
    yield Door(office, monkeypatch)
    await office.close()


async def test_new_caller_gets_an_id_and_is_in_the_ledger_first(door: Door) -> None:
    session = await door.come("call")
    ((how, call),) = door.received
    assert how == "new"
    assert session.variables["CALLID"] == call.id
    assert len(call.id) == 16
    assert (call.caller, call.arrived_at, call.joined_at) == ("+495721777001", MONDAY_NINE, None)
    assert door.office.ledger.kinds() == ["call_started"]


@pytest.mark.parametrize("privacy", ["id", "user;id", "full", "header, id"])
async def test_withheld_number_stays_withheld(door: Door, privacy: str) -> None:
    await door.come("call", HL_PRIVACY=privacy)
    assert door.received[0][1].caller is None


async def test_caller_who_never_met_us_waits_since_coming_to_the_fallback(door: Door) -> None:
    session = await door.come("return", HL_SINCE=str(NINE - 90))
    ((how, call),) = door.received
    assert how == "again"
    assert call.id == session.variables["CALLID"] == id_of_channel(UNIQUE)
    assert call.arrived_at == call.joined_at == MONDAY_NINE - timedelta(seconds=90)
    assert (call.request, call.caller, call.gateway) == (None, "+495721777001", "haus")
    assert door.office.ledger.kinds() == ["call_started", "joined_line"]
    assert door.passed == [(UNIQUE, call.joined_at)]
    assert door.switchboard.calls.of_caller(UNIQUE) is call


@pytest.mark.parametrize("since", ["", "soon", "-1", "9" * 30, str(NINE + 60), str(NINE - 2 * 86400)])
async def test_since_that_makes_no_sense_is_now(door: Door, since: str) -> None:
    await door.come("return", HL_SINCE=since)
    assert door.received[0][1].joined_at == MONDAY_NINE


async def test_caller_of_an_earlier_run_goes_on_with_what_the_ledger_knows(door: Door) -> None:
    known = Call("c1", "PJSIP/gateway-haus-1", UNIQUE, door.office.config, 3, MONDAY_NINE, "+495721777001", "haus")
    known.joined_at = MONDAY_NINE - timedelta(seconds=30)
    door.recalled["c1"] = known
    await door.come("return", CALLID="c1", HL_SINCE="")
    assert door.received == [("again", known)]
    assert door.office.ledger.kinds() == []
    assert door.switchboard.calls["c1"] is known
    assert door.passed == [(UNIQUE, known.joined_at)]


async def test_caller_whom_the_import_has_entered_goes_on_with_that_entry(door: Door) -> None:
    known = Call(id_of_channel(UNIQUE), "PJSIP/a", UNIQUE, door.office.config, 3, MONDAY_NINE, None, "haus")
    door.recalled[known.id] = known
    session = await door.come("return", HL_SINCE=str(NINE))
    assert door.received == [("again", known)]
    assert session.variables["CALLID"] == known.id
    assert door.office.ledger.kinds() == []


async def test_caller_of_this_run_goes_on_with_the_same_call(door: Door) -> None:
    await door.come("call")
    ((_, call),) = door.received
    call.end_reason = "cut_by_asterisk"
    await door.come("return", CALLID=call.id)
    assert door.received[1] == ("again", call)
    assert call.end_reason is None
    assert door.office.ledger.kinds() == ["call_started"]


async def test_call_hears_what_new_calls_hear_when_it_begins_and_keeps_it(door: Door) -> None:
    await door.come("call")
    ((_, call),) = door.received
    assert call.sounds == {"greeting": "by_content/1"}
    door.sounds = {"greeting": "by_content/2"}
    await door.come("return", CALLID=call.id)
    assert call.sounds == {"greeting": "by_content/1"}


async def test_call_of_an_earlier_run_hears_what_new_calls_hear_now(door: Door) -> None:
    known = Call("c1", "PJSIP/gateway-haus-1", UNIQUE, door.office.config, 3, MONDAY_NINE, None, "haus")
    door.recalled["c1"] = known
    await door.come("return", CALLID="c1")
    assert known.sounds == {"greeting": "by_content/1"}


async def test_call_of_an_earlier_run_has_the_sounds_of_its_configuration(door: Door) -> None:
    known = Call("c1", "PJSIP/gateway-haus-1", UNIQUE, door.office.config, 3, MONDAY_NINE, None, "haus")
    door.recalled["c1"], door.activated = known, {"greeting": "by_content/2"}
    await door.come("return", CALLID="c1")
    assert known.sounds == {"greeting": "by_content/1"}


async def test_id_that_nobody_knows_is_kept(door: Door) -> None:
    await door.come("return", CALLID="lost")
    assert door.received[0][1].id == "lost"
    assert door.office.ledger.kinds() == ["call_started", "joined_line"]


async def test_former_session_does_not_take_the_caller_out_of_the_line_again(door: Door) -> None:
    ends = [asyncio.Event(), asyncio.Event()]
    door.stays = list(ends)
    first = asyncio.create_task(door.come("call"))
    call = await door.has_received(1)
    second = asyncio.create_task(door.come("return", CALLID=call.id))
    ends[0].set()
    await first
    await door.has_received(2)
    door.switchboard.join(call, "rent")
    await door.office.settle()
    assert (call.id in door.switchboard.line, call.phase) == (True, Phase.WAITING)
    ends[1].set()
    await second
    assert call.id not in door.switchboard.line


async def test_former_session_that_hangs_is_not_waited_for_and_does_no_harm_when_it_ends(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FORMER_SESSION_SECONDS", 0.01)
    ends = [asyncio.Event(), asyncio.Event()]
    door.stays = list(ends)
    first = asyncio.create_task(door.come("call"))
    call = await door.has_received(1)
    second = asyncio.create_task(door.come("return", CALLID=call.id))
    await door.has_received(2)
    door.switchboard.join(call, "rent")
    ends[0].set()
    await first
    assert call.id in door.switchboard.line
    ends[1].set()
    await second


async def test_session_that_broke_off_is_told_to_whom_looks_for_callers_of_the_fallback(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    await door.come("call")
    assert door.alone == 1
    door.received[0][1].over.set()
    await door.come("return", CALLID=door.received[0][1].id)
    assert door.alone == 1


async def test_caller_sent_on_by_a_telephone_goes_to_the_transfers(door: Door) -> None:
    await door.come("call")
    await door.come("inside")
    assert [how for how, _ in door.received] == ["new", "referred"]
    assert door.received[0][1] is door.received[1][1]


async def test_telephone_that_dials_is_handed_on(door: Door) -> None:
    await door.come("inside", unique="hotline-secret-1795420800.77")
    assert (door.dialled, door.received) == (1, [])


async def test_caller_who_hangs_up_before_the_call_began_is_no_error(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: Any) -> None:
        raise CallerGone("hung up")

    monkeypatch.setattr(Session, "get_variable", gone)
    for path in ("call", "return"):
        await door.come(path)
    assert door.received == []


async def test_call_that_arrives_during_an_activation_has_the_new_configuration(
    config: HotlineConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(config)
    door = Door(office, monkeypatch)
    later = config.model_copy()

    class Slow(Session):
        async def get_variable(self, name: str) -> str | None:
            office.config = later
            return await super().get_variable(name)

        async def set_variable(self, name: str, value: str) -> None:
            assert not door.received
            await super().set_variable(name, value)

    await door.reception(Slow("call"))
    ((_, call),) = door.received
    assert call.config is later
    await office.close()
