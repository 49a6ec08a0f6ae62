"""Decides how a conversation is told to an admin: each event and each effect as a short German sentence."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from config.schema import HotlineConfig
from ivr.effects import (
    ChooseLanguage,
    Collect,
    Connect,
    Effect,
    EndReason,
    HangUp,
    InTurn,
    JoinLine,
    LeaveCallback,
    LeaveLine,
    NoteHouseholdNumber,
    Play,
    Wait,
    Window,
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
    EndReason.NOT_SERVED: "niemand konnte den Anruf annehmen",
}


class Teller:
    """Tells what happens to a call of one hotline."""

    def __init__(self, config: HotlineConfig) -> None:
        self._config = config
        self._texts = catalogue(config)
        self._zone = ZoneInfo(config.hotline.timezone)

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
            case Wait(prompts=prompts, max_digits=most, at_once=at_once):
                heard = f"{self._says(prompts)}, dann Musik" if prompts else "Musik"
                return f"{heard} – hört auf {_keys(most, at_once)}" if most else heard
            case JoinLine(request_type=key):
                return f"stellt in die Reihe: {self._config.request_type(key).label} ({key})"
            case Connect(agent=agent):
                return f"klingelt bei {self._name(agent)}"
            case NoteHouseholdNumber(digits=digits):
                return f"notiert die Nummer der Bedarfsgemeinschaft: {digits}"
            case LeaveLine():
                return "nimmt aus der Reihe"
            case LeaveCallback(number=number, when=when):
                return f"merkt den Rückruf vor: {number or 'an die angezeigte Nummer'}{self._when(when)}"
            case ChooseLanguage(key=key):
                names: dict[str, str] = {language.key: language.name for language in self._config.languages}
                return f"spricht ab jetzt diese Sprache: {names.get(key, key)} ({key})"
            case HangUp(reason=reason):
                return f"legt auf: {_ENDS[reason]}"

    def offered(self, agent: str, skill: str) -> str:
        """That this agent would be offered a call that needs this skill, and why in this place."""
        if skill in self._config.agent(agent).skills:
            return f"wird angeboten: {self._name(agent)}, erste Wahl für {skill}"
        seconds = self._config.distribution.second_choice_after_seconds
        return f"wird nach {seconds} s Wartezeit angeboten: {self._name(agent)}, zweite Wahl für {skill}"

    def _when(self, when: InTurn | Window | None) -> str:
        match when:
            case Window(start=start, end=end):
                day, until = start.astimezone(self._zone), end.astimezone(self._zone)
                return f", für den {day:%d.%m.%Y} zwischen {day.hour} und {until.hour} Uhr"
            case InTurn():
                return ", der Platz in der Reihe bleibt"
        return ""

    def _says(self, prompts: Iterable[str]) -> str:
        return f"sagt „{' '.join(self._texts[prompt] for prompt in prompts)}“"

    def _name(self, agent: str) -> str:
        return f"{self._config.agent(agent).full_name} ({agent})"


def _keys(most: int, at_once: str = "") -> str:
    if most <= len(at_once):
        return "Stern"
    entered = "eine Taste" if most == 1 else "Tasten, mit # am Ende"
    return f"{entered}, oder auf Stern" if at_once else entered
