"""What happened to a call, told to the conversation. Past tense; aware times; durations in seconds."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CallArrived:
    """A caller was answered by Asterisk. `caller` is E.164, None when withheld or unusable."""

    at: datetime
    caller: str | None
    callback_possible: bool
    """Whether `caller` is a number that we may ring back (routing.numbers decides)."""
    announcement: str | None = None
    """The prompt of what the lead has to tell all callers now."""


@dataclass(frozen=True, slots=True)
class DigitsEntered:
    """The caller pressed keys; the terminating key, if any, is not included.

    `accepted` is what routing.numbers made of the digits as a telephone number (E.164), or None:
    the driver asks it for every entry, so that the conversation needs no number plan.
    """

    digits: str
    accepted: str | None = None
    ended: bool = True
    """Whether the caller has ended the entry, by the terminating key or the last digit; False: no further key came."""


@dataclass(frozen=True, slots=True)
class SilenceElapsed:
    """Nothing was pressed within the time that `Collect` gave."""


@dataclass(frozen=True, slots=True)
class WaitElapsed:
    """A `Wait` ran out without key or agent; how things stand in the line."""

    waited: float
    """Seconds since the caller joined the line."""
    position: int
    """1 for the next caller of those whom the same agents can serve."""
    nobody_ready_for: float
    """Seconds for which no agent has been on duty for this call; 0 while somebody is."""
    closed_for: float
    """Seconds since closing time; 0 while open."""
    announcement: str | None = None
    """The prompt of what the lead has to tell all callers now."""
    expected: float | None = None
    """Seconds until it is this caller's turn, by the pace of the last half hour; None: too little is known."""
    line_full: bool = False
    """Whether `line.most_waiting` others were already waiting when the caller joined; asked for at the first look."""
    at: datetime | None = None
    """The moment of this look, business time; without it no times can be offered for a callback."""
    emergency: tuple[str, ...] = ()
    """The prompts of the announcement of an emergency that all callers are to hear now, the hotline's own language
    first; of the configuration in force, whichever the call began with."""


@dataclass(frozen=True, slots=True)
class AgentFound:
    """The line offers this call to an agent; offer and pop are already stored and pushed."""

    agent: str


@dataclass(frozen=True, slots=True)
class AgentMissed:
    """The agent did not take the call; the caller is back, at the original place in the line."""


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """Agent and caller have talked, and the agent has hung up."""


@dataclass(frozen=True, slots=True)
class AgentLost:
    """The agent's leg vanished during the talk (browser closed, network gone)."""


@dataclass(frozen=True, slots=True)
class HandedOn:
    """The agent has handed the caller on: somebody else is to be rung, or the same agent again."""


Event = (
    CallArrived
    | DigitsEntered
    | SilenceElapsed
    | WaitElapsed
    | AgentFound
    | AgentMissed
    | TalkEnded
    | AgentLost
    | HandedOn
)
