"""Matching is fair: the longest waiting, the longest idle, nobody twice, nobody left waiting beside a free agent."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from routing.line import Line
from routing.matcher import FreeAgent, Match, match, rank

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SKILLS = ("address", "rent", "income")


def agent(name: str, skills: str, idle_from: float = 0) -> FreeAgent:
    return FreeAgent(name, frozenset(skills.split()), NINE + timedelta(seconds=idle_from))


def line_of(*callers: tuple[str, str, float]) -> Line:
    line = Line()
    for call_id, skill, seconds in callers:
        line.join(call_id, skill, NINE + timedelta(seconds=seconds))
    return line


def test_the_longest_waiting_caller_gets_the_agent_idle_longest() -> None:
    line = line_of(("late", "rent", 20), ("early", "rent", 10))
    assert match(line, [agent("anna", "rent", 5), agent("ben", "rent", 1)]) == [
        Match("early", "ben"),
        Match("late", "anna"),
    ]


def test_of_agents_idle_equally_long_the_name_decides() -> None:
    assert match(line_of(("a", "rent", 0)), [agent("ben", "rent"), agent("anna", "rent")]) == [Match("a", "anna")]


def test_a_caller_whom_nobody_can_serve_does_not_hold_up_those_behind() -> None:
    line = line_of(("a", "income", 1), ("b", "rent", 2))
    assert match(line, [agent("anna", "rent")]) == [Match("b", "anna")]


def test_two_callers_and_one_agent_make_one_match() -> None:
    assert match(line_of(("a", "rent", 1), ("b", "address", 2)), [agent("anna", "rent address")]) == [
        Match("a", "anna")
    ]


def test_without_callers_or_agents_there_is_nothing_to_match() -> None:
    assert match(Line(), [agent("anna", "rent")]) == []
    assert match(line_of(("a", "rent", 1)), []) == []


def test_the_line_is_left_as_it_was() -> None:
    line = line_of(("a", "rent", 1))
    match(line, [agent("anna", "rent")])
    assert "a" in line


def test_agents_are_ranked_by_idle_time_then_name() -> None:
    agents = [agent("carla", "rent", 9), agent("ben", "rent"), agent("anna", "rent"), agent("elif", "income")]
    assert rank("rent", agents) == ["anna", "ben", "carla"]
    assert rank("address", agents) == []


callers = st.lists(st.tuples(st.sampled_from(SKILLS), st.integers(0, 9), st.booleans()), max_size=12)
agents = st.lists(st.tuples(st.sets(st.sampled_from(SKILLS), min_size=1), st.integers(0, 5)), max_size=8)


def situation(callers: list[tuple[str, int, bool]], agents: list[tuple[set[str], int]]) -> tuple[Line, list[FreeAgent]]:
    line = Line()
    for number, (skill, seconds, front) in enumerate(callers):
        line.join(f"call{number}", skill, NINE + timedelta(seconds=seconds), front)
    return line, [agent(f"agent{number}", " ".join(skills), idle) for number, (skills, idle) in enumerate(agents)]


@given(callers, agents)
def test_no_call_and_no_agent_is_matched_twice_and_skills_fit(
    callers: list[tuple[str, int, bool]], agents: list[tuple[set[str], int]]
) -> None:
    line, free = situation(callers, agents)
    matches = match(line, free)
    assert len({one.call_id for one in matches}) == len({one.agent for one in matches}) == len(matches)
    skills = {one.name: one.skills for one in free}
    wanted = {one.call_id: one.skill for one in line.waiting()}
    assert all(wanted[one.call_id] in skills[one.agent] for one in matches)


@given(callers, agents)
def test_nobody_waits_while_a_free_agent_has_the_skill(
    callers: list[tuple[str, int, bool]], agents: list[tuple[set[str], int]]
) -> None:
    line, free = situation(callers, agents)
    matches = match(line, free)
    taken = {one.agent for one in matches}
    left_skills = {skill for one in free if one.name not in taken for skill in one.skills}
    matched = {one.call_id for one in matches}
    assert not [one for one in line.waiting() if one.call_id not in matched and one.skill in left_skills]


@given(callers, agents)
def test_matches_are_what_asking_one_caller_after_the_other_gives(
    callers: list[tuple[str, int, bool]], agents: list[tuple[set[str], int]]
) -> None:
    line, free = situation(callers, agents)
    expected, remaining = [], list(free)
    for caller in line.waiting():
        if ranked := rank(caller.skill, remaining):
            expected.append(Match(caller.call_id, ranked[0]))
            remaining = [one for one in remaining if one.name != ranked[0]]
    assert match(line, free) == expected
