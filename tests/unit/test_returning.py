"""Who is taken back from the fallback, in which order, and who is left alone."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dialplan import fallback
from hotline.clock import Clock
from hotline.errors import AmiUnavailable
from hotline.recovery.channels import Channels, agent_of, call_id_of, callers_by_call
from hotline.recovery.returning import AT_ONCE, MOST_RETURNS, Gate, Returner

NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)
EPOCH = int(NINE.timestamp())


class Asterisk:
    """Channels by name, and what is done to them."""

    connected = True

    def __init__(self) -> None:
        self.channels: dict[str, dict[str, str]] = {}
        self.redirected: list[str] = []
        self.refuses: set[str] = set()
        self.stays = False
        self.looks = 0

    async def action(self, name: str, *, timeout: float = 5.0, **_: str) -> list[dict[str, str]]:
        assert name == "CoreShowChannels"
        self.looks += 1
        end = {"Event": "CoreShowChannelsComplete"}
        return [{"Response": "Success"}, *(dict(channel) for channel in self.channels.values()), end]

    async def take_back(self, channel: str) -> bool:
        if channel in self.refuses:
            return False
        self.redirected.append(channel)
        if not self.stays:
            self.channels[channel]["Context"] = "hotline-in"
        return True

    def caller(self, number: int, call: str = "", context: str = fallback.QUEUE_CONTEXT, **more: str) -> None:
        unique = f"hotline-secret-{EPOCH}.{number}"
        self._add(f"PJSIP/gateway-haus-{number:08x}", unique, unique, context, call, more)

    def rings(self, caller: int, agent: str = "anna", **more: str) -> None:
        linked = f"hotline-secret-{EPOCH}.{caller}"
        self._add(f"PJSIP/agent-{agent}-0000000a", f"{linked}9", linked, "agent-phone", "", more)

    def _add(self, name: str, unique: str, linked: str, context: str, call: str, more: dict[str, str]) -> None:
        known = {"Channel": name, "Uniqueid": unique, "Linkedid": linked, "Context": context, "BridgeId": ""}
        self.channels[name] = {**known, "ChanVariable": f"CALLID={call}", **more}

    def names(self) -> list[int]:
        """The numbers of the redirected callers, in order."""
        return [int(name.rpartition("-")[2], 16) for name in self.redirected]


class Watched:
    def __init__(self, asterisk: Asterisk) -> None:
        self.talks: list[Channels] = []
        self.gone = 0
        self.waiting: dict[str, datetime] = {}
        self.returner = Returner(
            asterisk, asterisk, self._on_talks, self._on_gone, self.waiting.get, Clock(timedelta(hours=1))
        )

    async def _on_talks(self, channels: Channels) -> None:
        self.talks.append(channels)

    def _on_gone(self) -> None:
        self.gone += 1


@pytest.fixture
def asterisk() -> Asterisk:
    return Asterisk()


@pytest.fixture
def watched(asterisk: Asterisk) -> Watched:
    return Watched(asterisk)


async def test_caller_in_the_queue_is_taken_back(asterisk: Asterisk, watched: Watched) -> None:
    asterisk.caller(1)
    assert await watched.returner.look()
    assert asterisk.names() == [1]
    assert not await watched.returner.look()


@pytest.mark.parametrize("context", [fallback.CALLBACK_CONTEXT, fallback.CONTEXT, "hotline-in", "agent-phone"])
async def test_caller_elsewhere_is_left_alone(asterisk: Asterisk, watched: Watched, context: str) -> None:
    asterisk.caller(1, context=context)
    await watched.returner.look()
    assert asterisk.redirected == []


async def test_caller_whom_a_telephone_rings_for_is_left_alone(asterisk: Asterisk, watched: Watched) -> None:
    asterisk.caller(1)
    asterisk.caller(2)
    asterisk.rings(1)
    assert await watched.returner.look()
    assert asterisk.names() == [2]


async def test_caller_who_talks_is_left_alone_and_told_of(asterisk: Asterisk, watched: Watched) -> None:
    asterisk.caller(1, BridgeId="b1")
    asterisk.rings(1, BridgeId="b1")
    assert await watched.returner.look()
    assert (asterisk.redirected, len(watched.talks)) == ([], 1)


async def test_agent_is_never_taken_for_a_caller(asterisk: Asterisk, watched: Watched) -> None:
    asterisk.rings(1, Context=fallback.QUEUE_CONTEXT)
    assert not await watched.returner.look()
    assert asterisk.redirected == []


async def test_longest_waiting_comes_first_whatever_the_channels_say(asterisk: Asterisk, watched: Watched) -> None:
    for number, call in ((2, ""), (10, ""), (30, "known"), (4, "late")):
        asterisk.caller(number, call)
    watched.waiting = {"known": NINE, "late": NINE + timedelta(hours=2)}
    watched.returner._waiting_since = watched.waiting.get
    await watched.returner.look()
    assert asterisk.names() == [30, 2, 10, 4]


async def test_many_callers_come_back_after_several_looks(asterisk: Asterisk, watched: Watched) -> None:
    for number in range(2 * AT_ONCE + 1):
        asterisk.caller(number)
    await watched.returner.look()
    assert asterisk.names() == list(range(2 * AT_ONCE + 1))
    assert asterisk.looks == 3


async def test_caller_who_begins_to_be_rung_between_two_looks_is_left_alone(
    asterisk: Asterisk, watched: Watched
) -> None:
    for number in range(AT_ONCE + 1):
        asterisk.caller(number)
    take_back = asterisk.take_back

    async def then_it_rings(channel: str) -> bool:
        if not asterisk.redirected:
            asterisk.rings(AT_ONCE)
        return await take_back(channel)

    asterisk.take_back = then_it_rings  # type: ignore[method-assign]
    await watched.returner.look()
    assert asterisk.names() == list(range(AT_ONCE))


async def test_failed_redirect_is_tried_again(asterisk: Asterisk, watched: Watched) -> None:
    asterisk.caller(1)
    asterisk.refuses = set(asterisk.channels)
    assert await watched.returner.look()
    asterisk.refuses = set()
    await watched.returner.look()
    assert asterisk.names() == [1]


async def test_caller_on_the_way_is_not_redirected_twice(asterisk: Asterisk, watched: Watched) -> None:
    asterisk.caller(1)
    asterisk.stays = True
    for _ in range(3):
        await watched.returner.look()
    assert asterisk.names() == [1]


async def test_caller_who_falls_back_again_and_again_stays_with_the_telephones_of_the_fallback(
    asterisk: Asterisk, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    asterisk.caller(1)
    asterisk.stays = True
    monkeypatch.setattr("hotline.recovery.returning.ON_THE_WAY_SECONDS", 0.0)
    for _ in range(2 * MOST_RETURNS):
        await watched.returner.look()
    assert len(asterisk.redirected) == MOST_RETURNS
    monkeypatch.setattr("hotline.recovery.returning.WITHIN_SECONDS", 0.0)
    await watched.returner.look()
    assert len(asterisk.redirected) == MOST_RETURNS + 1


async def test_end_of_a_caller_of_the_fallback_is_told(asterisk: Asterisk, watched: Watched) -> None:
    asterisk.caller(1, context=fallback.CALLBACK_CONTEXT)
    await watched.returner.look()
    assert watched.gone == 0
    asterisk.channels.clear()
    await watched.returner.look()
    assert watched.gone == 1


async def test_looking_goes_on_when_asterisk_does_not_answer(
    asterisk: Asterisk, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hotline.recovery.returning.AGAIN_SECONDS", 0.0)
    answers, action = iter([AmiUnavailable("silent"), ValueError("odd")]), asterisk.action

    async def fails(name: str, **fields: Any) -> list[dict[str, str]]:
        if (error := next(answers, None)) is not None:
            raise error
        return await action(name, **fields)

    asterisk.action = fails  # type: ignore[method-assign]
    asterisk.caller(1)
    watched.returner.look_soon()
    looking = asyncio.create_task(watched.returner.run())
    async with asyncio.timeout(5):
        while not asterisk.redirected:  # noqa: ASYNC110 - a double has no event
            await asyncio.sleep(0)
    looking.cancel()


# --- the gate ---------------------------------------------------------------------------------


@pytest.fixture
def order() -> list[str]:
    return []


def _come(gate: Gate, order: list[str]) -> Callable[[str, float], "asyncio.Task[None]"]:
    async def come(unique: str, seconds: float) -> None:
        await gate.pass_through(unique, NINE + timedelta(seconds=seconds))
        order.append(unique)

    return lambda unique, seconds: asyncio.create_task(come(unique, seconds))


async def test_those_who_come_together_pass_in_the_order_of_their_waiting(order: list[str]) -> None:
    gate = Gate()
    gate.expect(["a", "b", "c"])
    come = _come(gate, order)
    tasks = [come("b", 20), come("c", 10)]
    await asyncio.sleep(0)
    assert order == []
    await asyncio.gather(*tasks, come("a", 30))
    assert order == ["c", "b", "a"]


async def test_nobody_waits_for_a_caller_who_does_not_come(order: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotline.recovery.returning.GATHER_SECONDS", 0.05)
    gate = Gate()
    gate.expect(["a", "b", "gone"])
    come = _come(gate, order)
    await asyncio.gather(come("b", 20), come("a", 10))
    assert order == ["a", "b"]


async def test_caller_who_was_not_expected_passes_at_once(order: list[str]) -> None:
    await _come(Gate(), order)("a", 0)
    assert order == ["a"]


async def test_gate_opens_when_the_last_one_could_not_be_redirected(order: list[str]) -> None:
    gate = Gate()
    gate.expect(["a", "b"])
    passing = _come(gate, order)("a", 0)
    await asyncio.sleep(0)
    gate.forget("b")
    await passing
    assert order == ["a"]


async def test_caller_who_hangs_up_at_the_gate_keeps_nobody_there(order: list[str]) -> None:
    gate = Gate()
    gate.expect(["a", "b"])
    come = _come(gate, order)
    leaving = come("a", 0)
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await come("b", 1)
    assert order == ["b"]


# --- whose channel is whose -------------------------------------------------------------------


def test_caller_is_the_eldest_channel_of_a_call() -> None:
    caller = {"Channel": "PJSIP/gateway-haus-1", "Uniqueid": "s-1.1", "Linkedid": "s-1.1", "ChanVariable": "CALLID=c"}
    outside = {"Channel": "PJSIP/gateway-haus-2", "Uniqueid": "s-1.3", "Linkedid": "s-1.1", "ChanVariable": "CALLID=c"}
    agent = {"Channel": "PJSIP/agent-anna-3", "Uniqueid": "s-1.2", "Linkedid": "s-1.1", "ChanVariable": "CALLID=c"}
    channels = {one["Uniqueid"]: one for one in (outside, agent, caller)}
    assert callers_by_call(channels) == {"c": caller}
    assert agent_of(agent) == "anna"
    assert agent_of(caller) == ""


def test_id_of_a_call_is_found_among_other_variables() -> None:
    assert call_id_of({"Uniqueid": "s-1.1", "ChanVariable": "OTHER=1\nCALLID=abc"}) == "abc"
    assert call_id_of({"Uniqueid": "s-1.1", "ChanVariable": "CALLID="}) == call_id_of({"Uniqueid": "s-1.1"})
