"""What the service knows of a call that is going on, and of the offer of a call to an agent."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from agents.transfer import Target, TargetKind
from config.schema import HotlineConfig, Language, PhoneKind, RequestType
from hotline.storage.familiar import Familiar, Why
from routing.numbers import NumberPlan

CAUSE_MEDIA_LOST = 44
"""Q.850 cause that Asterisk sets when a leg's RTP stops (rtp_timeout)."""


class Phase(StrEnum):
    """Where a call stands; the pages and the log use these words."""

    MENU = "menu"
    WAITING = "waiting"
    OFFERED = "offered"
    TALKING = "talking"
    LOST = "lost"
    """An agent's leg broke off, or a transfer failed: a certain agent is to be rung, as soon as that is possible."""
    OUTSIDE = "outside"
    """With somebody who is none of our agents: a case worker's telephone or a number outside."""
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
    ring_seconds: float
    wish: "Wish | None" = None
    """Why it is this agent; None when the line has chosen."""
    stored: bool = False
    """In the ledger, or the database does not answer: only now is the pop shown."""
    shown: bool = False
    """The agent's page has rendered the pop."""
    decided_at: float = 0.0
    """When the agent was chosen, in the event loop's time: it runs on when business time is moved."""
    end: OfferEnd | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the offer is shown, or need not be, or is over."""

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
    dismissed: bool = False
    """We were asked to end it: it did not vanish."""
    on_hold: bool = False
    """The telephone holds the other side, and no sound tells whether it still lives."""
    vanished: bool = False
    """Its telephone is not there any more."""
    referred: bool = False
    """It has sent the caller on (REFER): Asterisk begins another session as soon as ours is closed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A certain agent is to get a call before anybody in the line, if the agent can be rung in time."""

    agent: str
    until: datetime
    """Business time until which the agent's telephone may become ready."""
    ring_seconds: float
    after: datetime | None = None
    """Business time before which it is not tried again; None for at once."""

    def shifted(self, delta: timedelta) -> "Wish":
        """Business time has jumped by that."""
        after = None if self.after is None else self.after + delta
        return replace(self, until=self.until + delta, after=after)


class Handover(StrEnum):
    """How an agent hands a caller on."""

    BLIND = "blind"
    CONSULT = "consult"
    PHONE = "phone"
    """By the buttons of the agent's own telephone."""


class TransferState(StrEnum):
    """How far a transfer has come."""

    PREPARING = "preparing"
    """The pop is being stored and shown; the agent still talks with the caller."""
    RINGING = "ringing"
    TALKING = "talking"
    """The two agents talk, the caller hears music."""


