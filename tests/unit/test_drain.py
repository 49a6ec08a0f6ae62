"""What Asterisk is told of us, and when the last call is over."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from dialplan import variables
from hotline.errors import AmiUnavailable
from hotline.recovery import alive, drain
from hotline.recovery.alive import Alive
from hotline.recovery.drain import Drain

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
EPOCH = str(int(NOW.timestamp()))


class Asterisk:
    """What an AMI client would reach: global variables, and the calls that go on."""

    def __init__(self) -> None:
        self.connected = True
        self.set: list[tuple[str, str]] = []
        self.linked: list[str] = []
        self.unanswered: list[str] = []

    async def action(self, name: str, *, timeout: float = 5.0, **fields: Any) -> list[Any]:
        if not self.connected:
            raise AmiUnavailable("not connected")
        if name == "Setvar":
            self.set.append((fields["Variable"], fields["Value"]))
            return [{"Response": "Success"}]
        states = [*((one, "Up") for one in self.linked), *((one, "Ring") for one in self.unanswered)]
        channels = [
            {"Channel": "PJSIP/x", "Uniqueid": str(number), "Linkedid": linked, "ChannelStateDesc": state}
            for number, (linked, state) in enumerate(states)
        ]
        return [{"Response": "Success"}, *channels, {"Event": "Complete"}]

    def globals(self) -> dict[str, str]:
        return dict(self.set)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (alive, drain):
        monkeypatch.setattr(module, "LOOK_SECONDS", 0.005)


@pytest.fixture
def asterisk() -> Asterisk:
    return Asterisk()


@pytest.fixture
def draining() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
def sign(asterisk: Asterisk, draining: asyncio.Event) -> Alive:
    return Alive(asterisk, draining, lambda: NOW)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - nothing here gives an event
            await asyncio.sleep(0.001)


async def test_asterisk_is_told_at_once_and_the_sign_is_taken_back_at_the_end(asterisk: Asterisk, sign: Alive) -> None:
    living = asyncio.create_task(sign.run())
    await until(lambda: asterisk.globals() == {variables.DRAIN: "0", variables.ALIVE: EPOCH})
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)
    assert asterisk.set[-1] == (variables.ALIVE, "0")


async def test_sign_is_given_again_and_again(asterisk: Asterisk, sign: Alive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variables, "ALIVE_EVERY", 0.01)
    living = asyncio.create_task(sign.run())
    await until(lambda: asterisk.set.count((variables.ALIVE, EPOCH)) > 3)
    living.cancel()


@pytest.mark.parametrize("away_at_first", [True, False])
async def test_asterisk_that_was_away_is_told_as_soon_as_it_is_back(
    asterisk: Asterisk, sign: Alive, away_at_first: bool
) -> None:
    asterisk.connected = not away_at_first
    living = asyncio.create_task(sign.run())
    await asyncio.sleep(0.02)
    asterisk.connected = False
    asterisk.set.clear()
    await asyncio.sleep(0.02)
    asterisk.connected = True
    async with asyncio.timeout(variables.ALIVE_EVERY / 2):
        await until(lambda: variables.ALIVE in asterisk.globals())
    living.cancel()


async def test_drain_is_told_before_the_next_sign_of_life_is_due(
    asterisk: Asterisk, sign: Alive, draining: asyncio.Event
) -> None:
    living = asyncio.create_task(sign.run())
    await until(lambda: asterisk.set)
    draining.set()
    async with asyncio.timeout(variables.ALIVE_EVERY / 2):
        await until(lambda: asterisk.globals()[variables.DRAIN] == "1")
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)
    assert asterisk.globals()[variables.DRAIN] == "1", "new calls are refused to the end"


class TestDrain:
    @pytest.fixture
    def known(self) -> list[object]:
        """What the service takes for calls still going on."""
        return []

    @pytest.fixture
    def told(self) -> list[str]:
        return []

    @pytest.fixture
    def ending(self, asterisk: Asterisk, sign: Alive, draining: asyncio.Event, known: list[object]) -> Drain:
        return Drain(draining, sign, asterisk, lambda: known)

    async def test_it_waits_until_it_is_asked(
        self, ending: Drain, told: list[str], draining: asyncio.Event, asterisk: Asterisk
    ) -> None:
        running = asyncio.create_task(ending.run(told.append))
        await asyncio.sleep(0.02)
        assert not running.done()
        assert asterisk.set == []
        draining.set()
        await asyncio.wait_for(running, 5)
        assert told == ["CALLS 0", "DRAINED"]

    async def test_each_change_is_told_once_until_the_last_call_is_over(
        self, ending: Drain, told: list[str], draining: asyncio.Event, asterisk: Asterisk
    ) -> None:
        asterisk.linked = ["1", "1", "2"]
        draining.set()
        running = asyncio.create_task(ending.run(told.append))
        await until(lambda: told == ["CALLS 2"])
        await asyncio.sleep(0.02)
        asterisk.linked = ["2"]
        await until(lambda: told == ["CALLS 2", "CALLS 1"])
        asterisk.linked = []
        await asyncio.wait_for(running, 5)
        assert told == ["CALLS 2", "CALLS 1", "CALLS 0", "DRAINED"]

    async def test_caller_who_is_just_being_refused_is_no_call_but_nothing_is_over(
        self, ending: Drain, told: list[str], draining: asyncio.Event, asterisk: Asterisk
    ) -> None:
        asterisk.linked, asterisk.unanswered = ["1"], ["2"]
        draining.set()
        running = asyncio.create_task(ending.run(told.append))
        await until(lambda: told == ["CALLS 1"])
        asterisk.linked = []
        await asyncio.sleep(0.02)
        assert not running.done(), "the unanswered one may have come just before"
        asterisk.unanswered = []
        await asyncio.wait_for(running, 5)
        assert told == ["CALLS 1", "CALLS 0", "DRAINED"]

    async def test_while_asterisk_cannot_be_asked_nothing_is_over(
        self, ending: Drain, told: list[str], draining: asyncio.Event, asterisk: Asterisk
    ) -> None:
        asterisk.connected = False
        draining.set()
        running = asyncio.create_task(ending.run(told.append))
        await asyncio.sleep(0.03)
        assert not running.done()
        asterisk.connected = True
        await asyncio.wait_for(running, 5)
        assert asterisk.globals()[variables.DRAIN] == "1"

    async def test_calls_are_entered_as_ended_before_it_is_over(
        self, ending: Drain, told: list[str], draining: asyncio.Event, known: list[object]
    ) -> None:
        known.append("call")
        draining.set()
        running = asyncio.create_task(ending.run(told.append))
        await until(lambda: told == ["CALLS 0"])
        await asyncio.sleep(0.02)
        assert not running.done()
        known.clear()
        await asyncio.wait_for(running, 5)

    async def test_call_that_never_ends_for_the_service_holds_nothing_up(
        self, ending: Drain, told: list[str], draining: asyncio.Event, known: list[object], monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(drain, "LAST_ENTRIES_SECONDS", 0.02)
        known.append("call")
        draining.set()
        await asyncio.wait_for(ending.run(told.append), 5)
        assert told[-1] == "DRAINED"
