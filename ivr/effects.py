"""What the conversation wants done. Imperative; executed in order by hotline/exchange/callers.py.

Each batch that `Conversation.receive` returns ends with exactly one effect that waits
(`Collect`, `Wait`, `Connect`) or ends (`HangUp`); its outcome is the next event.
Prompts are names from `ivr.prompts`, played one after the other without gaps.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EndReason(StrEnum):
    """Why we end a call; stands in the ledger."""

    SETTLED = "talked"
    CALLBACK = "callback_requested"
    CLOSED = "closed"
    NOT_SERVED = "not_served"


@dataclass(frozen=True, slots=True)
class Play:
    """Play prompts to their end; keys pressed meanwhile are ignored."""

    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Collect:
    """Play prompts, interrupted by the first key, and collect keys.

    Ends with `DigitsEntered` after `max_digits`, after `finish` ("#" or ""), or after
    `between_seconds` without a further key; with `SilenceElapsed` after `silence_seconds`
    (counted from the end of the prompts; 0: at once) without any key.
    """

    prompts: tuple[str, ...]
    max_digits: int
    silence_seconds: float
    between_seconds: float = 4.0
    finish: str = ""


@dataclass(frozen=True, slots=True)
class JoinLine:
    """Put the caller into the line; the place counts from the first time."""

    request_type: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Play prompts (cut off the moment an agent is found), then music.

    Ends with `AgentFound`, with `DigitsEntered` when `max_digits` > 0 and keys were pressed,
    or with `WaitElapsed` after `seconds` (prompts included), but not before `pause_seconds` after the prompts.
    Keys are ignored when `max_digits` is 0.
    A key of `at_once` that is pressed first is an entry by itself: no further key is waited for.
    `between_seconds` as in `Collect`.
    """

    prompts: tuple[str, ...]
    seconds: float
    max_digits: int = 0
    finish: str = "#"
    between_seconds: float = 4.0
    at_once: str = ""
    pause_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Connect:
    """Ring the agent and bridge the caller. Ends with `TalkEnded`, `AgentMissed`, `AgentLost` or `HandedOn`."""

    agent: str


@dataclass(frozen=True, slots=True)
class NoteHouseholdNumber:
    """The caller entered the number of the Bedarfsgemeinschaft; digits only, already checked."""

    digits: str


@dataclass(frozen=True, slots=True)
class LeaveLine:
    """Take the caller out of the line: no agent will be offered this call any more."""


@dataclass(frozen=True, slots=True)
class InTurn:
    """The caller is rung back when it would have been their turn: the place in the line is kept."""


@dataclass(frozen=True, slots=True)
class Window:
    """The caller is rung back between these two moments, as one who joins the line at the first. Aware times."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class LeaveCallback:
    """Store a request to be called back. `number` is E.164; None means the caller's own number."""

    number: str | None
    when: InTurn | Window | None = None
    """None: by anybody who has time, due as every request is."""


@dataclass(frozen=True, slots=True)
class ChooseLanguage:
    """The caller goes on in this language (key of `languages`), which prompts name from then on; once at most."""

    key: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call for this reason."""

    reason: EndReason


Effect = (
    Play
    | Collect
    | JoinLine
    | Wait
    | Connect
    | NoteHouseholdNumber
    | LeaveLine
    | LeaveCallback
    | ChooseLanguage
    | HangUp
)
