"""The conversation with an admin who records a prompt by telephone: log in by digits, speak, listen, keep.

A pure state machine: it says what is to be done next, and is told what came of it.
"""

from dataclasses import dataclass

PIN_DIGITS = 6
MOST_TRIES = 3
"""Wrong digits, or keys that mean nothing, one after the other."""
MOST_TAKES = 10
KEEP, AGAIN, DISCARD = "1", "2", "3"

ENTER = "record_enter"
WRONG = "record_wrong"
REFUSED = "record_refused"
SPEAK = "record_speak"
UNUSABLE = "record_unusable"
CHOOSE = "record_choose"
KEPT = "record_kept"
NOT_KEPT = "record_not_kept"
DISCARDED = "record_discarded"

PROMPTS = {
    ENTER: "Bitte geben Sie die sechs Ziffern ein, die auf der Seite stehen.",
    WRONG: "Diese Ziffern stimmen nicht.",
    REFUSED: "Von diesem Telefon kamen zu oft falsche Ziffern. Bitte rufen Sie in zehn Minuten wieder an.",
    SPEAK: "Sprechen Sie nach dem Ton, und drücken Sie danach die Raute-Taste.",
    UNUSABLE: "Diese Aufnahme war zu kurz, zu leise oder zu laut.",
    CHOOSE: "Zum Behalten drücken Sie die 1. Noch einmal aufnehmen: die 2. Verwerfen: die 3.",
    KEPT: "Die Aufnahme ist gespeichert und ab sofort zu hören. Auf Wiederhören.",
    NOT_KEPT: "Das Speichern hat gerade nicht geklappt.",
    DISCARDED: "Es wurde nichts gespeichert. Auf Wiederhören.",
}
"""Prompts of this conversation and their texts, in German only."""


@dataclass(frozen=True, slots=True)
class AskPin:
    """Say these prompts and read PIN_DIGITS keys; answered by `entered`."""

    say: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """Say these prompts, record after a tone; answered by `recorded`."""

    say: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskChoice:
    """Say these prompts, then what was recorded, then `afterwards`, and read one key; answered by `chosen`."""

    say: tuple[str, ...]
    afterwards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keep:
    """Make the recording what callers hear; answered by `kept`."""


@dataclass(frozen=True, slots=True)
class End:
    """Say these prompts and hang up."""

    say: tuple[str, ...]


Action = AskPin | Record | AskChoice | Keep | End


class Recording:
    """One call of an admin: `begin`, and then one answer for each action."""

    def __init__(self) -> None:
        self._tries = self._takes = 0

    def begin(self) -> Action:
        return AskPin((ENTER,))

    def refused(self) -> Action:
        """Too many wrong digits came from this telephone, in this call or in others."""
        return End((REFUSED,))

    def entered(self, right: bool) -> Action:
        """Whether the digits open a recording."""
        if right:
            self._tries = 0
            return Record((SPEAK,))
        self._tries += 1
        return End((WRONG, REFUSED)) if self._tries >= MOST_TRIES else AskPin((WRONG, ENTER))

    def recorded(self, usable: bool) -> Action:
        """Whether it can be a prompt."""
        self._takes += 1
        if usable:
            self._tries = 0
            return self._ask()
        return End((UNUSABLE, DISCARDED)) if self._takes >= MOST_TAKES else Record((UNUSABLE, SPEAK))

    def chosen(self, key: str) -> Action:
        """The key, "" for none."""
        if key == KEEP:
            return Keep()
        if key == AGAIN and self._takes < MOST_TAKES:
            return Record((SPEAK,))
        self._tries += 1
        return End((DISCARDED,)) if key == DISCARD or self._tries >= MOST_TRIES else self._ask()

    def kept(self, done: bool) -> Action:
        """Whether it is stored."""
        if done:
            return End((KEPT,))
        self._tries += 1
        return End((NOT_KEPT, DISCARDED)) if self._tries >= MOST_TRIES else self._ask(NOT_KEPT)

    def _ask(self, *say: str) -> Action:
        return AskChoice(say, (CHOOSE,))
