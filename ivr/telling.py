"""Decides how a conversation is told to an admin: each event and each effect as a short German sentence."""

from collections.abc import Iterable

from config.schema import HotlineConfig
from ivr.effects import (
    Collect,
    Connect,
    Effect,
    EndReason,
    HangUp,
    JoinLine,
    LeaveCallback,
    LeaveLine,
    NoteHouseholdNumber,
    Play,
    Wait,
)
from ivr.events import (
    AgentFound,
    AgentLost,
    AgentMissed,
    CallArrived,
    DigitsEntered,
    Event,
    HandedOn,
    SilenceElapsed,
    TalkEnded,
    WaitElapsed,
)
from ivr.prompts import catalogue

_ENDS = {
    EndReason.SETTLED: "das Gespräch ist zu Ende",
    EndReason.CALLBACK: "ein Rückruf ist vorgemerkt",
    EndReason.CLOSED: "geschlossen",
    EndReason.NOT_SERVED: "nach Dienstschluss, niemand konnte den Anruf annehmen",
}


class Teller:
    """Tells what happens to a call of one hotline."""

    def __init__(self, config: HotlineConfig) -> None:
        self._config = config
        self._texts = catalogue(config)

    def event(self, event: Event) -> str:
        match event:
            case CallArrived(caller=caller):
                return f"Anruf von {caller or 'unterdrückter Nummer'}"
            case DigitsEntered(digits=digits):
                return f"Anrufer drückt {digits or '#'}"
            case SilenceElapsed():
                return "Anrufer drückt nichts"
            case WaitElapsed(waited=waited):
                return f"Anrufer wartet seit {waited:.0f} s"
            case AgentFound(agent=agent):
                return f"{self._name(agent)} ist frei"
            case AgentMissed():
                return "Der Anruf wird nicht angenommen"
            case AgentLost():
                return "Die Verbindung zum Platz bricht ab"
            case HandedOn():
                return "Der Anruf wird weiterverbunden"
            case TalkEnded():
                return "Gespräch geführt und beendet"

    def effect(self, effect: Effect) -> str:
        match effect:
            case Play(prompts=prompts):
                return self._says(prompts)
            case Collect(prompts=prompts, max_digits=most):
                return f"{self._says(prompts)} – hört auf {_keys(most)}"
            case Wait(prompts=prompts, max_digits=most):
                heard = f"{self._says(prompts)}, dann Musik" if prompts else "Musik"
                return f"{heard} – hört auf {_keys(most)}" if most else heard
            case JoinLine(request_type=key):
                return f"stellt in die Reihe: {self._config.request_type(key).label} ({key})"
            case Connect(agent=agent):
                return f"klingelt bei {self._name(agent)}"
            case NoteHouseholdNumber(digits=digits):
                return f"notiert die Nummer der Bedarfsgemeinschaft: {digits}"
            case LeaveLine():
                return "nimmt aus der Reihe"
            case LeaveCallback(number=number):
                return f"merkt den Rückruf vor: {number or 'an die angezeigte Nummer'}"
            case HangUp(reason=reason):
                return f"legt auf: {_ENDS[reason]}"

    def _says(self, prompts: Iterable[str]) -> str:
        return f"sagt „{' '.join(self._texts[prompt] for prompt in prompts)}“"

    def _name(self, agent: str) -> str:
        return f"{self._config.agent(agent).full_name} ({agent})"


def _keys(most: int) -> str:
    return "eine Taste" if most == 1 else "Tasten, mit # am Ende"
