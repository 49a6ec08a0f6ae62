"""Says in German what the checks and the review say in English: the pages are German, the command line is English.

The tables hold one English sentence a line, with `{names}` for what is put into it, and the same in German.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache

from config.german_checks import CHECKS
from config.german_review import REVIEW
from config.german_text import SYNTAX, TEXT
from config.german_values import VALUES

Sentences = Mapping[str, str]

TABLES: tuple[Sentences, ...] = (TEXT, VALUES, CHECKS, REVIEW)
"""Every sentence of a finding or warning stands in exactly one of them."""
LONGEST = 6_000
"""Characters of a message that is looked at; far more than any of the sentences has."""

_PLACE = re.compile(r"\{(\w+)\}")
_SHOWN = re.compile(r'"(?P<value>.{0,60}?)": (?P<rest>.+)', re.DOTALL)
"""`config.messages` cuts what it shows off at 60 characters."""
_AT_PATH = re.compile(r"(?P<path>[\w.-]+): (?P<rest>.+) \(line (?P<line>\d+), column (?P<column>\d+)\)", re.DOTALL)
_EMPTY = re.compile(r"nothing is written here; (?P<rest>.+), or leave the key out if it has a default", re.DOTALL)
_PATTERNS = {
    "hint": r"(?: \(did you mean \".*?\"\?\))?",
    "number": r"-?[0-9][0-9.,]*",
    "time": r"\d\d:\d\d-\d\d:\d\d",
    "day": r"\d{4}-\d\d-\d\d",
    "weekday": r"[A-Z][a-z]+day",
}
"""What may stand in a place of this name, digits at its end aside; anything in all others."""
_WEEKDAYS = {
    "Monday": "Montag",
    "Tuesday": "Dienstag",
    "Wednesday": "Mittwoch",
    "Thursday": "Donnerstag",
    "Friday": "Freitag",
    "Saturday": "Samstag",
    "Sunday": "Sonntag",
}
_IN_GERMAN: dict[str, Callable[[str], str]] = {
    "hint": lambda text: re.sub(r' \(did you mean "(.*)"\?\)', r" (meinten Sie „\1“?)", text, flags=re.DOTALL),
    "weekday": lambda text: _WEEKDAYS.get(text, text),
    "keys": lambda text: text.replace(" and ", " und "),
    "types": lambda text: "alle Anliegen" if text == "all request types" else text,
    "syntax": lambda text: _filled(text, SYNTAX) or f"„{text}“",
}
"""What is put into a place of this name is no value of the file and becomes German itself."""


@lru_cache(maxsize=1024)
def german(message: str) -> str:
    """The sentence in German, with the same values; one that is not known stays as it is."""
    return (_translated(message) or message) if len(message) <= LONGEST else message


def _translated(message: str) -> str | None:
    for table in TABLES:
        if (sentence := _filled(message, table)) is not None:
            return sentence
    return _with_value(message) or _of_nothing(message) or _at_path(message)


def _with_value(message: str) -> str | None:
    """`"9": …`: the value as it stands in the file, which may itself hold quotes and colons."""
    start = 0
    while start <= 60 and (shown := _SHOWN.match(message, start)):
        sentence = _filled(shown["rest"], VALUES)
        if sentence is not None:
            return f"„{message[1 : shown.end('value')]}“: {sentence}"
        start = shown.end("value")
    return None


def _of_nothing(message: str) -> str | None:
    empty = _EMPTY.fullmatch(message)
    wanted = _filled(empty["rest"], VALUES) if empty else None
    return wanted and f"Hier steht nichts. {wanted} Oder lassen Sie den Schlüssel weg, wenn er eine Vorgabe hat."


def _at_path(message: str) -> str | None:
    """What keeps a text from being changed at all: its first problem, and where."""
    found = _AT_PATH.fullmatch(message)
    rest = _filled(found["rest"], TEXT) if found else None
    return f"{found['path']}: {rest} (Zeile {found['line']}, Spalte {found['column']})" if found and rest else None


def _filled(message: str, table: Sentences) -> str | None:
    for english, sentence in table.items():
        match = pattern(english).fullmatch(message)
        if match:
            values = {name: _kept(name, value) for name, value in match.groupdict().items()}
            return _PLACE.sub(lambda place, values=values: values[place[1]], sentence)  # type: ignore[misc]
    return None


def _kept(name: str, value: str) -> str:
    into = _IN_GERMAN.get(_kind(name))
    return into(value) if into else value


@cache
def pattern(english: str) -> re.Pattern[str]:
    """What matches this sentence whatever is put into it."""
    parts = _PLACE.split(english)
    named = (f"(?P<{name}>{_PATTERNS.get(_kind(name), '.*?')})" for name in parts[1::2])
    literal = [re.escape(part) for part in parts[::2]]
    return re.compile("".join(part for pair in zip(literal, [*named, ""], strict=True) for part in pair), re.DOTALL)


def _kind(name: str) -> str:
    return name.rstrip("0123456789")
