"""What the stages of a conversation have in common: the facts of the call, a turn, and the end."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from config.schema import HotlineConfig
from ivr.effects import Effect, EndReason, HangUp, Play
from ivr.events import Event
from ivr.prompts import emergency_in
from routing.announcing import emergency_prompts
from routing.hours import Calendar


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a call from its first words on, and does not change afterwards."""

    config: HotlineConfig
    """The configuration the call began with; it keeps it to its end."""
    calendar: Calendar
    caller: str | None
    """E.164; None when withheld."""
    callback_possible: bool
    announcement: str | None = None
    """The prompt of the announcement that was heard after the greeting, to its end."""
    emergency: bool = False
    """Whether there is an emergency; its announcement was heard at the beginning, to its end."""
    language: str | None = None
    """Key of the further language that the caller has chosen; None for the hotline's own."""

    @property
    def keeps_places(self) -> bool:
        """Whether a callback can keep the place: it is dialled by itself, for which a gateway is needed."""
        return self.config.line.keep_place and self.config.transfers.gateway is not None


class Stage(Protocol):
    """Where a conversation stands; `name` is for logs."""

    name: ClassVar[str]

    def receive(self, event: Event) -> "Turn":
        """Decide what follows; ValueError when the event cannot happen at this stage."""
        ...


@dataclass(frozen=True, slots=True)
class Turn:
    """What is to be done now, and the stage that receives its outcome."""

    effects: tuple[Effect, ...]
    stage: Stage


@dataclass(frozen=True, slots=True)
class Ended:
    """We have hung up; nothing can follow."""

    name: ClassVar[str] = "ended"

    def receive(self, event: Event) -> Turn:
        raise unexpected(self, event)


def emergency(facts: Facts) -> tuple[str, ...]:
    """What comes before all else while there is an emergency: in every language that has words for it.

    Once a language was chosen, in that one alone, for whoever has cut it off by the key; its own words only.
    """
    prompts = emergency_prompts(facts.config) if facts.emergency else ()
    return prompts if facts.language is None else emergency_in(prompts, facts.language)


def end(reason: EndReason, *before: Effect, saying: tuple[str, ...] = ("goodbye",)) -> Turn:
    """Do what is left to do, say the last words, hang up."""
    last_words: tuple[Effect, ...] = (Play(saying),) if saying else ()
    return Turn((*before, *last_words, HangUp(reason)), Ended())


def unexpected(stage: Stage, event: Event) -> ValueError:
    """The error for an event that no outcome of the stage's effects can be; names no digits."""
    return ValueError(f"{type(event).__name__} cannot happen while the conversation is at {stage.name}")
