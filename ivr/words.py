"""Decides which single words numbers, telephone numbers, days and times are put together from, in any language."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from config.schema import WEEKDAYS, HotlineConfig, Voice
from ivr.english import ENGLISH
from ivr.german import GERMAN
from ivr.vocabulary import Vocabulary

HIGHEST_PLACE = 20
"""Places in the line beyond it are not counted out to the caller."""
_VOCABULARIES = {"de": GERMAN, "en": ENGLISH}
LANGUAGES = frozenset(_VOCABULARIES)
"""Keys, ISO 639-1."""


def vocabulary(voice: Voice) -> Vocabulary:
    """The words of the language that this voice speaks."""
    return _VOCABULARIES[voice.language.partition("-")[0]]


def number_prompt(number: int) -> str:
    """The prompt of one of `ivr.vocabulary.COUNTED`."""
    return f"number_{number}"


def hour_prompt(hour: int) -> str:
    """The prompt of a full hour at which a window for callbacks can begin or end."""
    return f"hour_{hour}"


def telephone_prompts(config: HotlineConfig, e164: str) -> tuple[str, ...]:
    """A number digit by digit, as it is dialled here: with 0 within the country, with 00 abroad."""
    digits, country = e164.removeprefix("+"), config.hotline.country_code
    dialled = f"0{digits.removeprefix(country)}" if digits.startswith(country) else f"00{digits}"
    return tuple(number_prompt(int(digit)) for digit in dialled)


def moment_prompts(config: HotlineConfig, moment: datetime, now: datetime) -> tuple[str, ...]:
    """ "heute", "morgen" or "am Montag, dem 23. November", and "um 8 Uhr", in the hotline's time zone."""
    clock = moment.astimezone(ZoneInfo(config.hotline.timezone)).time()
    return (*day_prompts(config, moment, now), *((_time_prompt(clock),) if clock in opening_times(config) else ()))


def day_prompts(config: HotlineConfig, moment: datetime, now: datetime) -> tuple[str, ...]:
    """The day alone."""
    zone = ZoneInfo(config.hotline.timezone)
    there, here = moment.astimezone(zone), now.astimezone(zone)
    days_ahead = (there.date() - here.date()).days
    if days_ahead in (0, 1):
        return ("today",) if days_ahead == 0 else ("tomorrow",)
    return (f"weekday_{WEEKDAYS[there.weekday()]}", f"day_{there.day}", f"month_{there.month}")


def opening_times(config: HotlineConfig) -> set[time]:
    """Every time of day at which the hotline can open: a day's interval begins, or part of a day's closure ends."""
    begins = {interval.start for intervals in config.hours.week.values() for interval in intervals}
    return begins | {closure.hours.end for closure in config.hours.closures if closure.hours is not None}


def _window_hours(config: HotlineConfig) -> set[int]:
    return {hour for window in config.callbacks.windows for hour in range(window.start.hour, window.end.hour + 1)}


def words(config: HotlineConfig, voice: Voice) -> dict[str, str]:
    """Every prompt that this module names, and what this voice speaks for it."""
    known = vocabulary(voice)
    # With a comma the voice speaks short words longer and clearer ("acht"), and lets the sentence go on.
    spoken = {number_prompt(number): f"{word}," for number, word in known.numbers.items()}
    spoken |= {"today": known.today, "tomorrow": known.tomorrow}
    spoken |= {f"weekday_{day}": word for day, word in zip(WEEKDAYS, known.weekdays, strict=True)}
    spoken |= {f"day_{day}": word for day, word in enumerate(known.days, start=1)}
    spoken |= {f"month_{month}": f"{word}," for month, word in enumerate(known.months, start=1)}
    spoken |= {_time_prompt(moment): f"{known.at} {known.clock(moment)}" for moment in sorted(opening_times(config))}
    return spoken | {hour_prompt(hour): f"{known.clock(time(hour))}," for hour in sorted(_window_hours(config))}


def _time_prompt(moment: time) -> str:
    return f"time_{moment:%H%M}"
