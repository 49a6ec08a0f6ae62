"""The agents' places in the running service: presence, open pages, call on the screen, who is told of changes."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from agents.presence import Intent, Presence, Work
from config.schema import Agent, ScreenNeed
from hotline.exchange.calls import Call, Offer

Listener = Callable[["Seat"], None]
"""Told of each change that a page must show. It must neither fail nor change anything of the seat."""


@dataclass(eq=False)
class Seat:
    """One agent's place. `seq` grows with every change that the agent's page must show."""

    agent: Agent
    presence: Presence
    screens: set[str] = field(default_factory=set)
    call: Call | None = None
    """Offered, talking or in wrap-up; stays until the call is disposed of."""
    offer: Offer | None = None
    """What this agent is being offered now."""
    seq: int = 1
    gone: bool = False
    """The agent is not in the configuration any more; the seat stays until the last call at it is done with."""
    unwritten: list[Call] = field(default_factory=list)
    """Talks of before a restart that are still to be written up, one after the other, before the next call."""
    home_asked_at: datetime | None = None
    """When the agent was last told that callers wait, on pressing "home"."""
    listeners: list[Listener] = field(default_factory=list)
    _pulse: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def may_show_call(self) -> bool:
        """Stored first, then pushed (design, step 5)."""
        return self.offer is None or self.offer.stored

    @property
    def in_use(self) -> bool:
        busy = self.presence.work is not Work.FREE
        return not self.gone or busy or self.call is not None or bool(self.unwritten)

    def serves(self, skill: str) -> bool:
        """Whether the agent can take on such a request, be it as first or as second choice."""
        return skill in self.agent.skills or skill in self.agent.second_choice

    def can_be_rung_for(self, call: Call) -> bool:
        """Whether a call that is meant for this agent can ring here now."""
        if not self.presence.reachable:
            return False
        return self.presence.available if self.call is None else self.call is call and self.offer is None

    def may_be_awaited_for(self, call: Call) -> bool:
        """Whether it is worth waiting a moment for this agent's telephone."""
        return self.presence.intent is Intent.READY and self.call in (None, call) and self.presence.bar is None

    def shift(self, delta: timedelta) -> None:
        """Business time has jumped by that."""
        self.presence = self.presence.shifted(delta)
        if self.home_asked_at is not None:
            self.home_asked_at += delta

    def touch(self) -> None:
        """Tell the agent's pages, and whoever listens, that there is something new."""
        self.seq += 1
        for tell in self.listeners:
            tell(self)
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()

    async def changed(self, seen: int) -> None:
        """Return as soon as `seq` is greater than `seen`."""
        while self.seq <= seen:
            await self._pulse.wait()


class Seats:
    """All agents of the hotline by name."""

    def __init__(self, agents: list[Agent], now: datetime) -> None:
        self.listeners: list[Listener] = []
        """Told of every change at any seat."""
        self._seats = {agent.name: _seat(agent, now, self.listeners) for agent in agents}

    def renew(self, agents: list[Agent], now: datetime) -> list[Seat]:
        """Take over what the configuration says of the agents now; nobody's state changes by it.

        The seats of those who are not in it any more since now are returned: they get no further call. The telephone
        of whoever was gone and is back is to be asked for: nobody has listened to it meanwhile.
        """
        before, self._seats = self._seats, {}
        for agent in agents:
            known = agent.name in before
            seat = self._seats[agent.name] = before.pop(agent.name) if known else _seat(agent, now, self.listeners)
            if seat.gone:
                seat.presence = replace(seat.presence, registered=False, engaged=False)
            seat.agent, seat.gone = agent, False
            seat.presence = replace(seat.presence, needs_screen=_needs_screen(agent))
        newly = [seat for seat in before.values() if not seat.gone]
        for name, seat in before.items():
            self._seats[name] = seat
            seat.agent, seat.gone = seat.agent.model_copy(update={"skills": [], "second_choice": []}), True
        return newly

    def __getitem__(self, name: str) -> Seat:
        """Also of somebody who is gone: calls remember whom they were with. KeyError for any other name."""
        return self._seats[name]

    def __contains__(self, name: object) -> bool:
        return name in self._seats and self._seats[str(name)].in_use

    def __iter__(self) -> Iterator[Seat]:
        return (seat for seat in list(self._seats.values()) if seat.in_use)

    def available(self) -> list[Seat]:
        """Those a call may be offered to now."""
        return [seat for seat in self if seat.presence.available and seat.call is None]

    def touch_all(self) -> None:
        """Also whoever is gone: the end of the last call at that seat is to be noted, too."""
        for seat in list(self._seats.values()):
            seat.touch()


def _seat(agent: Agent, now: datetime, listeners: list[Listener]) -> Seat:
    return Seat(agent, Presence(Intent.HOME, now, needs_screen=_needs_screen(agent)), listeners=listeners)


def _needs_screen(agent: Agent) -> bool:
    return agent.screen is ScreenNeed.REQUIRED
