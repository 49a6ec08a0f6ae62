"""The fallback queue follows the agents' own intent, whichever side was away when the other one changed."""

import asyncio
from pathlib import Path

import pytest

from agents.presence import Intent
from config.schema import HotlineConfig
from hotline.errors import AmiRefused, AmiUnavailable
from hotline.exchange.seats import Seats
from hotline.recovery.announcement import FallbackAnnouncement
from hotline.recovery.mirror import Mirror
from hotline.telephony.controls import AmiControls
from tests.unit.doubles_switchboard import MONDAY_NINE


class Queue:
    """Asterisk's queue: who is in it, and whether paused."""

    def __init__(self) -> None:
        self.connected = True
        self.members: dict[str, bool] = {}
        self.note = ""
        self.sent: list[str] = []

    async def action(self, name: str, *, timeout: float = 5.0, **fields: str) -> list[dict[str, str]]:
        self.sent.append(name)
        if not self.connected:
            raise AmiUnavailable("not connected")
        if name in {"Getvar", "Setvar"}:
            self.note = fields.get("Value", self.note)
            return [{"Response": "Success", "Value": self.note}]
        assert fields["Queue"] == "hotline-fallback"
        if name == "QueueStatus":
            return [
                {"Response": "Success"},
                {"Event": "QueueParams", "Queue": "hotline-fallback"},
                *({"Event": "QueueMember", "Location": who, "Paused": str(int(p))} for who, p in self.members.items()),
                {"Event": "QueueStatusComplete"},
            ]
        return self._change(name, fields["Interface"], fields.get("Paused") == "true")

    def _change(self, name: str, who: str, paused: bool) -> list[dict[str, str]]:
        if (name == "QueueAdd") == (who in self.members):
            raise AmiRefused("Unable to add interface: Already there / Interface not found")
        if name == "QueueRemove":
            del self.members[who]
        else:
            self.members[who] = paused
        return [{"Response": "Success"}]

    def ready(self) -> set[str]:
        return {who.removeprefix("PJSIP/agent-") for who, paused in self.members.items() if not paused}


class Hall:
    def __init__(self, config: HotlineConfig, kept: Path) -> None:
        self.queue, self.seats = Queue(), Seats(config.agents, MONDAY_NINE)
        self.controls = AmiControls(self.queue)  # type: ignore[arg-type]
        self.announcement = FallbackAnnouncement(self.queue, kept, self.controls.not_mirrored)
        self.mirror = Mirror(self.queue, self.controls, self.seats, self.controls.not_mirrored, self.announcement)

    def wants(self, name: str, intent: Intent) -> None:
        seat = self.seats[name]
        seat.presence = seat.presence.wanting(intent, None, MONDAY_NINE)


@pytest.fixture
def hall(config: HotlineConfig, tmp_path: Path) -> Hall:
    return Hall(config, tmp_path / "announcement.conf")


async def test_empty_queue_gets_every_telephone_and_only_ready_agents_are_rung(hall: Hall) -> None:
    hall.wants("anna", Intent.READY)
    hall.wants("ben", Intent.PAUSE)
    assert await hall.mirror.check() == 5
    assert len(hall.queue.members) == 5
    assert hall.queue.ready() == {"anna"}
    assert await hall.mirror.check() == 0


async def test_pauses_that_differ_and_strangers_are_corrected(hall: Hall) -> None:
    await hall.mirror.check()
    hall.wants("anna", Intent.READY)
    hall.queue.members["PJSIP/agent-ben"] = False
    hall.queue.members["PJSIP/stranger"] = False
    assert await hall.mirror.check() == 3
    assert hall.queue.ready() == {"anna"}
    assert "PJSIP/stranger" not in hall.queue.members


async def test_each_change_is_sent_at_once(hall: Hall) -> None:
    await hall.mirror.check()
    await hall.controls.mirror("anna", True)
    assert hall.queue.ready() == {"anna"}
    await hall.controls.mirror("anna", False)
    assert hall.queue.ready() == set()
    assert not hall.controls.not_mirrored.is_set()


async def test_change_while_not_connected_is_not_sent_and_waits_for_the_login(hall: Hall) -> None:
    hall.queue.connected = False
    await hall.controls.mirror("anna", True)
    assert hall.queue.sent == []
    assert await hall.mirror.check() == 0
    assert await hall.mirror.check_queue() is None


async def test_change_that_fails_leads_to_a_comparison_soon(hall: Hall) -> None:
    hall.wants("anna", Intent.READY)
    await hall.controls.mirror("anna", True)  # the queue does not know the telephone
    running = asyncio.create_task(hall.mirror.run())
    async with asyncio.timeout(5):
        while hall.queue.ready() != {"anna"}:  # noqa: ASYNC110 - a double has no event
            await asyncio.sleep(0)
    running.cancel()


async def test_announcement_is_compared_with_the_queue(hall: Hall) -> None:
    await hall.mirror.check()
    await hall.announcement.on("announcements/ff", MONDAY_NINE)
    hall.queue.note = ""
    assert await hall.mirror.check() == 1
    assert hall.queue.note.endswith("/ff")


async def test_intent_that_changes_during_the_comparison_wins(hall: Hall) -> None:
    await hall.mirror.check()
    action = hall.queue.action

    async def agent_leaves_meanwhile(name: str, **fields: str) -> list[dict[str, str]]:
        answer = await action(name, **fields)  # type: ignore[arg-type]
        if name == "QueueStatus":
            hall.wants("anna", Intent.HOME)
        return answer

    hall.wants("anna", Intent.READY)
    hall.queue.action = agent_leaves_meanwhile  # type: ignore[assignment]
    await hall.mirror.check()
    assert hall.queue.ready() == set()
