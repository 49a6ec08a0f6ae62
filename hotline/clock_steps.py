"""What a step of the system clock means for callers: what we remember is shifted, and Asterisk is helped over it.

Asterisk measures by the system clock. Tried on Asterisk 22 with a clock that was set back by an hour: WAIT FOR DIGIT
and Dial that were under way last an hour longer; a key that is pressed during such a WAIT FOR DIGIT, by the caller or
by us, stays stuck and silences the channel. What begins after the step is sound. So callers who wait are led through
the dialplan into a new AGI session, at their place in the line, and a telephone rings no longer than it should.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import structlog

from hotline.calls import Call, Offer, OfferEnd, Phase
from hotline.clock import Clock
from hotline.switchboard import Switchboard
from hotline.telephony.agi_server import AgiSession

log = structlog.get_logger()

RING_GRACE = 1.0
"""Seconds that a ringing may take longer than allowed: Dial's own end comes first if it comes."""
_ALONE = {Phase.MENU, Phase.WAITING, Phase.OFFERED, Phase.LOST}
"""Whoever is in a talk stays in it, on hold too."""


class Redirector(Protocol):
    async def take_back(self, channel: str) -> bool: ...


class ClockSteps:
    """Stands before the `handler` of the AGI server; `took_place` is for `Clock.watch`."""

    def __init__(
        self,
        handler: Callable[[AgiSession], Awaitable[None]],
        switchboard: Switchboard,
        redirector: Redirector,
        clock: Clock,
    ) -> None:
        self._handler = handler
        self._switchboard = switchboard
        self._redirector = redirector
        self._clock = clock
        self._sessions: set[AgiSession] = set()

    async def __call__(self, session: AgiSession) -> None:
        self._sessions.add(session)
        try:
            await self._handler(session)
        finally:
            self._sessions.discard(session)

    def took_place(self, step: timedelta) -> None:
        """Business time has just jumped by that."""
        self._switchboard.clock_stepped(step)
        if step < timedelta():
            self._begin_waits_anew()
            self._limit_ringing()

    def _begin_waits_anew(self) -> None:
        waiting = [channel for session in self._sessions if (channel := self._waits_on(session))]
        if waiting:
            log.warning("the clock was set back: callers who wait get a new session", callers=len(waiting))
        for channel in waiting:
            self._switchboard.spawn(self._begin_anew(channel))

    def _waits_on(self, session: AgiSession) -> str | None:
        """The channel of a caller who waits for a key or an agent."""
        call = self._switchboard.calls.of_caller(session.environment.get("agi_uniqueid"))
        alone = call is not None and call.phase in _ALONE and session.busy_with == "wait_for_digit"
        return call.channel if call is not None and alone else None

    async def _begin_anew(self, channel: str) -> None:
        await self._redirector.take_back(channel)

    def _limit_ringing(self) -> None:
        for seat in self._switchboard.seats:
            if seat.call is not None and seat.offer is not None:
                self._switchboard.spawn(self._ring_no_longer(seat.call, seat.offer))

    async def _ring_no_longer(self, call: Call, offer: Offer) -> None:
        left = (offer.at - self._clock.now()).total_seconds() + offer.ring_seconds
        await asyncio.sleep(max(0.0, left) + RING_GRACE)
        if offer.open:
            log.warning("Asterisk rings too long after a step of the clock", call=call.id, agent=offer.agent)
            await self._switchboard.withdraw(call, offer, OfferEnd.MISSED)
