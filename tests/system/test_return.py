"""The service was away: callers who wait come back with what is known, talks are left alone, each call is told once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dialplan import happenings
from dialplan.fallback import QUEUE
from hotline.clock import Clock
from hotline.phone.call import PhoneCall
from hotline.phone.client import Phone, PhoneError
from hotline.storage.callbacks import Callbacks
from hotline.storage.tables import call_persons, calls
from ivr.waiting import OFFER_SECONDS
from tests.system.chain import MONDAY_NINE, PATIENCE, AgentAtWork, Chain, hear_each_other, hotline
from tests.system.conftest import StartAsterisk
from tests.system.happened import until_happened
from tests.system.sip import Call as RawCall
from tests.system.sip import UdpPhone

ONE, TWO, THREE = "+495721777001", "+495721777002", "+495721777003"
LOOKS = 6.0
"""After so many seconds the waiting caller was asked whatever there is to ask (ivr.waiting.LOOK_SECONDS)."""
RING_SECONDS = 5
MANY = 25
"""More than are redirected on the word of one look (hotline.recovery.returning.AT_ONCE)."""

pytestmark = pytest.mark.timeout(180)


class Away(Chain):
    """A running hotline whose service goes away and comes back with the same clock."""

    clock: Clock

    async def go_away(self, *agents: AgentAtWork) -> None:
        await self.stop_service()
        for agent in agents:
            await agent.close_page()
            agent.snapshot = {}

    async def come_back(self, *agents: AgentAtWork) -> None:
        await self.start_service(self.clock)
        for agent in agents:
            await agent.open_page()

    async def caller(self, number: str, keys: str = "") -> PhoneCall:
        call = await (await self.phone(number)).dial(self.address)
        await call.answered()
        if keys:
            await call.press(keys)
        return call

    async def happened(self, event: str, count: int = 1) -> None:
        """Asterisk has written that down, for so many channels."""
        seen: set[str] = set()

        def enough(row: Any) -> bool:
            seen.add(row.uniqueid)
            return len(seen) >= count

        await until_happened(self.asterisk.state.asterisk, event, enough)

    async def rows(self, number: str) -> list[Any]:
        """Every call of that number in the ledger."""
        ledger = await self.ledger()
        mine = (
            select(calls)
            .join(call_persons, call_persons.c.call_id == calls.c.id)
            .where(call_persons.c.caller == number)
        )
        async with ledger._db.read() as connection:
            return list(await connection.execute(mine))

    async def ended(self, number: str) -> Any:
        """The only call of that number, once its end is in the ledger."""
        found: list[Any] = []
        try:
            async with asyncio.timeout(PATIENCE):
                while not found or found[-1].ended_at is None:
                    found = await self.rows(number)
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"no end in the ledger, only {found}") from None
        assert len(found) == 1
        return found[0]


@pytest.fixture
async def chain(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Away]:
    shipped["menu"]["silence_seconds"] = 2
    shipped["distribution"]["ring_seconds"] = RING_SECONDS
    start = Clock.starting_at(MONDAY_NINE)
    async with hotline(start_asterisk, shipped, start.now()) as chain:
        chain.__class__ = Away
        assert isinstance(chain, Away)
        chain.clock = Clock(start.offset)
        yield chain


async def _take(agent: AgentAtWork) -> PhoneCall:
    ringing = await agent.phone.incoming()
    await ringing.answer()
    await agent.until_state("talking")
    return ringing


async def _finish(agent: AgentAtWork, talking: PhoneCall) -> None:
    await talking.hang_up()
    await agent.until_state("wrap_up")
    await agent.dispose("settled")


async def _not_rung(phone: Phone, seconds: float) -> None:
    """Nothing rings here for so long: a condition that only time can show."""
    with pytest.raises(PhoneError, match="no call came"):
        await phone.incoming(seconds)


def _near(moment: datetime, other: datetime, seconds: float = 1.5) -> bool:
    return abs((moment - other).total_seconds()) < seconds


# --- callers who wait -------------------------------------------------------------------------


async def test_callers_come_back_with_their_context_in_the_order_in_which_they_came(chain: Away) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben", ready=False)
    await ben.post("/agent/presence", intent="pause")
    talking = await chain.caller(THREE, "4")
    annas = await _take(anna)
    waiting = await chain.caller(ONE, "4")
    await chain.steps(ONE, "joined_line")
    await asyncio.sleep(2 * LOOKS + OFFER_SECONDS)  # position, offer to keep the place, then the number is asked for
    await waiting.press("24412345#")
    await chain.steps(ONE, "household_number")
    await chain.go_away(anna, ben)
    await chain.happened(happenings.QUEUED)
    later = await chain.caller(TWO)
    await chain.happened(happenings.QUEUED, 2)
    await _not_rung(ben.phone, 2)
    await hear_each_other(talking, annas)

    await chain.come_back(anna, ben)
    await anna.until_state("talking")
    await ben.ready()
    shown = (await ben.until_state("offered"))["call"]
    assert shown["caller"] == "05721 777001"
    assert (shown["request_type"]["label"], shown["household_number"]) == ("Mietkosten", "24412345")
    assert shown["waited_seconds"] >= 2 * LOOKS
    bens = await _take(ben)
    await hear_each_other(waiting, bens)
    await _finish(anna, annas)
    shown = (await anna.until_state("offered"))["call"]
    assert (shown["caller"], shown["request_type"]["label"]) == ("05721 777002", "Anliegen unklar")
    assert shown["household_number"] is None
    await hear_each_other(later, await _take(anna))
    await _finish(ben, bens)
    await later.hang_up()

    first, second, talked = await chain.ended(ONE), await chain.ended(TWO), await chain.ended(THREE)
    assert [row.how for row in (first, second, talked)] == ["talked"] * 3
    assert [row.fallback for row in (first, second, talked)] == [True, True, False]
    assert first.joined_at < second.joined_at
    assert second.started_at < second.joined_at + timedelta(seconds=1)


async def test_caller_who_met_nobody_yet_is_entered_once_however_often_the_service_starts(chain: Away) -> None:
    anna = await chain.agent("anna", ready=False)
    await chain.go_away(anna)
    call = await chain.caller(ONE)
    began = chain.clock.now()
    await chain.happened(happenings.QUEUED)
    for _ in range(2):
        await chain.come_back()
        await chain.steps(ONE, "request_type")
        await chain.go_away()
        await call.sound()
    await chain.come_back(anna)
    await anna.until(lambda snapshot: snapshot["hotline"]["waiting"] == 1)
    await anna.ready()
    shown = await anna.until_state("offered")
    assert shown["call"]["caller"] == "05721 777001"
    talking = await _take(anna)
    await hear_each_other(call, talking)
    await _finish(anna, talking)
    row = await chain.ended(ONE)
    assert (row.fallback, row.how) == (True, "talked")
    assert _near(row.started_at, began)
    assert _near(row.joined_at, began)


async def test_many_callers_come_back_at_once_in_order_and_each_is_told_once(chain: Away) -> None:
    anna = await chain.agent("anna", ready=False)
    await chain.go_away(anna)
    numbers = [f"05721 77{number:04d}" for number in range(MANY)]
    async with AsyncExitStack() as stack:
        for number in numbers:
            phone = await stack.enter_async_context(UdpPhone(chain.asterisk.sip_port))
            invite = RawCall(phone, sender=f"<sip:{number.replace(' ', '')}@127.0.0.1>")
            assert (await invite.invite()).status == 200
        await chain.happened(happenings.QUEUED, MANY)
        await chain.come_back(anna)
        await anna.until(lambda snapshot: snapshot["hotline"]["waiting"] == MANY)
        await anna.ready()
        for number in numbers[:3]:
            shown = await anna.until_state("offered")
            assert shown["call"]["caller"] == number
            await _finish(anna, await _take(anna))
    ledger = await chain.ledger()
    async with ledger._db.read() as connection:
        assert len(list(await connection.execute(select(calls.c.id)))) == MANY


async def test_caller_whom_a_telephone_rings_for_is_not_torn_away_and_the_talk_is_on_the_screen(chain: Away) -> None:
    anna = await chain.agent("anna")
    await chain.go_away(anna)
    call = await chain.caller(ONE)
    ringing = await anna.phone.incoming()
    await chain.come_back(anna)
    await ringing.answer()
    shown = await anna.until_state("talking")
    assert shown["call"]["caller"] == "05721 777001"
    await hear_each_other(call, ringing)
    assert ringing.end is None
    await _finish(anna, ringing)
    row = await chain.ended(ONE)
    assert (row.agent, row.fallback, row.how) == ("anna", True, "talked")


async def test_caller_who_is_not_answered_by_the_fallback_comes_back_afterwards(chain: Away) -> None:
    anna = await chain.agent("anna")
    await chain.go_away(anna)
    call = await chain.caller(ONE)
    ringing = await anna.phone.incoming()
    await chain.come_back(anna)
    await ringing.ended(RING_SECONDS + 5)
    await anna.until_state("offered")
    await hear_each_other(call, await _take(anna))


async def test_caller_who_leaves_a_number_is_left_alone_and_called_back_once(chain: Away) -> None:
    anna = await chain.agent("anna", ready=False)
    await chain.go_away(anna)
    await anna.phone.unregister()
    call = await chain.caller(ONE)
    await chain.happened(happenings.QUEUED)
    await call.press("1")
    await asyncio.sleep(1)  # until the number shown is read out
    await chain.come_back()
    await call.press("1")
    await call.ended()
    row = await chain.ended(ONE)
    assert row.how == "fallback_callback_requested"
    for _ in range(3):
        await chain.go_away()
        await chain.come_back()
    tasks = await Callbacks((await chain.ledger())._db, chain.config.hotline.id).open_tasks()
    assert [task.number for task in tasks] == [ONE]
    await anna.open_page()
    (task,) = anna.snapshot["callbacks"]
    assert task["number"] == "05721 777001"


# --- calls that are over ----------------------------------------------------------------------


async def test_call_handled_without_the_service_is_in_the_ledger_once_with_its_true_end(chain: Away) -> None:
    anna = await chain.agent("anna")
    await chain.go_away(anna)
    call = await chain.caller(ONE)
    came = chain.clock.now()
    talking = await anna.phone.incoming()
    await talking.answer()
    await hear_each_other(call, talking)
    await call.hang_up()
    left = chain.clock.now()
    await chain.happened(happenings.END)
    for _ in range(3):
        await chain.come_back()
        await chain.go_away()
    row = await chain.ended(ONE)
    assert (row.agent, row.how, row.fallback, row.gateway) == ("anna", "fallback_talked", True, "haus")
    assert _near(row.started_at, came)
    assert _near(row.ended_at, left)
    assert row.talk_ended_at == row.ended_at
    await chain.come_back(anna)
    await anna.until_state("ready")


async def test_caller_who_left_while_the_service_was_away_has_a_true_end(chain: Away) -> None:
    call = await chain.caller(ONE, "4")
    await chain.steps(ONE, "joined_line")
    await chain.go_away()
    await chain.happened(happenings.FALLBACK)
    await call.hang_up()
    left = chain.clock.now()
    await chain.happened(happenings.END)
    await asyncio.sleep(2)  # so that the end and the return are not the same moment
    await chain.come_back()
    row = await chain.ended(ONE)
    assert row.how.startswith("fallback_left")
    assert _near(row.ended_at, left)


async def test_caller_who_was_lost_with_asterisk_is_told_to_be_cut(chain: Away) -> None:
    await chain.caller(ONE, "4")
    await chain.steps(ONE, "joined_line")
    await chain.go_away()
    await chain.happened(happenings.FALLBACK)
    chain.asterisk.process.kill()
    await chain.asterisk.process.wait()
    await chain.asterisk.process.start()
    await chain.come_back()
    assert (await chain.ended(ONE)).how == "cut_by_asterisk"


# --- who is rung ------------------------------------------------------------------------------


async def _members(chain: Away) -> dict[str, str]:
    """Who is in the fallback queue: "0" ready, "1" paused."""
    async with chain.asterisk.ami() as ami:
        await ami.action("QueueStatus", Queue=QUEUE)
        await ami.event("QueueStatusComplete")
        return {item["Name"]: item["Paused"] for item in ami.events() if item["Event"] == "QueueMember"}


async def _until_members(chain: Away, **wanted: str) -> None:
    found: dict[str, str] = {}
    try:
        async with asyncio.timeout(PATIENCE):
            while found != {"anna": "1", "ben": "1", "carla": "1", "david": "1", "elif": "1", **wanted}:
                found = await _members(chain)
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"the queue is not as the agents want it: {found}") from None


async def test_queue_is_as_the_agents_want_it_after_each_press(chain: Away) -> None:
    anna = await chain.agent("anna")
    await _until_members(chain, anna="0")
    await anna.post("/agent/presence", intent="pause")
    await _until_members(chain)
    await anna.post("/agent/presence", intent="ready")
    await _until_members(chain, anna="0")
    await anna.post("/agent/presence", intent="home")
    await _until_members(chain)


async def test_queue_that_somebody_has_changed_is_corrected_at_the_next_start(chain: Away) -> None:
    anna = await chain.agent("anna")
    await _until_members(chain, anna="0")
    await chain.go_away(anna)
    async with chain.asterisk.ami() as ami:
        await ami.action("QueueAdd", Queue=QUEUE, Interface="PJSIP/stranger", MemberName="stranger")
        await ami.action("QueuePause", Queue=QUEUE, Interface="PJSIP/agent-ben", Paused="false")
        await ami.action("QueuePause", Queue=QUEUE, Interface="PJSIP/agent-anna", Paused="true")
        await ami.action("QueueRemove", Queue=QUEUE, Interface="PJSIP/agent-carla")
    await chain.come_back()
    await _until_members(chain, anna="0")


async def test_nobody_on_break_is_rung_after_a_restart_of_asterisk_without_the_service(chain: Away) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben")
    await ben.post("/agent/presence", intent="pause")
    await _until_members(chain, anna="0")
    await chain.go_away(anna, ben)
    await chain.asterisk.process.stop()
    await chain.asterisk.process.start()
    await _until_members(chain, anna="0")
    call = await chain.caller(ONE)
    ringing = await anna.phone.incoming(30)
    await _not_rung(ben.phone, 1)
    await ringing.answer()
    await hear_each_other(call, ringing)
    await _not_rung(ben.phone, 1)
