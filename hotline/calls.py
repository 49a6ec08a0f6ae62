"""What the service knows of a call that is going on, and of the offer of a call to an agent."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from config.schema import HotlineConfig, RequestType
from routing.numbers import NumberPlan


class Phase(StrEnum):
    """Where a call stands; the pages and the log use these words."""

    MENU = "menu"
    WAITING = "waiting"
    OFFERED = "offered"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    OVER = "over"


class OfferEnd(StrEnum):
    """How an offer ended; stands in the ledger."""

    ANSWERED = "answered"
    MISSED = "missed"
    REJECTED = "rejected"
    STALE = "stale"
    GONE = "gone"
    CALLER_LEFT = "caller_left"


@dataclass(eq=False)
class Offer:
    """One call offered to one agent."""

    id: str
    call_id: str
    agent: str
    at: datetime
    shown: asyncio.Event = field(default_factory=asyncio.Event)
    """The agent's page has rendered the pop."""
    end: OfferEnd | None = None


@dataclass(eq=False)
class Call:
    """A caller who is with us; keyed by `id` through every AGI session, transfer and restart of ours."""

    id: str
    channel: str
    """Asterisk's name of the caller's channel."""
    config: HotlineConfig
    """The configuration the call began with; a change does not touch it."""
    version: int
    arrived_at: datetime
    caller: str | None
    """E.164, None when withheld or unusable. Never an identity."""
    gateway: str
    phase: Phase = Phase.MENU
    request: RequestType | None = None
    household_number: str | None = None
    joined_at: datetime | None = None
    offer: Offer | None = None
    agent: str | None = None
    agent_channel: str | None = None
    answered_at: datetime | None = None
    talked_until: datetime | None = None
    wrap_up_until: datetime | None = None
    earlier_calls: int = 0
    open_promises: int = 0
    identity: str | None = None
    """How the agent checked who is calling; None before the tick."""
    disposed: dict[str, str] | None = None
    """What the disposition came to, for the screen."""
    end_reason: str | None = None
    """Why we ended the call; None while it goes on or when the caller hung up."""
    agent_found: asyncio.Event = field(default_factory=asyncio.Event)
    """An offer for this call is stored and pushed: the caller's session goes and dials."""
    agent_leg_over: asyncio.Event = field(default_factory=asyncio.Event)
    agent_leg_cause: int = 0
    """Q.850 cause with which the agent's leg ended, 0 while unknown."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Asterisk has told us that the caller's channel is gone."""

    @property
    def waited(self) -> float:
        """Seconds from joining the line to the answer, or 0 before joining."""
        if self.joined_at is None or self.answered_at is None:
            return 0.0
        return (self.answered_at - self.joined_at).total_seconds()

    def display_number(self) -> str | None:
        """The caller's number as people write it."""
        plan = NumberPlan(self.config.hotline.country_code, self.config.hotline.area_code)
        return None if self.caller is None else plan.display(self.caller)
