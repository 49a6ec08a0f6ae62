"""A caller from whom no sound comes is let go, on a steady clock; nobody else is."""

from datetime import UTC, datetime

import pytest

from config.schema import HotlineConfig
from hotline.exchange.calls import Call, Calls
from hotline.exchange.silence import Silence

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class Line:
    """Asterisk as Silence sees it; a second passes with each look."""

    def __init__(self, config: HotlineConfig, allowed: int = 6) -> None:
        gateways = [config.gateways[0].model_copy(update={"silence_seconds": allowed})]
        self.config = config.model_copy(update={"gateways": gateways})
        self.calls, self.now = Calls(), 1000.0
        self.sound: dict[str, int | None] = {}
        self.asked: list[str] = []
        self.ended: list[str] = []
        self.silence = Silence(self.calls, self.packets, self.hang_up, lambda: self.now)

    def call(self, name: str = "a", gateway: str | None = None) -> Call:
        known = self.config.gateways[0].name if gateway is None else gateway
        call = Call(name, f"PJSIP/{name}", f"u-{name}", self.config, 1, NINE, None, known)
        self.calls.add(call)
        self.sound[call.channel] = 0
        return call

    async def packets(self, channel: str) -> int | None:
        self.asked.append(channel)
        return self.sound[channel]

    async def hang_up(self, channel: str) -> None:
        self.ended.append(channel)

    async def seconds(self, count: int, *, speaking: bool = False) -> None:
        for _ in range(count):
            self.now += 1
            if speaking:
                self.sound = {channel: (sound or 0) + 50 for channel, sound in self.sound.items()}
            await self.silence.look()


@pytest.fixture
def line(config: HotlineConfig) -> Line:
    return Line(config)


async def test_caller_who_is_heard_stays(line: Line) -> None:
    line.call()
    await line.seconds(60, speaking=True)
    assert line.ended == []
    assert len(line.asked) == 30  # three times in the six seconds allowed


async def test_caller_who_falls_silent_is_let_go_after_the_time_allowed(line: Line) -> None:
    line.call()
    await line.seconds(10, speaking=True)
    await line.seconds(5)
    assert line.ended == []
    await line.seconds(4)
    assert set(line.ended) == {"PJSIP/a"}


async def test_time_of_an_answer_that_cannot_be_had_does_not_count(line: Line) -> None:
    call = line.call()
    await line.seconds(4)
    line.sound[call.channel] = None
    await line.seconds(30)
    line.sound[call.channel] = 0
    await line.seconds(5)
    assert line.ended == []


async def test_caller_who_holds_us_is_not_asked(line: Line) -> None:
    call = line.call()
    call.on_hold = True
    await line.seconds(60)
    assert line.ended == line.asked == []
    call.on_hold = False
    await line.seconds(5)
    assert line.ended == []


async def test_caller_who_has_hung_up_is_not_asked(line: Line) -> None:
    line.call().over.set()
    await line.seconds(20)
    assert line.asked == []


async def test_caller_of_a_gateway_that_is_gone_from_the_configuration_has_ten_seconds(line: Line) -> None:
    line.call(gateway="")
    await line.seconds(10)
    assert line.ended == []
    await line.seconds(5)
    assert line.ended


async def test_nothing_is_kept_of_calls_that_are_over(line: Line) -> None:
    call = line.call()
    await line.seconds(2)
    line.calls.remove(call)
    await line.seconds(2)
    assert line.silence._heard == {}
