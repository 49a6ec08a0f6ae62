"""What a step of the system clock means for callers: what we remember is shifted, and Asterisk is helped over it.

Asterisk measures by the system clock. Tried on Asterisk 22 with a clock that was set back by an hour: WAIT FOR DIGIT
and Dial that were under way last an hour longer; what begins after the step is sound. So whoever waits begins to wait
anew, and a telephone rings no longer than it should.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from hotline.clock import Clock
from hotline.exchange.calls import Call, Offer, OfferEnd
from hotline.exchange.switchboard import Switchboard
from hotline.telephony.agi_server import AgiSession

log = structlog.get_logger()

INTERRUPTIONS, INTERRUPT_AGAIN = 4, 0.5
RING_GRACE = 1.0
"""Seconds that a ringing may take longer than allowed: Dial's own end comes first if it comes."""


class ClockSteps:
    """Stands before the `handler` of the AGI server; `took_place` is for `Clock.watch`."""

    def __init__(
        self, handler: Callable[[AgiSession], Awaitable[None]], switchboard: Switchboard, clock: Clock
    ) -> None:
        self._handler = handler
        self._switchboard = switchboard
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
            self._switchboard.spawn(self._wait_anew())
            self._limit_ringing()

    async def _wait_anew(self) -> None:
        """More than once: if Asterisk gets both commands in one go, it notices the second only when a third comes."""
        for _ in range(INTERRUPTIONS):
            for session in self._sessions:
                session.interrupt()
            await asyncio.sleep(INTERRUPT_AGAIN)

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
