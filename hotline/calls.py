"""What the service knows of a call that is going on, and of the offer of a call to an agent."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

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
    WITHDRAWN = "withdrawn"
    """The agent pressed pause or home meanwhile; no blame."""
    CALLER_LEFT = "caller_left"


@dataclass(eq=False)
class Offer:
    """One call offered to one agent."""

    id: str
    call_id: str
    agent: str
    at: datetime
    stored: bool = False
    """In the ledger, or the database does not answer: only now is the pop shown."""
    shown: bool = False
    """The agent's page has rendered the pop."""
    end: OfferEnd | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the offer is shown or over."""

    @property
    def open(self) -> bool:
        return self.end is None


@dataclass(eq=False)
class Leg:
    """The channel of an agent's phone in a call."""

    channel: str
    unique: str
    over: asyncio.Event = field(default_factory=asyncio.Event)
    cause: int = 0
    """Q.850 cause with which it ended; 0 while unknown."""


@dataclass(eq=False)
class Call:
    """A caller who is with us; keyed by `id` through every AGI session, transfer and restart of ours."""

    id: str
    channel: str
    """Asterisk's name of the caller's channel."""
    unique: str
    """Asterisk's unique id of that channel; names are given again after a restart of Asterisk, these are not."""
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
    leg: Leg | None = None
    """The agent's channel, while one rings or talks."""
    answered_at: datetime | None = None
    talked_until: datetime | None = None
    wrap_up_until: datetime | None = None
    earlier_calls: int = 0
    open_promises: int = 0
    identity: str | None = None
    """How the agent checked who is calling; None before the tick."""
    history: Mapping[str, Any] | None = None
    """Contents of earlier calls, read at the identity tick."""
    callback_asked: bool = False
    """A callback is stored for this call: never a second one."""
    disposed: Mapping[str, Any] | None = None
    """What the disposition came to, for the screen."""
    end_reason: str | None = None
    """Why we ended the call; None while it goes on or when the caller hung up."""
    agent_found: asyncio.Event = field(default_factory=asyncio.Event)
    """An offer for this call is stored and pushed: the caller's session goes and dials."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Asterisk has told us that the caller's channel is gone."""

    @property
    def waited(self) -> float:
        """Seconds from joining the line to the answer, or 0 before joining."""
        if self.joined_at is None or self.answered_at is None:
            return 0.0
        return (self.answered_at - self.joined_at).total_seconds()

    @property
    def may_be_shown(self) -> bool:
        """Stored first, then pushed (design, step 5)."""
        return self.phase is not Phase.OFFERED or (self.offer is not None and self.offer.stored)

    def forget_talk(self) -> None:
        """Back to waiting: what belonged to the talk that broke off is not the next agent's."""
        self.offer = self.agent = self.leg = None
        self.answered_at = self.talked_until = self.wrap_up_until = None
        self.identity = self.history = self.disposed = None
        self.agent_found.clear()

    def display_number(self) -> str | None:
        """The caller's number as people write it."""
        plan = NumberPlan(self.config.hotline.country_code, self.config.hotline.area_code)
        return None if self.caller is None else plan.display(self.caller)


class Calls:
    """The calls going on, found by id and by Asterisk's unique ids of their channels."""

    def __init__(self) -> None:
        self._by_id: dict[str, Call] = {}
        self._by_caller: dict[str, Call] = {}
        self._by_leg: dict[str, Call] = {}

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def __getitem__(self, call_id: str) -> Call:
        return self._by_id[call_id]

    def get(self, call_id: str) -> Call | None:
        return self._by_id.get(call_id)

    def add(self, call: Call) -> None:
        self._by_id[call.id] = self._by_caller[call.unique] = call

    def remove(self, call: Call) -> None:
        self._by_id.pop(call.id, None)
        self._by_caller.pop(call.unique, None)
        if call.leg is not None:
            self._by_leg.pop(call.leg.unique, None)

    def add_leg(self, call: Call, leg: Leg) -> None:
        call.leg = leg
        self._by_leg[leg.unique] = call

    def of_caller(self, unique: str | None) -> Call | None:
        """The call whose caller is on the channel with that unique id."""
        return self._by_caller.get(unique or "")

    def of_leg(self, unique: str | None) -> Call | None:
        """The call whose agent is, or was last, on the channel with that unique id."""
        return self._by_leg.get(unique or "")

    def forget_leg(self, unique: str) -> None:
        self._by_leg.pop(unique, None)
