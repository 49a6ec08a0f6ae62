"""Decides when a limit of the waiting is reached, and whether whoever wants no callback then may go on waiting."""

from dataclasses import dataclass

from config.schema import Line, Then
from ivr.events import WaitElapsed

SHORTEST_BETWEEN_QUESTIONS = 30
LONG_WAIT_QUESTION_EVERY = 3
"""Positions said between two questions whether a caller who waits long wants to be called back."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A callback is to be offered."""

    prompt: str
    """Why, said before the offer."""
    must_end: bool
    """There is nothing left to wait for: whoever does not want it is told goodbye."""


def reached(
    line: Line, look: WaitElapsed, waited: float, asked: float | None, *, first_look: bool = False
) -> Limit | None:
    """The limit that is reached and of which the caller has not just been told; None when there is none.

    `waited` counts for the longest wait; `asked` is when the last question came, as `WaitElapsed.waited` has it.
    """
    since_asked = None if asked is None else look.waited - asked
    long_wait_every = LONG_WAIT_QUESTION_EVERY * line.position_every_seconds
    nobody = look.nobody_ready_for >= line.nobody_ready_seconds
    if look.closed_for > 0 and look.closed_for >= line.after_closing_seconds:
        # Closed, and nobody there any more: who waited on would wait all night.
        over = nobody or line.after_closing_then is Then.END
        return Limit("closing_now", over) if over or _may_ask(since_asked, long_wait_every) else None
    if look.line_full and first_look:
        return Limit("line_full", line.most_waiting_then is Then.END)
    if nobody and _may_ask(since_asked, line.nobody_ready_seconds):
        return Limit("nobody_ready", line.nobody_ready_then is Then.END)
    if waited >= line.longest_wait_seconds and _may_ask(since_asked, long_wait_every):
        return Limit("waited_long", line.longest_wait_then is Then.END)
    return None


def _may_ask(since_asked: float | None, every: int) -> bool:
    return since_asked is None or since_asked >= max(every, SHORTEST_BETWEEN_QUESTIONS)
