"""Decides what a caller in the line hears and may do, until an agent is found or the waiting must end."""

from dataclasses import dataclass, replace
from typing import ClassVar

from ivr.callback import take_callback
from ivr.effects import Connect, EndReason, JoinLine, LeaveLine, NoteHouseholdNumber, Play, Wait
from ivr.events import AgentFound, AgentLost, AgentMissed, DigitsEntered, Event, HandedOn, TalkEnded, WaitElapsed
from ivr.keeping import keep_place
from ivr.limits import Limit, reached
from ivr.prompts import emergency_in
from ivr.stage import Facts, Turn, end, unexpected
from ivr.standing import NOTHING, Told, tell

LOOK_SECONDS = 5.0
"""So often, at least, it is looked whether a limit of the waiting is reached."""
ANSWER_SECONDS = 20.0
"""A question that needs an answer, its prompts included."""
OFFER_SECONDS = 10.0
"""An offer that may be taken later as well, its prompt included."""
NUMBER_TRIES = 2
NUMBER_BETWEEN_SECONDS = 8.0
"""Between two keys of a number that is being read from a letter."""
WRONG_KEYS = 2
"""So often the hash key alone is no answer to a question that ends the call."""
PLACE_KEY = "*"
"""Leaves the line for a callback, at any moment of the waiting once that was said."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """In the line, music on. Times are seconds since the caller joined, as `WaitElapsed.waited` has them."""

    name: ClassVar[str] = "waiting"
    facts: Facts
    request_type: str
    waiting_since: float | None = 0.0
    """Where the longest wait counts from; None after a talk that broke off: from the next look on."""
    position_said: float | None = None
    told: Told = NOTHING
    question_asked: float | None = None
    place_offered: bool = False
    number_asked: bool = False
    number_tries_left: int = NUMBER_TRIES
    announced: str | None = None
    """The announcement this caller has heard last."""
    emergency_heard: bool = False
    newcomer: bool = False
    """Joined for the first time, and not looked at yet."""
    look: WaitElapsed | None = None
    """How things stood at the last look."""

    def receive(self, event: Event) -> Turn:
        match event:
            case AgentFound(agent):
                return Turn((Connect(agent),), Talking(self))
            case DigitsEntered(digits) if digits.startswith(PLACE_KEY) and self._hears_place_key:
                return self._star_pressed()
            case DigitsEntered(digits=digits, ended=ended):
                return self.number_entered(digits, ended=ended)
            case WaitElapsed():
                counted = self.waiting_since if self.waiting_since is not None else event.waited
                looked = replace(self, waiting_since=counted, newcomer=False, look=event)
                return looked._after(event, first_look=self.newcomer)
        raise unexpected(self, event)

    def wait(self, *prompts: str, seconds: float = LOOK_SECONDS) -> Turn:
        """Play the prompts, then music; the household's number can be entered at any time once it was asked for."""
        at_once = PLACE_KEY if self._hears_place_key else ""
        pause = self.pause if seconds > LOOK_SECONDS else 0.0
        if self.hears_number:
            between = NUMBER_BETWEEN_SECONDS
            return Turn((Wait(prompts, seconds, self.number_digits, "#", between, at_once, pause),), self)
        if at_once:
            return Turn((Wait(prompts, seconds, 1, finish="", at_once=at_once, pause_seconds=pause),), self)
        return Turn((Wait(prompts, seconds),), self)

    def to_callback(self) -> Turn:
        """Out of the line while number and time are asked, so that no agent is offered meanwhile.

        While we are open the place is kept: nobody expects to lose by it what they have waited. After closing nobody's
        turn comes any more, and it is a request for the next working day.
        """
        if self.facts.keeps_places and self.look is not None and not self.look.closed_for:
            turn = keep_place(self.facts, self.back, self.look)
        else:
            turn = take_callback(self.facts, self.back, may_wait_on=True)
        return replace(turn, effects=(LeaveLine(), *turn.effects))

    def back(self) -> Turn:
        """The caller got to no number: into the line again, at the original place."""
        turn = self.wait("please_wait")
        return replace(turn, effects=(JoinLine(self.request_type), *turn.effects))

    @property
    def pause(self) -> float:
        """So long, at least, an answer is waited for after the prompts that ask for it."""
        return float(self.facts.config.menu.silence_seconds)

    @property
    def hears_number(self) -> bool:
        """Whether the keys pressed now may be the household's number."""
        return self.number_asked and self.number_tries_left > 0

    @property
    def number_digits(self) -> int:
        """One digit more than allowed, so that a number that is too long is not cut to a wrong one."""
        return self.facts.config.line.household_number.max_digits + 1

    @property
    def _hears_place_key(self) -> bool:
        return self.facts.keeps_places and self.look is not None

    def _star_pressed(self) -> Turn:
        """Leaves the line only for whoever knows what it does; after closing there is no place to keep."""
        closed = self.look is not None and self.look.closed_for > 0
        return self.to_callback() if self.place_offered or closed else self._offer_place()

    def _offer_place(self) -> Turn:
        return replace(self, place_offered=True).wait("keep_place_offer", seconds=OFFER_SECONDS)

    def _after(self, look: WaitElapsed, *, first_look: bool) -> Turn:
        """What is said now: the most urgent that is due, one thing at a time."""
        line = self.facts.config.line
        waited = look.waited - (self.waiting_since or 0.0)
        limit = reached(line, look, waited, self.question_asked, first_look=first_look)
        if limit is not None:
            return Question(replace(self, question_asked=look.waited), limit).ask(limit.prompt)
        if look.emergency and not self.emergency_heard:
            return replace(self, emergency_heard=True).wait(*self._emergency(look.emergency))
        if look.announcement not in (None, self.announced):
            return replace(self, announced=look.announcement).wait(str(look.announcement))
        if self._place_offer_due(look):
            return self._offer_place()
        if self.position_said is not None and not self.number_asked:
            return replace(self, number_asked=True).wait("enter_household_number", seconds=ANSWER_SECONDS)
        if self.position_said is None or look.waited - self.position_said >= line.position_every_seconds:
            prompts, told = tell(self.told, look.position, look.expected if line.expected_wait else None)
            return replace(self, position_said=look.waited, told=told).wait(*prompts)
        return self.wait()

    def _emergency(self, prompts: tuple[str, ...]) -> tuple[str, ...]:
        """In the language that was chosen, if it has words for it."""
        language = self.facts.language
        return (language is not None and emergency_in(prompts, language)) or prompts[:1]

    def _place_offer_due(self, look: WaitElapsed) -> bool:
        """Once, behind the place, before the household's number; not to a caller whose turn is soon."""
        wanted = self.facts.keeps_places and not self.place_offered and not look.closed_for
        return wanted and self.position_said is not None and not self.told.soon

    def number_entered(self, digits: str, *, ended: bool) -> Turn:
        """Note it when it can be one; otherwise it may be entered once more.

        So may one that could still have gone on when no further key came: perhaps it is the first half only.
        """
        if not digits or not self.hears_number:  # the hash key alone, or a key that means nothing now
            return self.wait()
        household, number = self.facts.config.line.household_number, digits.rstrip(PLACE_KEY)
        if number.isdecimal() and household.min_digits <= len(number) <= household.max_digits:
            turn = self._number_noted(whole=ended or len(number) == household.max_digits)
            return replace(turn, effects=(NoteHouseholdNumber(number), *turn.effects))
        left = replace(self, number_tries_left=self.number_tries_left - 1)
        if left.number_tries_left:
            return left.wait("household_number_wrong", seconds=ANSWER_SECONDS)
        return left.wait("please_wait")

    def _number_noted(self, *, whole: bool) -> Turn:
        left = replace(self, number_tries_left=self.number_tries_left - 1)
        if whole or not left.number_tries_left:
            return replace(self, number_tries_left=0).wait("household_number_taken")
        return left.wait("enter_household_number", seconds=ANSWER_SECONDS)


