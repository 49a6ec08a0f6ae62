"""The calendar in the dialplan says the same as the service's own, to the second, and never turns away by ignorance."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from config.schema import WEEKDAYS, HotlineConfig
from dialplan import opening
from dialplan.opening import DAYS, DAYS_BEFORE, NEVER, calendar_context, look_up
from routing.hours import Calendar
from tests.unit.test_render import FACTS, shipped

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""The next 400 days hold both changes of daylight saving, one of them twice."""
SECOND = timedelta(seconds=1)


class Dialplan:
    """As Asterisk executes it: the extension of the UTC day, else the pattern; then the expression of `Return`."""

    def __init__(self, text: str) -> None:
        lines = re.findall(r"^exten => (\w+),1,Return\(\$\[(.*)\]\)$", text, re.M)
        assert len(lines) == text.count("exten =>")
        self.days = dict(lines)

    def closes(self, moment: int) -> int:
        """What GOSUB_RETVAL is afterwards."""
        day = datetime.fromtimestamp(moment, UTC).strftime("%Y%m%d")
        expression = self.days.get(day, self.days["_XXXXXXXX"])
        assert re.fullmatch(r"(?:\$\{ARG1\}|[0-9]+|[()&|+*<>=]| )+", expression)
        python = expression.replace("${ARG1}", str(moment)).replace("&", "and").replace("|", "or")
        return int(eval(python))  # noqa: S307 - nothing but numbers and operators, see above


def rendered(config: HotlineConfig, now: datetime = NOW, offset: int = 0) -> Dialplan:
    return Dialplan(calendar_context(config, replace(FACTS, now=now, clock_offset=offset)))


def with_hours(week: dict[str, list[dict[str, Any]]], closures: list[dict[str, Any]]) -> HotlineConfig:
    raw = shipped().model_dump(by_alias=True)
    raw["hours"] |= {"week": week, "closures": closures}
    return HotlineConfig.model_validate(raw)


def agree(calendar: Calendar, dialplan: Dialplan, moment: datetime) -> None:
    real = calendar.opening(moment)
    expected = int(real.closes_at.timestamp()) if real.closes_at else 0
    assert dialplan.closes(int(moment.timestamp())) == expected, moment


# --- the shipped hours -----------------------------------------------------------------------------


def test_every_edge_of_400_days_is_on_the_second() -> None:
    """Holidays, closures and both changes of daylight saving included."""
    config = shipped()
    calendar, dialplan = Calendar(config), rendered(config)
    spans = list(calendar.openings(NOW, NOW + DAYS * timedelta(days=1)))
    assert 265 < len(spans) < 285
    assert {(start.hour, end.hour) for start, end in spans} == {(6, 16), (7, 17)}
    for edge in (moment for span in spans for moment in span):
        for moment in (edge - SECOND, edge, edge + SECOND):
            agree(calendar, dialplan, moment)


@pytest.mark.parametrize(
    "local",
    [
        "2026-03-29T02:30",
        "2026-10-25T02:30",
        "2026-04-03T12:00",
        "2026-10-31T12:00",
        "2026-12-24T12:00",
        "2027-01-01T12:00",
    ],
)
def test_day_of_a_clock_change_a_holiday_or_a_closure(local: str) -> None:
    config = shipped()
    around = datetime.fromisoformat(local).replace(tzinfo=UTC)
    calendar, dialplan = Calendar(config), rendered(config)
    for minutes in range(-24 * 60, 24 * 60, 7):
        agree(calendar, dialplan, around + timedelta(minutes=minutes))


@given(seconds=st.integers(0, DAYS * 86_400))
def test_any_moment_of_400_days(seconds: int) -> None:
    agree(CALENDAR, DIALPLAN, NOW + timedelta(seconds=seconds))


CALENDAR, DIALPLAN = Calendar(shipped()), rendered(shipped())


# --- any hours -------------------------------------------------------------------------------------

clock_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]), st.sampled_from([0, 30, 59]))


@st.composite
def intervals(draw: Callable[[Any], Any]) -> dict[str, str]:
    start, end = sorted(draw(st.tuples(clock_times, clock_times)))
    assume(start < end)
    return {"start": start.isoformat(), "end": end.isoformat()}


@st.composite
def closures(draw: Callable[[Any], Any]) -> dict[str, Any]:
    first = NOW.date() + timedelta(days=draw(st.integers(0, DAYS)))
    last = first + timedelta(days=draw(st.integers(0, 10)))
    hours = draw(st.none() | intervals())
    return {"from": first, "to": last, "hours": hours, "every_year": draw(st.booleans()), "reason": "zu"}


@settings(max_examples=50)  # each renders 400 days
@given(
    week=st.dictionaries(st.sampled_from(WEEKDAYS), st.lists(intervals(), max_size=3)),
    closed=st.lists(closures(), max_size=4),
    days=st.lists(st.integers(0, DAYS - 1), min_size=1, max_size=20),
)
def test_any_week_with_any_closures_at_every_edge(
    week: dict[str, list[dict[str, Any]]], closed: list[dict[str, Any]], days: list[int]
) -> None:
    config = with_hours(week, closed)
    calendar, dialplan = Calendar(config), rendered(config)
    for day in days:
        begins = NOW + timedelta(days=day)
        agree(calendar, dialplan, begins)
        for span in calendar.openings(begins, begins + timedelta(days=1)):
            for edge in span:
                for moment in (edge - SECOND, edge, edge + SECOND):
                    agree(calendar, dialplan, moment)


def test_hours_around_the_clock_are_cut_at_midnight_utc_and_close_when_they_really_do() -> None:
    config = with_hours({day: [{"start": "00:00", "end": "23:59:59"}] for day in WEEKDAYS}, [])
    calendar, dialplan = Calendar(config), rendered(config)
    for minutes in range(0, 3 * 24 * 60, 11):
        agree(calendar, dialplan, NOW + timedelta(minutes=minutes))


# --- its limits ------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-DAYS_BEFORE - 1, DAYS + 2, 3000])
def test_outside_of_what_was_rendered_a_caller_is_put_through(days: int) -> None:
    moment = int((NOW + timedelta(days=days)).timestamp())
    assert rendered(shipped()).closes(moment) == NEVER


def test_machine_whose_clock_starts_in_1970_puts_callers_through() -> None:
    assert rendered(shipped()).closes(100) == NEVER


def test_last_day_is_known() -> None:
    config = shipped()
    calendar, dialplan = Calendar(config), rendered(config)
    agree(calendar, dialplan, NOW + timedelta(days=DAYS))
    agree(calendar, dialplan, NOW - timedelta(days=DAYS_BEFORE))


def test_moved_business_time_has_its_own_400_days() -> None:
    config, years = shipped(), 5 * 365 * 86_400
    calendar, dialplan = Calendar(config), rendered(config, offset=years)
    for minutes in range(0, 3 * 24 * 60, 11):
        agree(calendar, dialplan, NOW + timedelta(seconds=years, minutes=minutes))
    assert dialplan.closes(int(NOW.timestamp())) == NEVER


def test_day_is_asked_in_utc_whatever_zone_the_machine_is_in() -> None:
    asked = look_up("${HL_AT}")
    assert asked == "Gosub(hotline-calendar,${STRFTIME(${HL_AT},UTC,%Y%m%d)},1(${HL_AT}))"
    assert opening.CONTEXT in calendar_context(shipped(), FACTS)
