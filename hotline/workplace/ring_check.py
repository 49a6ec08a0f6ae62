"""The check before the shift: a trial ring of the agent's own telephone, with an announcement when it is taken."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from agents.presence import Work
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.exchange.asterisk_events import take_device_state
from hotline.exchange.seats import Seat
from hotline.exchange.switchboard import Switchboard

log = structlog.get_logger()

RING_SECONDS = 15
LONGEST = timedelta(seconds=RING_SECONDS + 25)
"""Ringing and the announcement together."""
LOOK_AFTER = 3.0
"""So long a telephone that is told to ring may take until it does, seconds."""


class Ringing(Protocol):
    """What is needed of Asterisk's manager interface."""

    async def ring_and_play(self, agent: str, seconds: int, sound: str) -> bool: ...

    async def device_state(self, agent: str) -> str | None: ...


class RingCheck:
    """Only for a free agent: while it rings no call is offered, as to any telephone that is busy."""

    def __init__(self, switchboard: Switchboard, asterisk: Ringing, clock: Clock, sound: str) -> None:
        self._switchboard = switchboard
        self._asterisk = asterisk
        self._clock = clock
        self._sound = sound
        self._until: dict[str, datetime] = {}

    async def ring(self, agent: str) -> None:
        """Refused when the agent has a call, or the telephone cannot be rung."""
        seat = self._switchboard.seats[agent]
        self._require_free(seat)
        self._until[agent] = self._clock.now() + LONGEST
        # Before Asterisk tells: an offer made in between would find the telephone busy and be held against the agent.
        self._switchboard.staff.phone(seat, registered=True, engaged=True)
        seat.touch()  # the page must know what rings before it rings
        if not await self._asterisk.ring_and_play(agent, RING_SECONDS, self._sound):
            await self._settle(seat)
            raise Refused("Ihr Telefon konnte nicht klingeln. Bitte versuchen Sie es gleich noch einmal.")
        log.info("trial ring", agent=agent)
        self._switchboard.spawn(self._look_later(seat))

    def view(self, seat: Seat, now: datetime) -> Mapping[str, Any]:
        """Whether what rings at this agent's telephone is the trial."""
        until = self._until.get(seat.agent.name)
        if until is not None and not (now < until and seat.presence.engaged):
            del self._until[seat.agent.name]  # over: what rings next is something else
        return {"test_ring": seat.agent.name in self._until}

    @staticmethod
    def _require_free(seat: Seat) -> None:
        if seat.call is not None or seat.presence.work is not Work.FREE or seat.presence.engaged:
            raise Refused("Das Probeklingeln geht nur, solange Sie keinen Anruf haben und Ihr Telefon frei ist.")
        if not seat.presence.registered:
            raise Refused("Ihr Telefon ist nicht angemeldet und kann deshalb nicht klingeln.")

    async def _look_later(self, seat: Seat) -> None:
        """A telephone that never rang tells no change: without asking it would count as busy for ever."""
        await asyncio.sleep(LOOK_AFTER)
        await self._settle(seat)

    async def _settle(self, seat: Seat) -> None:
        state = await self._asterisk.device_state(seat.agent.name)
        if state is not None:
            take_device_state(self._switchboard, seat, state)
        elif seat.agent.name in self._until:
            self._switchboard.staff.phone(seat, registered=seat.presence.registered, engaged=False)
