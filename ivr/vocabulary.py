"""What must be known of a language to speak numbers, days, times and keys in it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time

COUNTED = (*range(24), 30)
"""The numbers that are spoken: digits, places in the line, minutes of a wait."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The single words of one language.

    A moment is put together as weekday, day of the month, month, time: each word is written so that this sounds right.
    """

    numbers: Mapping[int, str]
    """Each of `COUNTED`."""
    today: str
    tomorrow: str
    weekdays: tuple[str, ...]
    """From Monday on; the day of the month follows."""
    days: tuple[str, ...]
    """The 1st to the 31st; the month follows."""
    months: tuple[str, ...]
    """From January on; the time may follow."""
    at: str
    """Before a time of day at which something is."""
    clock: Callable[[time], str]
    """A time of day, by the minute, as "8 o'clock in the morning"."""
    key: re.Pattern[str]
    """Finds each single digit of a text that is a key to press; the voice is given its word."""
