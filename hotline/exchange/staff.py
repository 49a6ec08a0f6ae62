"""What agents want, what machines tell of them, and who they are: each may end what rings, or free somebody for it."""

from collections.abc import Coroutine
from typing import Any, Protocol

import structlog

from agents.presence import Intent, Work
from config.schema import Agent
from hotline.clock import Clock
from hotline.exchange.calls import Call, Leg, Offer, OfferEnd
from hotline.exchange.seats import Seat, Seats
from hotline.exchange.wishes import Wishes

log = structlog.get_logger()


class Mirror(Protocol):
    """What is needed of Asterisk's manager interface."""

    async def mirror(self, agent: str, ready: bool) -> None: ...


class Board(Protocol):
    """What is needed of the switchboard."""

    async def withdraw(self, call: Call, offer: Offer, end: OfferEnd) -> None: ...

    def hang_up(self, leg: Leg | None) -> None: ...

    def rematch(self) -> None: ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> None: ...


class Staff:
    def __init__(self, seats: Seats, wishes: Wishes, clock: Clock, controls: Mirror, board: Board) -> None:
        self._seats = seats
        self._wishes = wishes
        self._clock = clock
        self._controls = controls
        self._board = board

    def wanting(self, seat: Seat, intent: Intent, reason: str | None, by: str | None = None) -> None:
        """The agent has pressed ready, pause or home, or the lead has (`by`), and it is stored.

        Whoever is not to be rung any more is not rung on.
        """
        now = self._clock.now()
        seat.presence = seat.presence.wanting(intent, reason, now, by)
        log.info("intent", agent=seat.agent.name, intent=intent.value)
        self._board.spawn(self._controls.mirror(seat.agent.name, intent is Intent.READY))
        if intent is not Intent.READY:
            self._withdraw_from(seat, OfferEnd.WITHDRAWN)
        self._board.rematch()

    def take(self, agents: list[Agent]) -> list[Seat]:
        """The configuration says something else of the agents from now on. Whoever is in it keeps their state, and
        whoever is not in it any more finishes the call they have and gets no other: those are returned."""
        gone = self._seats.renew(agents, self._clock.now())
        for seat in gone:
            self.wanting(seat, Intent.HOME, None)
        self._board.rematch()
        return gone

    def screens(self, seat: Seat, screens: set[str]) -> None:
        """Which pages of this agent are open."""
        seat.screens = screens
        seat.presence = seat.presence.sensed(self._clock.now(), screens=len(screens))
        self._board.rematch()

    # --- telephones ----------------------------------------------------------------------------

    def phone(self, seat: Seat, *, registered: bool, engaged: bool) -> None:
        """Whether Asterisk can ring this agent's phone, and whether it rings or talks."""
        if seat.gone or (seat.presence.registered, seat.presence.engaged) == (registered, engaged):
            return  # who is gone has no telephone in Asterisk any more, but may be talking still
        seat.presence = seat.presence.sensed(self._clock.now(), registered=registered, engaged=engaged)
        if not registered:
            self.phone_gone(seat)
        self._board.rematch()

    def phone_gone(self, seat: Seat) -> None:
        """What rings now rings at nobody's. Whoever is to get a caller back is rung again when the phone is there."""
        call, offer = seat.call, seat.offer
        self._give_up_held(seat)
        if call is None or offer is None or not offer.open:
            return
        leg = call.leg
        if call.offer is offer and self._wishes.await_back(call, offer):
            self._board.hang_up(leg)
        else:
            self._withdraw_from(seat, OfferEnd.GONE)

    def _give_up_held(self, seat: Seat) -> None:
        """A telephone that holds a caller says nothing that could break off: its registration tells."""
        leg = None if seat.call is None else seat.call.leg_of(seat.agent.name)
        if leg is not None and leg.on_hold and seat.presence.work is Work.TALKING:
            self._board.hang_up(leg)
            leg.vanished = True

    def _withdraw_from(self, seat: Seat, end: OfferEnd) -> None:
        if seat.call is not None and seat.offer is not None:
            self._board.spawn(self._board.withdraw(seat.call, seat.offer, end))
