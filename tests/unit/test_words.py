"""Numbers, days and times in each language: what the voice is given."""

from datetime import datetime, time

import pytest

from config.schema import Interval, Voice
from ivr.english import ENGLISH
from ivr.german import GERMAN
from ivr.prompts import catalogue, spoken
from ivr.vocabulary import COUNTED, Vocabulary
from ivr.words import HIGHEST_PLACE, day_prompts, moment_prompts, words
from tests.unit.conversations import BERLIN, MONDAY_9, changed, shipped

GERMAN_VOICE, ENGLISH_VOICE = shipped().voice, shipped().languages[0].voice


@pytest.mark.parametrize("known", [GERMAN, ENGLISH])
def test_every_language_has_every_word_and_none_twice(known: Vocabulary):
    assert set(known.numbers) == set(COUNTED) >= {*range(HIGHEST_PLACE + 1), 2, 3, 5, 10, 15, 20, 30, *range(24)}
    assert (len(known.weekdays), len(known.days), len(known.months)) == (7, 31, 12)
    for group in (known.numbers.values(), known.weekdays, known.days, known.months):
        assert len(set(group)) == len(group)
        assert all(word.strip() == word != "" for word in group)


@pytest.mark.parametrize("voice", [GERMAN_VOICE, ENGLISH_VOICE])
def test_names_are_the_same_in_every_language(voice: Voice):
    assert words(shipped(), voice).keys() == words(shipped(), GERMAN_VOICE).keys()


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("number_0", "zero,"),
        ("number_11", "eleven,"),
        ("number_12", "twelve,"),
        ("number_20", "twenty,"),
        ("number_23", "twenty-three,"),
        ("number_30", "thirty,"),
        ("day_1", "first"),
        ("day_2", "second"),
        ("day_3", "third"),
        ("day_9", "ninth"),
        ("day_12", "twelfth"),
        ("day_13", "thirteenth"),
        ("day_19", "nineteenth"),
        ("day_20", "twentieth"),
        ("day_21", "twenty-first"),
        ("day_22", "twenty-second"),
        ("day_30", "thirtieth"),
        ("day_31", "thirty-first"),
        ("weekday_monday", "on Monday, the"),
        ("month_11", "of November,"),
        ("today", "today"),
        ("tomorrow", "tomorrow"),
        ("time_0800", "at 8 o'clock in the morning"),
    ],
)
def test_days_and_numbers_are_english(name: str, word: str):
    assert words(shipped(), ENGLISH_VOICE)[name] == word


def test_a_moment_is_a_sentence_in_english():
    known = words(shipped(), ENGLISH_VOICE)
    monday_eight = datetime(2026, 11, 23, 8, tzinfo=BERLIN)
    prompts = moment_prompts(shipped(), monday_eight, datetime(2026, 11, 20, 18, tzinfo=BERLIN))
    told = " ".join(known[name] for name in prompts)
    assert told == "on Monday, the twenty-third of November, at 8 o'clock in the morning"


@pytest.mark.parametrize(
    ("clock", "english", "german"),
    [
        ("00:00", "midnight", "0 Uhr"),
        ("00:05", "12 oh 5 in the morning", "0 Uhr 5"),
        ("08:30", "8 30 in the morning", "8 Uhr 30"),
        ("12:00", "noon", "12 Uhr"),
        ("12:15", "12 15 in the afternoon", "12 Uhr 15"),
        ("13:00", "1 o'clock in the afternoon", "13 Uhr"),
        ("17:59", "5 59 in the afternoon", "17 Uhr 59"),
        ("18:00", "6 o'clock in the evening", "18 Uhr"),
    ],
)
def test_times_of_day(clock: str, english: str, german: str):
    moment = time.fromisoformat(clock)
    assert (ENGLISH.clock(moment), GERMAN.clock(moment)) == (english, german)


@pytest.mark.parametrize(
    ("number", "word"), [(21, "einundzwanzig"), (22, "zweiundzwanzig"), (23, "dreiundzwanzig"), (30, "dreißig")]
)
def test_hours_of_the_evening_and_half_an_hour_in_german(number: int, word: str):
    assert GERMAN.numbers[number] == word


def test_day_alone_is_said_without_a_time():
    assert day_prompts(shipped(), MONDAY_9, MONDAY_9) == ("today",)


@pytest.mark.parametrize(
    ("written", "voice"),
    [
        ("For English, press 9.", "For English, press nine."),
        ("For rent, 4.", "For rent, four."),
        ("press 1. For a different number, press 2.", "press one. For a different number, press two."),
        ("call 115", "call 115"),
    ],
)
def test_english_voice_is_given_keys_as_words(written: str, voice: str):
    assert spoken(ENGLISH_VOICE, written) == voice


def test_hotline_whose_own_voice_is_english_has_english_words():
    config = changed(voice={"language": "en-US"}, hours={"week": {"friday": [Interval(start="08:30", end="12:00")]}})
    names = catalogue(config)
    assert (names["number_3"], names["time_0830"]) == ("three,", "at 8 30 in the morning")


def test_hours_of_windows_are_said_as_opening_times_are():
    config = changed(callbacks={"windows": [Interval(start="12:00", end="13:00")]})
    german, english = words(config, config.voice), words(config, config.languages[0].voice)
    assert (german["hour_12"], german["hour_13"]) == ("12 Uhr,", "13 Uhr,")
    assert (english["hour_12"], english["hour_13"]) == ("noon,", "1 o'clock in the afternoon,")
    assert "hour_11" not in german
