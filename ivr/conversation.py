"""Drives one call's conversation: what happened goes in, what is to be done comes out.

    CallArrived ─ open ──→ (welcome ─→) menu ──→ waiting ⇄ talking ──→ ended
                │                                 ↓  ↑
                │                                asked ──→ callback ──→ ended
                └─ closed ─→ closed ──────────────────────→ callback ──→ ended

A caller is at `welcome` only while there is an announcement.

No I/O and no clock: every time comes with an event.
"""

from dataclasses import dataclass
from typing import ClassVar

from config.schema import HotlineConfig
from ivr import closed, menu
from ivr.effects import Effect, JoinLine
from ivr.events import CallArrived, Event
from ivr.stage import Facts, Stage, Turn, unexpected
from ivr.waiting import join_line, talking
from routing.hours import Calendar


@dataclass(frozen=True, slots=True)
class Ringing:
    """Before the caller was answered."""

    name: ClassVar[str] = "ringing"
    config: HotlineConfig
    calendar: Calendar

    def receive(self, event: Event) -> Turn:
        if not isinstance(event, CallArrived):
            raise unexpected(self, event)
        facts = Facts(self.config, self.calendar, event.caller, event.callback_possible, event.announcement)
        opening = self.calendar.opening(event.at)
        return menu.greet(facts) if opening.open else closed.say_closed(facts, opening, event.at)


class Conversation:
    """One call, from the first word to the last."""

    def __init__(self, config: HotlineConfig, calendar: Calendar) -> None:
        self._config, self._calendar = config, calendar
        self._stage: Stage = Ringing(config, calendar)
        self.request_type: str | None = None
        """Key of what the caller wants; None before it is known, and for callers who find us closed."""

    def rejoin(self, caller: str | None, callback_possible: bool, request_type: str) -> list[Effect]:
        """Go on in the line, whatever was before: for a caller whose conversation with us broke off."""
        facts = Facts(self._config, self._calendar, caller, callback_possible)
        return self._take(join_line(facts, request_type))

    def resume_talk(self, caller: str | None, callback_possible: bool, request_type: str) -> None:
        """Go on as if the caller had just talked with an agent: for one whom an agent's telephone has sent on."""
        self.request_type = request_type
        self._stage = talking(Facts(self._config, self._calendar, caller, callback_possible), request_type)

    @property
    def state(self) -> str:
        """Where the conversation stands, in a word for logs."""
        return self._stage.name

    def receive(self, event: Event) -> list[Effect]:
        """What is to be done after `event`, in order; the last effect waits for the next event or ends the call.

        Raises ValueError for an event that no outcome of the last effect can be.
        """
        return self._take(self._stage.receive(event))

    def _take(self, turn: Turn) -> list[Effect]:
        self._stage = turn.stage
        for effect in turn.effects:
            if isinstance(effect, JoinLine):
                self.request_type = effect.request_type
        return list(turn.effects)
