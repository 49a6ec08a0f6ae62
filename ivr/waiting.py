"""Decides what a caller in the line hears and may do, until an agent is found or the waiting must end."""

from dataclasses import dataclass, replace
from typing import ClassVar

from ivr.callback import take_callback
from ivr.effects import Connect, EndReason, JoinLine, LeaveLine, NoteHouseholdNumber, Play, Wait
from ivr.events import AgentFound, AgentLost, AgentMissed, DigitsEntered, Event, HandedOn, TalkEnded, WaitElapsed
from ivr.stage import Facts, Turn, end, unexpected
from ivr.words import HIGHEST_NUMBER, number_prompt

LOOK_SECONDS = 5.0
"""So often, at least, it is looked whether a limit of the waiting is reached."""
ANSWER_SECONDS = 20.0
"""A question that needs an answer, its prompts included."""
NUMBER_TRIES = 2
SHORTEST_BETWEEN_QUESTIONS = 30
LONG_WAIT_QUESTION_EVERY = 3
"""Positions said between two questions whether a caller who waits long wants to be called back."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """In the line, music on. Times are seconds since the caller joined, as `WaitElapsed.waited` has them."""

    name: ClassVar[str] = "waiting"
    facts: Facts
    request_type: str
    waiting_since: float | None = 0.0
    """Where the longest wait counts from; None after a talk that broke off: from the next look on."""
    position_said: float | None = None
    question_asked: float | None = None
    number_asked: bool = False
    number_tries_left: int = NUMBER_TRIES
    announced: str | None = None
    """The announcement this caller has heard last."""

    def receive(self, event: Event) -> Turn:
        match event:
            case AgentFound(agent):
                return Turn((Connect(agent),), Talking(self))
            case DigitsEntered(digits):
                return self._number_entered(digits)
            case WaitElapsed():
                counted = self.waiting_since if self.waiting_since is not None else event.waited
                return replace(self, waiting_since=counted)._look(event)
        raise unexpected(self, event)

    def wait(self, *prompts: str, seconds: float = LOOK_SECONDS) -> Turn:
        """Play the prompts, then music; the household's number can be entered at any time once it was asked for."""
        household = self.facts.config.line.household_number
        # One digit more than allowed, so that a number that is too long is not cut to a wrong one.
        digits = household.max_digits + 1 if self.number_asked and self.number_tries_left else 0
        return Turn((Wait(prompts, seconds, digits),), self)

    def _look(self, facts: WaitElapsed) -> Turn:
        question = self._question_due(facts)
        if question is not None:
            return Question(replace(self, question_asked=facts.waited), question == "closing_now").ask(question)
        if facts.announcement not in (None, self.announced):
            return replace(self, announced=facts.announcement).wait(str(facts.announcement))
        if self.position_said is not None and not self.number_asked:
            return replace(self, number_asked=True).wait("enter_household_number", seconds=ANSWER_SECONDS)
        if self._position_due(facts):
            return replace(self, position_said=facts.waited).wait(*_position_prompts(facts.position))
        return self.wait()

    def _position_due(self, facts: WaitElapsed) -> bool:
        every = self.facts.config.line.position_every_seconds
        return self.position_said is None or facts.waited - self.position_said >= every

    def _question_due(self, facts: WaitElapsed) -> str | None:
        limits, waited = self.facts.config.line, facts.waited - (self.waiting_since or 0.0)
        if facts.closed_for > 0 and facts.closed_for >= limits.after_closing_seconds:
            return "closing_now"
        if facts.nobody_ready_for >= limits.nobody_ready_seconds and self._may_ask(facts, limits.nobody_ready_seconds):
            return "nobody_ready"
        every = LONG_WAIT_QUESTION_EVERY * limits.position_every_seconds
        return "waited_long" if waited >= limits.longest_wait_seconds and self._may_ask(facts, every) else None

    def _may_ask(self, facts: WaitElapsed, every: int) -> bool:
        asked = self.question_asked
        return asked is None or facts.waited - asked >= max(every, SHORTEST_BETWEEN_QUESTIONS)

    def _number_entered(self, digits: str) -> Turn:
        if not digits:  # the hash key alone
            return self.wait()
        household = self.facts.config.line.household_number
        if digits.isdecimal() and household.min_digits <= len(digits) <= household.max_digits:
            turn = replace(self, number_tries_left=0).wait("household_number_taken")
            return replace(turn, effects=(NoteHouseholdNumber(digits), *turn.effects))
        left = replace(self, number_tries_left=max(0, self.number_tries_left - 1))
        if left.number_tries_left:
            return left.wait("household_number_wrong", seconds=ANSWER_SECONDS)
        return left.wait("please_wait")


@dataclass(frozen=True, slots=True)
class Question:
    """A callback was offered to a caller who stays in the line meanwhile: an agent can still be found."""

    name: ClassVar[str] = "asked"
    waiting: Waiting
    must_end: bool
    """After closing time there is nothing left to wait for."""

    def receive(self, event: Event) -> Turn:
        match event:
            case AgentFound():
                return self.waiting.receive(event)
            case DigitsEntered(digits="1"):
                turn = take_callback(self.waiting.facts, give_up=self._no_number)
                return replace(turn, effects=(LeaveLine(), *turn.effects))
            case DigitsEntered() | WaitElapsed() if self.must_end:
                return end(EndReason.NOT_SERVED, LeaveLine())
            case DigitsEntered():
                return self.waiting.wait("please_wait")
            case WaitElapsed():
                return self.waiting.wait()
        raise unexpected(self, event)

    def ask(self, reason: str) -> Turn:
        return Turn((Wait((reason, "callback_offer"), ANSWER_SECONDS, max_digits=1, finish=""),), self)

    def _no_number(self) -> Turn:
        """The caller got to no number: back into the line, at the original place."""
        if self.must_end:
            return end(EndReason.NOT_SERVED)
        turn = self.waiting.wait("please_wait")
        return replace(turn, effects=(JoinLine(self.waiting.request_type), *turn.effects))


@dataclass(frozen=True, slots=True)
class Talking:
    """An agent is rung or talks to the caller."""

    name: ClassVar[str] = "talking"
    waiting: Waiting

    def receive(self, event: Event) -> Turn:
        match event:
            case TalkEnded():
                return end(EndReason.SETTLED, saying=())
            case AgentMissed():
                return self.waiting.wait("please_wait")
            case HandedOn():
                return replace(self.waiting, waiting_since=None, position_said=None).wait("please_wait")
            case AgentLost():
                turn = replace(self.waiting, waiting_since=None, position_said=None).wait()
                return replace(turn, effects=(Play(("agent_lost",)), *turn.effects))
        raise unexpected(self, event)


def join_line(facts: Facts, request_type: str, *first: str) -> Turn:
    """Join at once, before any prompt, so that a free agent is rung without delay."""
    turn = Waiting(facts, request_type, announced=facts.announcement).wait(*first, "please_wait")
    return replace(turn, effects=(JoinLine(request_type), *turn.effects))


def talking(facts: Facts, request_type: str) -> Talking:
    """An agent has the caller, who has waited in the line before."""
    return Talking(Waiting(facts, request_type, announced=facts.announcement))


def _position_prompts(position: int) -> tuple[str, ...]:
    return ("position", number_prompt(max(1, position))) if position <= HIGHEST_NUMBER else ("position_many",)
