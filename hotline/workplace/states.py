"""Writes every change of an agent's state into the ledger, with its cause: listens to all seats.

Several changes while the database is busy are one transaction: what is progress must not hold up an offer.
"""

from agents.presence import Cause, State
from hotline.clock import Clock
from hotline.exchange.journal import Journal
from hotline.exchange.seats import Seat
from hotline.storage.agent_states import AgentState, AgentStates


class States:
    """A listener of `Seats`. What a page is told and what the ledger is told come from the same moment."""

    def __init__(self, storage: AgentStates, journal: Journal, clock: Clock) -> None:
        self._storage = storage
        self._journal = journal
        self._clock = clock
        self._known: dict[str, tuple[State, Cause]] = {}
        self._unwritten: list[AgentState] = []

    def __call__(self, seat: Seat) -> None:
        """The first word on an agent after a start is a change too: nobody knows what was before."""
        name, now = seat.agent.name, (seat.presence.state, seat.presence.why)
        if self._known.get(name) == now:
            return
        self._known[name] = now
        if not self._unwritten:
            self._journal.later(self._write)
        self._unwritten.append(self._change(seat))

    def _change(self, seat: Seat) -> AgentState:
        presence, name = seat.presence, seat.agent.name
        by = (presence.by or name) if presence.decided else None
        return AgentState(name, self._clock.now(), presence.state.value, presence.why.value, by)

    async def _write(self) -> None:
        """Called again by the journal until it is stored."""
        changes, self._unwritten = self._unwritten, []
        try:
            if changes:
                await self._storage.add(changes)
        except BaseException:
            self._unwritten[:0] = changes
            raise
