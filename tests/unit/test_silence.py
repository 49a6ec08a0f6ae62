"""A telephone from which no sound comes is hung up, on a steady clock; no other one is."""

import pytest

from hotline.exchange.silence import Party, Silence


class Line:
    """Asterisk as Silence sees it; a second passes with each look."""

    def __init__(self) -> None:
        self.parties: list[Party] = []
        self.now = 1000.0
        self.sound: dict[str, int | None] = {}
        self.asked: list[str] = []
        self.ended: list[str] = []
        self.silence = Silence(lambda: self.parties, self.packets, self.hang_up, lambda: self.now)

    def party(self, name: str = "a", allowed: float = 6) -> Party:
        party = Party(f"u-{name}", f"PJSIP/{name}", allowed, "c1")
        self.parties.append(party)
        self.sound[party.channel] = 0
        return party

    async def packets(self, channel: str) -> int | None:
        self.asked.append(channel)
        return self.sound[channel]

    async def hang_up(self, channel: str) -> None:
        self.ended.append(channel)

    async def seconds(self, count: int, *speaking: Party) -> None:
        for _ in range(count):
            self.now += 1
            for party in speaking:
                self.sound[party.channel] = (self.sound[party.channel] or 0) + 50
            await self.silence.look()


@pytest.fixture
def line() -> Line:
    return Line()


async def test_whoever_is_heard_stays(line: Line) -> None:
    party = line.party()
    await line.seconds(60, party)
    assert line.ended == []
    assert len(line.asked) == 30  # three times in the six seconds allowed


async def test_whoever_falls_silent_is_let_go_after_the_time_allowed(line: Line) -> None:
    party = line.party()
    await line.seconds(10, party)
    await line.seconds(5)
    assert line.ended == []
    await line.seconds(4)
    assert set(line.ended) == {"PJSIP/a"}


async def test_each_has_the_time_of_its_own_gateway(line: Line) -> None:
    line.party("a", allowed=3)
    line.party("b", allowed=30)
    await line.seconds(20)
    assert set(line.ended) == {"PJSIP/a"}
    await line.seconds(30)
    assert set(line.ended) == {"PJSIP/a", "PJSIP/b"}


async def test_one_who_speaks_does_not_speak_for_another(line: Line) -> None:
    speaking, _ = line.party("a"), line.party("b")
    await line.seconds(20, speaking)
    assert set(line.ended) == {"PJSIP/b"}


async def test_time_of_an_answer_that_cannot_be_had_does_not_count(line: Line) -> None:
    party = line.party()
    await line.seconds(4)
    line.sound[party.channel] = None
    await line.seconds(30)
    line.sound[party.channel] = 0
    await line.seconds(5)
    assert line.ended == []


async def test_whoever_need_not_be_heard_for_a_while_has_the_full_time_again(line: Line) -> None:
    party = line.party()
    await line.seconds(5)
    line.parties.clear()
    line.asked.clear()
    await line.seconds(60)
    assert line.ended == line.asked == []
    line.parties.append(party)
    await line.seconds(6)
    assert line.ended == []


async def test_nothing_is_kept_of_those_who_are_gone(line: Line) -> None:
    line.party()
    await line.seconds(2)
    line.parties.clear()
    await line.seconds(2)
    assert line.silence._heard == {}