@dataclass(frozen=True, slots=True)
class Question:
    """A callback was offered to a caller who stays in the line meanwhile: an agent can still be found."""

    name: ClassVar[str] = "asked"
    waiting: Waiting
    limit: Limit
    wrong_keys_left: int = WRONG_KEYS

    def receive(self, event: Event) -> Turn:
        match event:
            case AgentFound():
                return self.waiting.receive(event)
            case DigitsEntered(digits=key) if key in self._taking_keys():
                return self._called_back()
            case DigitsEntered(digits=keys, ended=ended) if len(keys) > 1 and self.waiting.hears_number:
                return self._number_entered(keys, ended=ended)
            case DigitsEntered(digits="" | "#") if self.limit.must_end and self.wrong_keys_left:
                return replace(self, wrong_keys_left=self.wrong_keys_left - 1).ask("wrong_key")
            case DigitsEntered() | WaitElapsed() if self.limit.must_end:
                return end(EndReason.NOT_SERVED, LeaveLine())
            case DigitsEntered():
                return self.waiting.wait("please_wait")
            case WaitElapsed():
                return self.waiting.wait()
        raise unexpected(self, event)

    def ask(self, *before: str) -> Turn:
        """One key answers; of more keys, for whoever was just about to enter it, the household's number is made."""
        prompts, pause = (*before, "callback_offer"), self.waiting.pause
        if self.waiting.hears_number:
            at_once = "".join(key for key in self._taking_keys() if key == PLACE_KEY)
            digits = self.waiting.number_digits
            return Turn((Wait(prompts, ANSWER_SECONDS, digits, at_once=at_once, pause_seconds=pause),), self)
        return Turn((Wait(prompts, ANSWER_SECONDS, max_digits=1, finish="", pause_seconds=pause),), self)

    def _number_entered(self, keys: str, *, ended: bool) -> Turn:
        """Whoever may wait on does so; of the others it is asked again."""
        turn = self.waiting.number_entered(keys, ended=ended)
        if not self.limit.must_end or not isinstance(turn.stage, Waiting):
            return turn
        *noted, said = turn.effects
        prompts = said.prompts if isinstance(said, Wait) else ()
        asked = replace(self, waiting=turn.stage).ask(*prompts)
        return replace(asked, effects=(*noted, *asked.effects))

    def _taking_keys(self) -> tuple[str, ...]:
        """1 as it is said, and the key that is offered to those who wait."""
        return ("1", PLACE_KEY) if self.waiting.facts.keeps_places else ("1",)

    def _called_back(self) -> Turn:
        """Who may wait on keeps the place; who may not asks for a callback by anybody who has time."""
        if not self.limit.must_end:
            return self.waiting.to_callback()
        turn = take_callback(self.waiting.facts, give_up=_not_served)
        return replace(turn, effects=(LeaveLine(), *turn.effects))


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
                return self._anew().wait("please_wait")
            case AgentLost():
                turn = self._anew().wait()
                return replace(turn, effects=(Play(("agent_lost",)), *turn.effects))
        raise unexpected(self, event)

    def _anew(self) -> Waiting:
        """In the line after a talk: what was known of it before does not hold any more."""
        return replace(self.waiting, waiting_since=None, position_said=None, look=None)


def join_line(facts: Facts, request_type: str, *first: str) -> Turn:
    """Join at once, before any prompt, so that a free agent is rung without delay."""
    return _joined(replace(_waiting(facts, request_type), newcomer=True), *first)


def rejoin_line(facts: Facts, request_type: str) -> Turn:
    """Go on in the line: for a caller who was let in before."""
    return _joined(_waiting(facts, request_type))


def talking(facts: Facts, request_type: str) -> Talking:
    """An agent has the caller, who has waited in the line before."""
    return Talking(_waiting(facts, request_type))


def _waiting(facts: Facts, request_type: str) -> Waiting:
    return Waiting(facts, request_type, announced=facts.announcement, emergency_heard=facts.emergency)


def _joined(waiting: Waiting, *first: str) -> Turn:
    turn = waiting.wait(*first, "please_wait")
    return replace(turn, effects=(JoinLine(waiting.request_type), *turn.effects))


def _not_served() -> Turn:
    return end(EndReason.NOT_SERVED)
