"""What the dialplan itself says to a caller and asks: the prompts of the service, played by Asterisk alone.

In the hotline's own language only, also to a caller who has chosen another one: this is for minutes, not for every day.
The announcement of an emergency is told in every language that has words for it.
"""

from dataclasses import dataclass
from pathlib import PurePath

from config.schema import HotlineConfig
from dialplan.facts import AsteriskFacts
from dialplan.steps import Step, given

KEY = "HL_KEY"
"""The key that was pressed at the last question; empty after silence."""
PROMPTS = (
    "greeting",
    "please_wait",
    "connecting_unclear",
    "agent_lost",
    "closed_hours",
    "closing_now",
    "fallback_nobody",
    "callback_offer",
    "callback_number_unusable",
    "callback_number_shown",
    "callback_confirm_shown",
    "callback_enter_number",
    "callback_number_wrong",
    "callback_read_back",
    "callback_confirm_entered",
    "callback_taken",
    "technical_problem",
    "goodbye",
    *(f"number_{digit}" for digit in range(10)),
)
"""Every prompt that the dialplan always plays; announcements of the configuration's own come on top."""


@dataclass(frozen=True, slots=True)
class Voice:
    directory: PurePath
    silence_seconds: int
    """So long a question waits for a key."""

    @classmethod
    def of(cls, config: HotlineConfig, facts: AsteriskFacts) -> "Voice":
        return cls(facts.directories.prompts, config.menu.silence_seconds)

    def say(self, *names: str) -> str:
        """The step that plays these prompts, whatever is pressed."""
        return f"Playback({self._files(*names)})"

    def ask(self, *names: str) -> str:
        """The step that plays these prompts until a key is pressed, which is in KEY then."""
        return self.ask_files(self._files(*names))

    def ask_files(self, files: str) -> str:
        """The same with sound files, as `file` gives them, joined by "&"."""
        return f"Read({KEY},{files},1,,1,{self.silence_seconds})"

    def file(self, name: str) -> str:
        """The sound file of this prompt, without its ending."""
        return f"{self.directory}/{name}"

    def ask_number(self, variable: str, name: str, digits: int, seconds: int) -> str:
        """The step that plays this prompt and takes keys until `#`, or until none has come for so many seconds."""
        return f"Read({variable},{self._files(name)},{digits},,1,{seconds})"

    def end(self, *names: str) -> list[Step]:
        """The last words, then hang up."""
        return [self.say(*names), "Hangup()"]

    def _files(self, *names: str) -> str:
        return "&".join(self.file(name) for name in names)


def pressed(key: str) -> str:
    """Condition: this key was pressed at the last question."""
    return f'$["{given(KEY)}" = "{key}"]'
