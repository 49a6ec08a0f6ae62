"""Drives one call's conversation: what happened goes in, what is to be done comes out.

    CallArrived ─ open ──→ (welcome ─→) menu ──→ waiting ⇄ talking ──→ ended
                │                                 ↓  ↑ ↘
                │                                asked ──→ callback ──→ ended
                └─ closed ─→ closed ──────────────────────→ callback ──→ ended

A caller is at `welcome` only while there is an announcement; that of an emergency comes before all else.
The stages know prompts by one name; which language they are played in is decided here.

No I/O and no clock: every time comes with an event.
"""

from dataclasses import dataclass
from typing import ClassVar

from config.schema import HotlineConfig
from ivr import closed, menu
from ivr.effects import ChooseLanguage, Effect, JoinLine, LeaveCallback
from ivr.events import CallArrived, Event
from ivr.keeping import ChooseTime
from ivr.language import spoken_in
from ivr.stage import Facts, Stage, Turn, unexpected
from ivr.waiting import rejoin_line, talking
from routing.announcing import emergency_at
from routing.hours import Calendar


@dataclass(frozen=True, slots=True)
class Ringing:
    """Before the caller was answered."""

    name: ClassVar[str] = "ringing"
    config: HotlineConfig
    calendar: Calendar
    language: str | None

    def receive(self, event: Event) -> Turn:
        if not isinstance(event, CallArrived):
            raise unexpected(self, event)
        facts = Facts(
            self.config,
            self.calendar,
            event.caller,
            event.callback_possible,
            event.announcement,
            emergency_at(self.config, event.at),
            self.language,
        )
        opening = self.calendar.opening(event.at)
        return menu.greet(facts) if opening.open else closed.say_closed(facts, opening, event.at)


class Conversation:
    """One call, from the first word to the last."""

    def __init__(self, config: HotlineConfig, calendar: Calendar, *, language: str | None = None) -> None:
        self._config, self._calendar = config, calendar
        self.request_type: str | None = None
        """Key of what the caller wants; None before it is known, and for callers who find us closed."""
        self.language = _known(config, language)
        """Key of the further language that the caller has chosen; None for the hotline's own."""
        self._stage: Stage = Ringing(config, calendar, self.language)

    def rejoin(
        self, caller: str | None, callback_possible: bool, request_type: str, *, language: str | None = None
    ) -> list[Effect]:
        """Go on in the line, whatever was before: for a caller whose conversation with us broke off."""
        return self._take(rejoin_line(self._facts(caller, callback_possible, language), request_type))

    def resume_talk(
        self, caller: str | None, callback_possible: bool, request_type: str, *, language: str | None = None
    ) -> None:
        """Go on as if the caller had just talked with an agent: for one whom an agent's telephone has sent on."""
        self.request_type = request_type
        self._stage = talking(self._facts(caller, callback_possible, language), request_type)

    def _facts(self, caller: str | None, callback_possible: bool, language: str | None) -> Facts:
        """What is known of a caller who comes back, and goes on in the language chosen before."""
        self.language = _known(self._config, language) or self.language
        return Facts(self._config, self._calendar, caller, callback_possible, language=self.language)

    @property
    def state(self) -> str:
        """Where the conversation stands, in a word for logs."""
        return self._stage.name

    @property
    def confirmed(self) -> LeaveCallback | None:
        """The callback a caller who hangs up now takes for granted; None when nothing was confirmed."""
        return self._stage.confirmed if isinstance(self._stage, ChooseTime) else None

    def receive(self, event: Event) -> list[Effect]:
        """What is to be done after `event`, in order; the last effect waits for the next event or ends the call.

        Raises ValueError for an event that no outcome of the last effect can be.
        """
        return self._take(self._stage.receive(event))

    def _take(self, turn: Turn) -> list[Effect]:
        self._stage = turn.stage
        return [self._noted(effect) for effect in turn.effects]

    def _noted(self, effect: Effect) -> Effect:
        if isinstance(effect, JoinLine):
            self.request_type = effect.request_type
        if isinstance(effect, ChooseLanguage):
            self.language = effect.key
        return spoken_in(effect, self.language)


def _known(config: HotlineConfig, language: str | None) -> str | None:
    """The language, if this configuration has it: that of a caller who comes back may be a newer one."""
    return next((known.key for known in config.languages if known.key == language), None)
