"""One agent calling one caller back: how far that is, what it came to, and by what its channel is known."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hotline.exchange.calls import Leg

_ID = re.compile(r"callback-([0-9]{1,18})-(.{1,64})-[0-9a-f]{8}")


class Stage(StrEnum):
    """How far a ring has come; the page uses these words."""

    OWN = "own"
    """The agent's own telephone rings."""
    CALLER = "caller"
    """The agent has picked up, the caller is rung."""
    TALKING = "talking"
    OVER = "over"


class Result(StrEnum):
    """What a ring came to; stands in the ledger."""

    TALKED = "talked"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    CANCELLED = "cancelled"
    """The agent hung up before the caller answered."""
    OWN_MISSED = "own_missed"
    """The agent's own telephone was not picked up: the caller was not rung."""
    OWN_GONE = "own_gone"
    """The agent's own telephone could not be rung."""
    UNKNOWN = "unknown"
    """Asterisk could not be heard meanwhile: perhaps the two have talked, the agent knows."""


@dataclass(eq=False)
class Ring:
    """One agent calling one caller back."""

    id: str
    """Unique id of the agent's channel, and our id of this call."""
    task_id: int
    call_id: str
    """The call in which the callback was asked for; the ledger has the steps of the ring there."""
    agent: str
    at: datetime
    stage: Stage = Stage.OWN
    asked: bool = False
    """Asterisk was asked to ring."""
    stopped: bool = False
    """The agent hung up before their own telephone was known to ring."""
    leg: Leg | None = None
    """The channel of the caller, once it rings there."""
    talked_since: datetime | None = None
    talked_until: datetime | None = None
    result: Result | None = None

    @property
    def over(self) -> bool:
        return self.stage is Stage.OVER

    @property
    def talks_with(self) -> Leg | None:
        """The caller's channel while the two talk."""
        return self.leg if self.stage is Stage.TALKING else None

    @property
    def asks(self) -> bool:
        """The caller was rung: the agent is to say what came of it."""
        return self.over and self.result not in {Result.OWN_MISSED, Result.OWN_GONE}


def new_id(task_id: int, call_id: str) -> str:
    """Another one for each ring of the same callback."""
    return f"callback-{task_id}-{call_id}-{secrets.token_hex(4)}"


def task_and_call(ring_id: str) -> tuple[int, str] | None:
    """The callback's id and its call's, of the unique id of a channel; None when that is no ring."""
    told = _ID.fullmatch(ring_id)
    return None if told is None else (int(told[1]), told[2])
