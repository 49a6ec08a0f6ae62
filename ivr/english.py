"""The English words for numbers, days and times."""

import re
from collections.abc import Iterator
from datetime import time

from ivr.vocabulary import COUNTED, Vocabulary

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_NUMBERS = (*_DIGITS, *_TEENS)
_TENS = {2: "twenty", 3: "thirty"}
_FIRST_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_ORDINALS = (*_FIRST_ORDINALS, "eleventh", "twelfth", *(f"{word}th" for word in _TEENS[3:]))
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIRST_MONTHS = ("January", "February", "March", "April", "May", "June")
_MONTHS = (*_FIRST_MONTHS, "July", "August", "September", "October", "November", "December")
_MIDNIGHT, _NOON = time(0), time(12)
_EVENING = 18


def _number(number: int) -> str:
    if number < 20:
        return _NUMBERS[number]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens]}-{_NUMBERS[ones]}" if ones else _TENS[tens]


def _ordinals() -> Iterator[str]:
    for day in range(1, 32):
        tens, ones = divmod(day, 10)
        if day < 20:
            yield _ORDINALS[day - 1]
        else:
            yield f"{_TENS[tens]}-{_ORDINALS[ones - 1]}" if ones else f"{_TENS[tens][:-1]}ieth"


def _clock(moment: time) -> str:
    """Of twelve hours, with the part of the day: "2 30 in the afternoon"."""
    if moment in (_MIDNIGHT, _NOON):
        return "noon" if moment == _NOON else "midnight"
    hour, minute = moment.hour % 12 or 12, moment.minute
    after = "o'clock" if not minute else str(minute) if minute > 9 else f"oh {minute}"
    part = "morning" if moment < _NOON else "afternoon" if moment.hour < _EVENING else "evening"
    return f"{hour} {after} in the {part}"


ENGLISH = Vocabulary(
    numbers={number: _number(number) for number in COUNTED},
    today="today",
    tomorrow="tomorrow",
    weekdays=tuple(f"on {name}, the" for name in _WEEKDAYS),
    days=tuple(_ordinals()),
    months=tuple(f"of {name}" for name in _MONTHS),
    at="at",
    clock=_clock,
    key=re.compile(r"(?<!\d)\d(?!\d)"),
)
