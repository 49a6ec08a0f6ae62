"""Decides which single German words numbers, telephone numbers, days and times are put together from."""

from collections.abc import Iterator
from datetime import datetime, time
from zoneinfo import ZoneInfo

from config.schema import WEEKDAYS, HotlineConfig

HIGHEST_NUMBER = 20
"""Positions beyond it are not counted out to the caller."""

_DIGITS = ("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")
_TEENS = ("zehn", "elf", "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn")
_NUMBERS = (*_DIGITS, *_TEENS, "zwanzig")
_ORDINALS = {1: "ersten", 3: "dritten", 7: "siebten", 8: "achten"}
_TENS = {2: "zwanzigsten", 3: "dreißigsten"}
_WEEKDAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
_FIRST_MONTHS = ("Januar", "Februar", "März", "April", "Mai", "Juni")
_MONTHS = (*_FIRST_MONTHS, "Juli", "August", "September", "Oktober", "November", "Dezember")


def number_prompt(number: int) -> str:
    """The prompt of a number from 0 to `HIGHEST_NUMBER`."""
    return f"number_{number}"


def digit_word(digit: str) -> str:
    """The word of a digit, as "vier" for "4"."""
    return _DIGITS[int(digit)]


def telephone_prompts(config: HotlineConfig, e164: str) -> tuple[str, ...]:
    """A number digit by digit, as it is dialled here: with 0 within the country, with 00 abroad."""
    digits, country = e164.removeprefix("+"), config.hotline.country_code
    dialled = f"0{digits.removeprefix(country)}" if digits.startswith(country) else f"00{digits}"
    return tuple(number_prompt(int(digit)) for digit in dialled)


def moment_prompts(config: HotlineConfig, moment: datetime, now: datetime) -> tuple[str, ...]:
    """ "heute", "morgen" or "am Montag, dem 23. November", and "um 8 Uhr", in the hotline's time zone."""
    zone = ZoneInfo(config.hotline.timezone)
    there, here = moment.astimezone(zone), now.astimezone(zone)
    hour = (_time_prompt(there.time()),) if there.time() in opening_times(config) else ()
    return (*_day_prompts(there, (there.date() - here.date()).days), *hour)


def _day_prompts(there: datetime, days_ahead: int) -> tuple[str, ...]:
    if days_ahead in (0, 1):
        return ("today",) if days_ahead == 0 else ("tomorrow",)
    return (f"weekday_{WEEKDAYS[there.weekday()]}", f"day_{there.day}", f"month_{there.month}")


def opening_times(config: HotlineConfig) -> set[time]:
    """Every time of day at which the hotline can open: a day's interval begins, or part of a day's closure ends."""
    begins = {interval.start for intervals in config.hours.week.values() for interval in intervals}
    return begins | {closure.hours.end for closure in config.hours.closures if closure.hours is not None}


def words(config: HotlineConfig) -> dict[str, str]:
    """Every prompt that this module names, and what the voice speaks for it."""
    # With a comma the voice speaks short words longer and clearer ("acht"), and lets the sentence go on.
    spoken = {number_prompt(number): f"{_NUMBERS[number]}," for number in range(HIGHEST_NUMBER + 1)}
    spoken |= {"today": "heute", "tomorrow": "morgen"}
    spoken |= {f"weekday_{WEEKDAYS[day]}": f"am {name}, dem" for day, name in enumerate(_WEEKDAYS)}
    spoken |= {f"day_{day}": word for day, word in enumerate(_ordinals(), start=1)}
    spoken |= {f"month_{month}": f"{name}," for month, name in enumerate(_MONTHS, start=1)}
    return spoken | {_time_prompt(moment): _time_words(moment) for moment in sorted(opening_times(config))}


def _ordinals() -> Iterator[str]:
    for day in range(1, 32):
        tens, ones = divmod(day, 10)
        if day < 20:
            yield _ORDINALS.get(day, f"{_NUMBERS[day]}ten")
        else:
            yield (f"{'ein' if ones == 1 else _NUMBERS[ones]}und" if ones else "") + _TENS[tens]


def _time_prompt(moment: time) -> str:
    return f"time_{moment:%H%M}"


def _time_words(moment: time) -> str:
    hour = "ein" if moment.hour == 1 else str(moment.hour)
    return f"um {hour} Uhr {moment.minute}" if moment.minute else f"um {hour} Uhr"
