"""The German words for numbers, days and times."""

import re
from collections.abc import Iterator
from datetime import time

from ivr.vocabulary import COUNTED, Vocabulary

_DIGITS = ("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")
_TEENS = ("zehn", "elf", "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn")
_NUMBERS = (*_DIGITS, *_TEENS)
_TENS = {2: "zwanzig", 3: "dreißig"}
_ORDINALS = {1: "ersten", 3: "dritten", 7: "siebten", 8: "achten"}
_WEEKDAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
_FIRST_MONTHS = ("Januar", "Februar", "März", "April", "Mai", "Juni")
_MONTHS = (*_FIRST_MONTHS, "Juli", "August", "September", "Oktober", "November", "Dezember")


def _number(number: int) -> str:
    if number < 20:
        return _NUMBERS[number]
    tens, ones = divmod(number, 10)
    return (f"{'ein' if ones == 1 else _NUMBERS[ones]}und" if ones else "") + _TENS[tens]


def _ordinals() -> Iterator[str]:
    for day in range(1, 32):
        yield _ORDINALS.get(day, f"{_number(day)}{'ten' if day < 20 else 'sten'}")


def _clock(moment: time) -> str:
    hour = "ein" if moment.hour == 1 else str(moment.hour)
    return f"{hour} Uhr {moment.minute}" if moment.minute else f"{hour} Uhr"


GERMAN = Vocabulary(
    numbers={number: _number(number) for number in COUNTED},
    today="heute",
    tomorrow="morgen",
    weekdays=tuple(f"am {name}, dem" for name in _WEEKDAYS),
    days=tuple(_ordinals()),
    months=_MONTHS,
    at="um",
    clock=_clock,
    # After "die", or at the very end: the voice reads "die 4." as "die vierte".
    key=re.compile(r"(?<=\bdie )\d(?!\d)|(?<!\d)\d(?=\.$)"),
)
