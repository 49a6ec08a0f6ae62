"""The configuration's own announcements in the fallback: an emergency's, to the second, and those of closures."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.schema import HotlineConfig
from dialplan import own_words
from dialplan.fallback import CONTEXT
from dialplan.opening import DAYS
from dialplan.own_words import closures_context
from dialplan.render import render
from ivr.prompts import catalogue
from routing.announcing import closure_prompt
from routing.hours import Calendar, Reason
from tests.unit.test_fallback_dialplan import dialplan
from tests.unit.test_render import FACTS, shipped

BERLIN = ZoneInfo("Europe/Berlin")
PROMPTS = FACTS.directories.prompts
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOVING, PARTY = "Wir ziehen um.", "Heute ist Versammlung."
CLOSURES: list[dict[str, Any]] = [
    {"from": "2026-03-27", "to": "2026-03-30", "reason": "Umzug", "announcement": MOVING},
    {"from": "2026-03-30", "hours": "10:00-12:00", "reason": "später", "announcement": PARTY},
    {"from": "2026-05-06", "hours": "13:30-17:00", "reason": "Versammlung", "announcement": PARTY},
    {"from": "2026-06-03", "reason": "ohne Worte"},
    {"from": "2026-06-03", "hours": "08:00-12:00", "reason": "verdeckt", "announcement": PARTY},
    {"from": "2026-12-24", "to": "2027-01-01", "every_year": True, "reason": "Jahreswechsel", "announcement": MOVING},
]


def with_own_words(closures: list[dict[str, Any]] = CLOSURES, until: str | None = None) -> HotlineConfig:
    raw = shipped().model_dump(by_alias=True)
    raw["hours"]["closures"] = closures
    raw["emergency"] = None if until is None else {"text": "In Rinteln ist geschlossen.", "until": until}
    return HotlineConfig.model_validate(raw)


class Closures:
    """As Asterisk executes the context: the extension of the UTC day, else the pattern; the first that fits returns."""

    def __init__(self, text: str) -> None:
        self.days: dict[str, list[str]] = {}
        steps: list[str] = []
        for line in text.splitlines()[1:]:
            step = re.fullmatch(r"(?:exten => (\w+),1| same => n),(.*)", line)
            assert step, line
            steps = self.days.setdefault(step[1], []) if step[1] else steps
            steps.append(step[2])

    def says(self, moment: datetime) -> str:
        for step in self.days.get(moment.astimezone(UTC).strftime("%Y%m%d"), self.days["_XXXXXXXX"]):
            if usual := re.fullmatch(r"Return\((.*)\)", step):
                return usual[1]
            spans = r"ExecIf\(\$\[\$\{ARG1\} >= (\d+) & \$\{ARG1\} < (\d+)\]\?Return\((.*)\)\)"
            inside = re.fullmatch(spans, step)
            assert inside, step
            if int(inside[1]) <= moment.timestamp() < int(inside[2]):
                return inside[3]
        raise AssertionError("no step returned")


def moments() -> Iterator[datetime]:
    """Each edge of the closures and the second before, and some moments of every day that the calendar knows."""
    edges = [
        datetime.combine(day, datetime.min.time(), BERLIN) + timedelta(hours=hours)
        for day in (NOW.astimezone(BERLIN).date() + timedelta(days=count) for count in range(DAYS - 2))
        for hours in (0, 9, 10, 12, 13.5, 17)
    ]
    for edge in edges:
        yield from (edge, edge.astimezone(UTC) - timedelta(seconds=1))


def test_why_we_are_closed_is_said_as_the_service_says_it_to_the_second() -> None:
    config = with_own_words()
    calendar, closures = Calendar(config), Closures(closures_context(config, replace(FACTS, now=NOW)))
    seen = set()
    for moment in moments():
        opening = calendar.opening(moment)
        if not opening.open:
            own = opening.reason is Reason.CLOSURE and opening.announcement is not None
            name = closure_prompt(str(opening.announcement)) if own else "closed_hours"
            assert closures.says(moment) == f"{PROMPTS}/{name}", moment
            seen.add(name)
    assert seen == {"closed_hours", closure_prompt(MOVING), closure_prompt(PARTY)}
    assert seen <= catalogue(config).keys()


def test_moved_business_time_finds_its_days() -> None:
    offset = round((datetime(2026, 5, 6, tzinfo=UTC) - NOW).total_seconds())
    text = closures_context(with_own_words(), replace(FACTS, now=NOW, clock_offset=offset))
    assert Closures(text).says(datetime(2026, 5, 6, 14, tzinfo=BERLIN)).endswith(closure_prompt(PARTY))


@pytest.mark.parametrize("offset", [0, 500, -500])
def test_closed_asks_the_closures_at_business_time_and_plays_what_they_return(offset: int) -> None:
    text = render(with_own_words(), replace(FACTS, clock_offset=offset))["extensions.conf"]
    moment = f"$[${{EPOCH}} + {offset}]"
    assert f"Gosub({own_words.CONTEXT},${{STRFTIME({moment},UTC,%Y%m%d)}},1({moment}))" in text
    assert f"Read(HL_KEY,${{GOSUB_RETVAL}}&{PROMPTS}/callback_offer,1,,1,5)" in text


# --- the emergency ----------------------------------------------------------------------------------


def arriving(until: str | None) -> list[str]:
    places = dialplan(with_own_words(until=until))
    return [application for _, application in places[CONTEXT]["call"]]


def test_emergency_is_heard_first_by_who_is_new_until_its_moment() -> None:
    steps = arriving("2026-11-23T18:00")
    ends = int(datetime(2026, 11, 23, 18, tzinfo=BERLIN).timestamp())
    answered = steps.index("Answer()")
    assert steps[answered + 1 :] == [
        f"ExecIf($[${{HL_NEW}} & ${{EPOCH}} + 0 < {ends}]?Playback({PROMPTS}/emergency))",
        "Goto(hours,1)",
    ]
    assert 'Set(HL_NEW=$["${CALLID}${HL_SINCE}" = ""])' in steps
    assert steps.index('Set(HL_NEW=$["${CALLID}${HL_SINCE}" = ""])') < steps.index(
        "ExecIf(${HL_NEW}?Set(HL_SINCE=${EPOCH}))"
    )


def test_emergency_is_told_in_each_language_that_has_words_for_it() -> None:
    config = with_own_words(until="2026-03-29T12:00")
    english = config.languages[0].model_copy(update={"emergency": "Rinteln is closed."})
    (step,) = own_words.say_emergency(config.model_copy(update={"languages": [english]}), FACTS, "1")
    assert f"Playback({PROMPTS}/emergency&{PROMPTS}/en/emergency)" in step


def test_without_an_emergency_nothing_is_compared() -> None:
    assert not [step for step in arriving(None) if "emergency" in step]