@dataclass(eq=False)
class Transfer:
    """An agent hands a caller on; lives from the wish until the caller is with somebody again."""

    by: str
    how: Handover
    target: Target
    at: datetime
    state: TransferState = TransferState.PREPARING
    offer: Offer | None = None
    """To the agent who is consulted."""
    own_leg: Leg | None = None
    """Of the agent who hands on."""
    leg: Leg | None = None
    """Of whoever is consulted."""
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    """The caller's session can go on: with `Call.bridge_next`, or without anybody when that is None."""
    joined: bool = False
    """The agent's telephone has connected the two sides while the other one was still ringing."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What the next agent is told by the one before."""

    by: str
    how: Handover
    note: str
    values: Mapping[str, str]
    """What was already written into the form."""


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
    sounds: Mapping[str, str] | None = None
    """Which sound this caller hears by which prompt's name, as of the moment `config` is of; None until the first
    session of a call that was taken up after a restart."""
    phase: Phase = Phase.MENU
    request: RequestType | None = None
    household_number: str | None = None
    language: str | None = None
    """Key of the further language that the caller has chosen; None for the hotline's own."""
    familiar: list[Familiar] = field(default_factory=list)
    """Agents who know the caller's number, whom the call is to go to first; empty until that is known."""
    rivals: frozenset[str] | None = None
    """The skills of all whom the same agents serve; None before they are looked for."""
    joined_at: datetime | None = None
    front: bool = False
    """Had somebody already: goes before all others when there is nobody any more."""
    wishes: list[Wish] = field(default_factory=list)
    offer: Offer | None = None
    agent: str | None = None
    leg: Leg | None = None
    """The channel of whom the caller is with, while it rings or talks."""
    transfer: Transfer | None = None
    bridge_next: Leg | None = None
    """With whom the caller's session is to be bridged as soon as nobody is with the caller."""
    transfer_failed: str | None = None
    """Why the last transfer came to nothing; one German sentence for the page."""
    handed: Handed | None = None
    giver: str | None = None
    """The agent who has handed the call on and stays with it until somebody has taken it."""
    session_cut: bool = False
    """The connection to Asterisk ended in mid-session: if the channel is gone too, Asterisk itself was."""
    on_hold: bool = False
    """The caller holds us: no sound tells whether the telephone still lives."""
    in_session: bool = False
    """One of our AGI sessions holds the caller, who can therefore be held, bridged and sent on."""
    answered_at: datetime | None = None
    talked_until: datetime | None = None
    wrap_up_until: datetime | None = None
    spoke_with: str | None = None
    """The agent who talked with the caller last."""
    earlier_calls: int | None = None
    """None before they are counted."""
    open_promises: int = 0
    people: int = 0
    """How many different people something was promised to under the caller's number."""
    identity: str | None = None
    """How the agent checked who is calling; None before the tick."""
    history: Mapping[str, Any] | None = None
    """Contents of earlier calls, read at the identity tick."""
    history_for: set[str] = field(default_factory=set)
    """Agents who may see them, by name: who has checked the identity, and who has got the caller since. For each the
    audit log has a row already."""
    callback_asked: bool = False
    """A callback is stored for this call: never a second one."""
    written: list[Mapping[str, Any]] = field(default_factory=list)
    """What each request of this call came to, for the screen: those that have their disposition."""
    disposed: Mapping[str, Any] | None = None
    """The last of them, once the agent has finished with the call; None while there is something to be written."""
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
    def number(self) -> int:
        """Of the request that is written next, from 1."""
        return len(self.written) + 1

    @property
    def outside(self) -> Leg | None:
        """Of somebody who is none of our agents, and has answered: talks with the caller, or is consulted."""
        transfer = self.transfer
        if transfer is None:
            leg = self.leg if self.phase is Phase.OUTSIDE and self.giver is None else None
        else:
            consulted = transfer.state is TransferState.TALKING and transfer.target.kind is not TargetKind.AGENT
            leg = transfer.leg if consulted else None
        return None if leg is None or leg.over.is_set() else leg

    @property
    def referred(self) -> bool:
        """Whoever the caller is with has sent the caller on: our session is about to be closed."""
        return self.leg is not None and self.leg.referred

    def was_lost(self, leg: Leg, agent: str) -> bool:
        """Whether this leg of the agent broke off. A browser says before it hangs up; a telephone need not."""
        in_browser = self.config.agent(agent).phone is PhoneKind.BROWSER
        return leg.cause == CAUSE_MEDIA_LOST or leg.vanished or (in_browser and not leg.dismissed)

    def leg_of(self, agent: str) -> Leg | None:
        """The leg of that agent, who talks with the caller or with a colleague about the call."""
        if self.transfer is not None:
            return self.transfer.own_leg if self.transfer.by == agent else self.transfer.leg
        return self.leg

    def forget_offer(self) -> None:
        """Nobody rings any more."""
        self.offer = self.agent = self.leg = self.bridge_next = None
        self.talked_until = self.wrap_up_until = None
        self.agent_found.clear()

    def forget_talk(self) -> None:
        """Back to the line: what belonged to the talk that broke off is not the next agent's."""
        self.forget_offer()
        self.answered_at = self.identity = self.history = self.handed = self.transfer = None
        self.history_for = set()

    def shift(self, delta: timedelta) -> None:
        """Business time has jumped by that: what is remembered of durations stays true."""
        for name in ("joined_at", "answered_at", "talked_until", "wrap_up_until"):
            moment: datetime | None = getattr(self, name)
            if moment is not None:
                setattr(self, name, moment + delta)
        self.wishes = [wish.shifted(delta) for wish in self.wishes]
        for offer in (self.offer, self.transfer.offer if self.transfer is not None else None):
            if offer is not None:
                offer.at += delta

    def chosen_language(self) -> Language | None:
        """The further language that the caller has chosen, as the call's configuration has it."""
        return next((one for one in self.config.languages if one.key == self.language), None)

    def known_to(self, agent: str) -> Why | None:
        """Why this agent knows the caller's number; None when there is no reason to prefer the agent."""
        return next((one.why for one in self.familiar if one.agent == agent), None)

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

    def __contains__(self, call_id: object) -> bool:
        return call_id in self._by_id

    def numbers(self) -> set[str | None]:
        """Of the callers who are with us now, as far as they are known."""
        return {call.caller for call in self._by_id.values() if call.caller is not None}

    def talked_about(self) -> Iterator[Call]:
        """These, and those whose caller has left while others still talk about the call."""
        return iter(list({call.id: call for call in (*self._by_leg.values(), *self._by_id.values())}.values()))

    def __getitem__(self, call_id: str) -> Call:
        return self._by_id[call_id]

    def get(self, call_id: str) -> Call | None:
        return self._by_id.get(call_id)

    def add(self, call: Call) -> None:
        self._by_id[call.id] = self._by_caller[call.unique] = call

    def remove(self, call: Call) -> None:
        """The caller is gone; agents' legs are forgotten as they end."""
        self._by_id.pop(call.id, None)
        self._by_caller.pop(call.unique, None)

    def add_leg(self, call: Call, leg: Leg) -> None:
        self._by_leg[leg.unique] = call

    def of_caller(self, unique: str | None) -> Call | None:
        """The call whose caller is on the channel with that unique id."""
        return self._by_caller.get(unique or "")

    def of_leg(self, unique: str | None) -> Call | None:
        """The call whose agent is, or was last, on the channel with that unique id."""
        return self._by_leg.get(unique or "")

    def forget_leg(self, unique: str) -> None:
        self._by_leg.pop(unique, None)
