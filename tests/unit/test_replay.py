"""Calls of the past under a draft: which would have gone elsewhere, told in German, fast also for many."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.loading import parse
from config.schema import HotlineConfig
from routing.hours import Calendar
from routing.replay import MOST_SHOWN, PastCall, Replay, _Days, replay

BERLIN = ZoneInfo("Europe/Berlin")
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 9, tzinfo=BERLIN)
FRIDAY_AFTERNOON = datetime(2026, 11, 27, 14, tzinfo=BERLIN)


def call(at: datetime, request_type: str | None = "rent", call_id: str = "c1") -> PastCall:
    return PastCall(call_id, at, request_type)


def changed(text: str, *replacements: tuple[str, str]) -> HotlineConfig:
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return parse(text, "draft")


CLOSURE = "  closures:\n"
FRIDAY = CLOSURE + '    - {from: 2026-11-27, hours: "12:00-18:00", reason: Ausflug}\n'
ANNOUNCED = "every_year: true, reason: Heiligabend"
WOHNEN = "skills: [allgemein, stammdaten, wohnen], "
RENT = "Mietkosten: Anna Ahrens, Ben Brinkmann, David Demir, Elif Ebeling"
CASES = [
    # (what stands there, what is written instead, when, request type, kind, before, after)
    (CLOSURE, FRIDAY, FRIDAY_AFTERNOON, "rent", "jetzt geschlossen", RENT, "geschlossen (Schließzeit: Ausflug)"),
    (CLOSURE, FRIDAY, FRIDAY_AFTERNOON, None, "jetzt geschlossen", "geöffnet", "geschlossen (Schließzeit: Ausflug)"),
    (CLOSURE, FRIDAY, MONDAY, "rent", None, "", ""),
    (
        'monday: ["08:00-18:00"]',
        'monday: ["08:00-09:00"]',
        MONDAY,
        "rent",
        "jetzt geschlossen",
        RENT,
        "geschlossen (außerhalb der Öffnungszeiten)",
    ),
    ('monday: ["08:00-18:00"]', 'monday: ["08:00-09:00"]', MONDAY - timedelta(seconds=1), "rent", None, "", ""),
    (
        'friday: ["08:00-18:00"]',
        'friday: ["08:00-18:00"]\n    saturday: ["08:00-12:00"]',
        datetime(2026, 11, 28, 9, tzinfo=BERLIN),
        "rent",
        "jetzt geöffnet",
        "geschlossen (Wochenende)",
        RENT,
    ),
    (
        "subdivision: NI",
        "subdivision: BY",
        datetime(2026, 6, 4, 9, tzinfo=BERLIN),
        None,
        "jetzt geschlossen",
        "geöffnet",
        "geschlossen (Feiertag: Fronleichnam)",
    ),
    (
        ANNOUNCED,
        ANNOUNCED + ", announcement: Frohe Feiertage.",
        datetime(2025, 12, 24, 9, tzinfo=BERLIN),
        None,
        "geschlossen, aber mit anderer Ansage",
        "geschlossen (Schließzeit: Heiligabend)",
        "geschlossen (Schließzeit: Heiligabend)",
    ),
    (ANNOUNCED, "every_year: true, reason: Betriebsruhe", datetime(2025, 12, 24, 9, tzinfo=BERLIN), None, None, "", ""),
    (
        WOHNEN,
        "skills: [allgemein, stammdaten], ",
        MONDAY,
        "rent",
        "andere Personen",
        RENT,
        "Mietkosten: Anna Ahrens, David Demir, Elif Ebeling",
    ),
    (
        WOHNEN,
        "skills: [allgemein, stammdaten], second_choice: [wohnen], ",
        MONDAY,
        "rent",
        "dieselben Personen, andere Wahl",
        RENT,
        "Mietkosten: Anna Ahrens, David Demir, Elif Ebeling; zweite Wahl: Ben Brinkmann",
    ),
    (WOHNEN, "skills: [allgemein, stammdaten], second_choice: [wohnen], ", MONDAY, "income", None, "", ""),
    ('press: "4"', 'press: "8"', MONDAY, "rent", None, "", ""),
    ("label: Mietkosten", "label: Miete", MONDAY, "rent", None, "", ""),
]


@pytest.mark.parametrize(("old", "new", "at", "request_type", "kind", "before", "after"), CASES)
def test_one_call_under_a_draft(
    shipped_text: str,
    old: str,
    new: str,
    at: datetime,
    request_type: str | None,
    kind: str | None,
    before: str,
    after: str,
) -> None:
    draft = changed(shipped_text, (old, new))
    told = replay([call(at, request_type)], parse(shipped_text, "active"), draft, SINCE)
    assert (told.since, told.calls, told.elsewhere) == (SINCE, 1, 0 if kind is None else 1)
    assert told.kinds == (() if kind is None else ((kind, 1),))
    assert [(moved.before, moved.after) for moved in told.moved] == ([] if kind is None else [(before, after)])


def test_a_type_that_is_gone_or_new(shipped_text: str, config: HotlineConfig) -> None:
    renamed = [
        ("key: rent\n", "key: flat\n"),
        ("types: [move, rent]", "types: [move]"),
        ("      rent: ", "      flat: "),
    ]
    other, none = changed(shipped_text, *renamed), "geöffnet, aber kein Anliegen „{}“"
    gone = replay([call(MONDAY), call(MONDAY, "gone_long_ago")], config, other, SINCE)
    assert [(moved.before, moved.after) for moved in gone.moved] == [(RENT, none.format("rent"))]
    assert gone.kinds == (("Anliegen gibt es nicht mehr", 1),)
    new = replay([call(MONDAY, "flat")], config, other, SINCE)
    assert [(moved.before, moved.after) for moved in new.moved] == [(none.format("flat"), RENT)]
    assert new.kinds == (("Anliegen gibt es jetzt", 1),)


def test_nobody_is_left_for_a_type(config: HotlineConfig) -> None:
    """A draft that has not been checked yet."""
    nobody = [agent.model_copy(update={"skills": ["allgemein"]}) for agent in config.agents]
    told = replay([call(MONDAY)], config, config.model_copy(update={"agents": nobody}), SINCE)
    assert told.kinds == (("niemand kann es annehmen", 1),)
    assert told.moved[0].after == "Mietkosten: niemand"


def test_a_time_without_zone_is_refused(config: HotlineConfig) -> None:
    with pytest.raises(ValueError, match="zone"):
        replay([call(datetime.fromisoformat("2026-11-23T09:00"))], config, config, SINCE)


def test_the_newest_are_shown_and_all_are_counted(shipped_text: str, config: HotlineConfig) -> None:
    draft = changed(shipped_text, ('monday: ["08:00-18:00"]', "monday: []"))
    calls = [call(MONDAY + timedelta(seconds=n), None, f"c{n}") for n in range(MOST_SHOWN + 50)]
    told = replay(calls, config, draft, SINCE)
    assert (told.calls, told.elsewhere, len(told.moved)) == (MOST_SHOWN + 50, MOST_SHOWN + 50, MOST_SHOWN)
    assert [moved.call_id for moved in told.moved[:2]] == [f"c{MOST_SHOWN + 49}", f"c{MOST_SHOWN + 48}"]


def test_kinds_come_in_the_order_of_their_numbers(shipped_text: str, config: HotlineConfig) -> None:
    draft = changed(
        shipped_text, ('monday: ["08:00-18:00"]', "monday: []"), (WOHNEN, "skills: [allgemein, stammdaten], ")
    )
    tuesday = MONDAY + timedelta(days=1)
    told = replay([call(MONDAY), call(tuesday), call(tuesday, "move", "c3")], config, draft, SINCE)
    assert told.kinds == (("andere Personen", 2), ("jetzt geschlossen", 1))


def test_the_same_configuration_moves_nothing(config: HotlineConfig) -> None:
    calls = [call(SINCE + timedelta(hours=n), kind) for n, kind in enumerate(["rent", None, "unclear", "nothing"] * 50)]
    assert replay(calls, config, config, SINCE) == Replay(SINCE, 200, 0, (), ())


def test_a_hundred_thousand_calls_ask_the_calendar_only_for_pieces_of_days(
    shipped_text: str, config: HotlineConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    opening = Calendar.opening

    def counting(self: Calendar, at: datetime) -> Any:
        nonlocal asked
        asked += 1
        return opening(self, at)

    monkeypatch.setattr(Calendar, "opening", counting)
    draft = changed(shipped_text, (CLOSURE, FRIDAY))
    kinds = ["rent", "move", None, "income"]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    calls = (call(start + timedelta(minutes=5 * n), kinds[n % 4], f"c{n}") for n in range(100_000))
    told = replay(calls, config, draft, SINCE)
    assert told.calls == 100_000
    assert told.elsewhere == 12 * 6  # each five minutes of that Friday afternoon
    assert asked < 366 * (3 + 4)


EDGES = [
    ("monday", '"01:00-02:30", "02:45-05:00"'),
    ("sunday", '"00:00-02:30", "03:15-23:59:59"'),
]
moments = st.datetimes(datetime(2026, 3, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=300)
@given(at=moments, nearby=st.timedeltas(timedelta(hours=-3), timedelta(hours=3)))
def test_pieces_of_days_say_what_the_calendar_says(night: HotlineConfig, at: datetime, nearby: timedelta) -> None:
    days, calendar = _Days(night), Calendar(night)
    for moment in (at, at + nearby, at.replace(month=3, day=29, hour=1), at.replace(month=10, day=25, hour=1)):
        found, wanted = days.opening(moment), calendar.opening(moment)
        assert (found.open, found.reason, found.holiday, found.closure) == (
            wanted.open,
            wanted.reason,
            wanted.holiday,
            wanted.closure,
        )


@pytest.fixture(scope="module")
def night(shipped_text: str) -> HotlineConfig:
    """Open across both clock changes, with closures of parts of days."""
    text = shipped_text.replace('monday: ["08:00-18:00"]', f"monday: [{EDGES[0][1]}]\n    sunday: [{EDGES[1][1]}]")
    parts = '    - {from: 2026-03-01, to: 2026-12-30, hours: "02:15-02:50", reason: Wartung}\n'
    return parse(text.replace(CLOSURE, CLOSURE + parts), "night")
