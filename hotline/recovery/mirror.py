"""Agents' own intent, mirrored into the queue that Asterisk rings when the service is away: paused unless ready.

Each change is sent at once (`AmiControls.mirror`). Here the whole queue is compared, after each login to Asterisk and
from time to time, because either side may have been away when the other one changed. The agent's intent always wins.
With it the announcement is compared, which the fallback has too.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

import structlog

from agents.presence import Intent
from dialplan.fallback import QUEUE
from hotline.errors import AmiError
from hotline.exchange.seats import Seat, Seats
from hotline.recovery.announcement import FallbackAnnouncement
from hotline.telephony.controls import interface

log = structlog.get_logger()

EVERY_SECONDS = 30.0
PAUSE_SECONDS = 1.0
"""At least between two comparisons."""
DIFFERENCE = "fallback queue corrected"

Member = Mapping[str, str]


class Manager(Protocol):
    """What is asked of the AMI client."""

    async def action(self, name: str, *, timeout: float = ..., **fields: str) -> list[dict[str, str]]: ...


class QueueControls(Protocol):
    """What is done to the queue's members; see hotline/telephony/controls.py."""

    async def pause(self, agent: str, paused: bool) -> bool: ...

    async def add_member(self, agent: str, paused: bool) -> bool: ...

    async def remove_member(self, interface: str) -> bool: ...


class Mirror:
    """Set `wanted` for a comparison soon."""

    def __init__(
        self,
        ami: Manager,
        controls: QueueControls,
        seats: Seats,
        wanted: asyncio.Event,
        announcement: FallbackAnnouncement,
    ) -> None:
        self._ami = ami
        self._controls = controls
        self._seats = seats
        self._wanted = wanted
        self._announcement = announcement

    async def run(self) -> None:
        """For ever, every EVERY_SECONDS."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._wanted.wait()
            self._wanted.clear()
            await self.check()
            await asyncio.sleep(PAUSE_SECONDS)

    async def check(self) -> int:
        """Compare and correct the queue and the announcement; how many differences there were."""
        return (await self.check_queue() or 0) + await self._announcement.check()

    async def check_queue(self) -> int | None:
        """Compare the queue with the agents' intents, and correct it; how many differences there were.

        None when Asterisk did not say what is in it.

        Each correction is by the intent of the moment in which it is sent: one that changes meanwhile is not undone.
        """
        try:
            items = await self._ami.action("QueueStatus", Queue=QUEUE)
        except AmiError as error:
            log.warning("fallback queue not compared", why=str(error))
            return None
        members = {item["Location"]: item for item in items if item.get("Event") == "QueueMember"}
        differences = 0
        for seat in [seat for seat in self._seats if not seat.gone]:
            differences += await self._correct(seat, members.pop(interface(seat.agent.name), None))
        for unknown in members:
            differences += 1
            log.warning(DIFFERENCE, cause="an unknown telephone was in the queue")
            await self._controls.remove_member(unknown)
        return differences

    async def _correct(self, seat: Seat, member: Member | None) -> int:
        name = seat.agent.name
        if member is None:
            log.info(DIFFERENCE, cause="the telephone was missing", agent=name, paused=_away(seat))
            await self._controls.add_member(name, _away(seat))
            return 1
        if (member.get("Paused") == "1") == _away(seat):
            return 0
        log.warning(DIFFERENCE, cause="pause and intent differed", agent=name, paused=_away(seat))
        await self._controls.pause(name, _away(seat))
        return 1


def _away(seat: Seat) -> bool:
    return seat.presence.intent is not Intent.READY
