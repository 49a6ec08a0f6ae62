"""Matching is fair: the longest waiting, the longest idle, nobody twice, nobody left waiting beside a free agent."""

from datetime import UTC, datetime, timedelta

from routing.line import Line, Preferred
from routing.matcher import FreeAgent, Idle, Match, Why, match, next_change, rank

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NOW = NINE + timedelta(seconds=60)


def at(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def agent(name: str, skills: str, idle_from: float = 0, second: str = "") -> FreeAgent:
    return FreeAgent(name, frozenset(skills.split()), at(idle_from), frozenset(second.split()))


def line_of(*callers: tuple[str, str, float]) -> Line:
    line = Line()
    for call_id, skill, seconds in callers:
        line.join(call_id, skill, at(seconds))
    return line


def first(call_id: str, agent: str) -> Match:
    return Match(call_id, agent, Why.FIRST_CHOICE)


def test_the_longest_waiting_caller_gets_the_agent_idle_longest() -> None:
    line = line_of(("late", "rent", 20), ("early", "rent", 10))
    assert match(line, [agent("anna", "rent", 5), agent("ben", "rent", 1)], NOW) == [
        first("early", "ben"),
        first("late", "anna"),
    ]


def test_of_agents_idle_equally_long_the_name_decides() -> None:
    assert match(line_of(("a", "rent", 0)), [agent("ben", "rent"), agent("anna", "rent")], NOW) == [first("a", "anna")]


def test_a_caller_whom_nobody_can_serve_does_not_hold_up_those_behind() -> None:
    line = line_of(("a", "income", 1), ("b", "rent", 2))
    assert match(line, [agent("anna", "rent")], NOW) == [first("b", "anna")]


def test_two_callers_and_one_agent_make_one_match() -> None:
    assert match(line_of(("a", "rent", 1), ("b", "address", 2)), [agent("anna", "rent address")], NOW) == [
        first("a", "anna")
    ]


def test_without_callers_or_agents_there_is_nothing_to_match() -> None:
    assert match(Line(), [agent("anna", "rent")], NOW) == []
    assert match(line_of(("a", "rent", 1)), [], NOW) == []


def test_the_line_is_left_as_it_was() -> None:
    line = line_of(("a", "rent", 1))
    match(line, [agent("anna", "rent")], NOW)
    assert "a" in line


def test_agents_are_ranked_by_idle_time_then_name() -> None:
    agents = [agent("carla", "rent", 9), agent("ben", "rent"), agent("anna", "rent"), agent("elif", "income")]
    assert rank("rent", agents) == ["anna", "ben", "carla"]
    assert rank("address", agents) == []


def test_first_choice_is_ranked_before_second() -> None:
    agents = [agent("anna", "income", 1, second="rent"), agent("ben", "rent", 9), agent("carla", "rent", 9, "rent")]
    assert rank("rent", agents) == ["ben", "carla", "anna"]


# --- second choice ---------------------------------------------------------------------------------


def waits_for_second(second_at: datetime | None) -> Line:
    line = Line()
    line.join("a", "rent", at(0), second_at=second_at)
    return line


def test_second_choice_agents_get_a_caller_from_the_time_on_and_not_before() -> None:
    line, agents = waits_for_second(at(30)), [agent("anna", "income", second="rent")]
    assert match(line, agents, at(29.999)) == []
    assert match(line, agents, at(30)) == [Match("a", "anna", Why.SECOND_CHOICE)]


def test_without_a_time_second_choice_agents_never_get_a_caller() -> None:
    line, agents = waits_for_second(None), [agent("anna", "income", second="rent")]
    assert (match(line, agents, at(9999)), next_change(line, at(9999))) == ([], None)


def test_a_first_choice_agent_is_better_than_a_second_choice_agent_idle_longer() -> None:
    agents = [agent("anna", "income", 0, second="rent"), agent("ben", "rent", 50)]
    assert match(waits_for_second(at(30)), agents, at(60)) == [first("a", "ben")]


def test_a_second_choice_agent_gets_those_behind_whom_they_may_serve_already() -> None:
    line = waits_for_second(at(30))
    line.join("b", "income", at(20))
    assert match(line, [agent("anna", "income", second="rent")], at(25)) == [first("b", "anna")]
    assert match(line, [agent("anna", "income", second="rent")], at(30)) == [Match("a", "anna", Why.SECOND_CHOICE)]


def test_when_first_choice_agents_run_out_those_behind_get_second_choice_agents() -> None:
    line = Line()
    for number, call_id in enumerate("abc"):
        line.join(call_id, "rent", at(number), second_at=at(10))
    agents = [agent("anna", "income", 1, "rent"), agent("ben", "rent", 2), agent("carla", "rent", 3)]
    assert match(line, agents, at(10)) == [
        first("a", "ben"),
        first("b", "carla"),
        Match("c", "anna", Why.SECOND_CHOICE),
    ]


# --- the same agent as last time -------------------------------------------------------------------


def held_for(agent: str, until: float, *others: tuple[str, str, float]) -> Line:
    line = line_of(*others)
    line.join("a", "rent", at(10), preferred=Preferred(agent, at(until)))
    return line


def test_a_caller_gets_the_agent_of_last_time_before_one_who_is_idle_longer() -> None:
    agents = [agent("ben", "rent", 0), agent("anna", "rent", 9)]
    assert match(held_for("anna", 30), agents, at(11)) == [Match("a", "anna", Why.SAME_AGENT)]


def test_the_agent_of_last_time_may_be_a_second_choice_agent_and_at_once() -> None:
    agents = [agent("ben", "rent"), agent("anna", "income", second="rent")]
    assert match(held_for("anna", 30), agents, at(11)) == [Match("a", "anna", Why.SAME_AGENT)]


def test_the_agent_of_last_time_without_the_skill_does_not_get_the_caller() -> None:
    line, agents = held_for("anna", 30), [agent("anna", "income")]
    assert [match(line, agents, at(11)), match(line, agents, at(40))] == [[], []]


def test_others_get_a_held_caller_from_the_bound_on_and_not_before() -> None:
    line, agents = held_for("anna", 30), [agent("ben", "rent")]
    assert (match(line, agents, at(29.999)), next_change(line, at(29.999))) == ([], at(30))
    assert (match(line, agents, at(30)), next_change(line, at(30))) == ([first("a", "ben")], None)


def test_after_the_bound_the_agent_of_last_time_is_still_the_first_to_be_asked() -> None:
    agents = [agent("ben", "rent", 0), agent("anna", "rent", 9)]
    assert match(held_for("anna", 10), agents, at(99)) == [Match("a", "anna", Why.SAME_AGENT)]


def test_those_behind_a_held_caller_are_served_meanwhile() -> None:
    line = held_for("anna", 30, ("b", "rent", 20))
    assert match(line, [agent("ben", "rent")], at(21)) == [first("b", "ben")]


def test_a_held_caller_holds_no_agent_back() -> None:
    line = held_for("anna", 30, ("before", "rent", 5), ("behind", "rent", 20))
    assert match(line, [agent("anna", "rent")], at(21)) == [first("before", "anna")]


def test_of_two_who_are_held_for_one_agent_the_longer_waiting_gets_this_agent_and_the_other_stays_held() -> None:
    line = held_for("anna", 30)
    line.join("b", "rent", at(11), preferred=Preferred("anna", at(31)))
    assert match(line, [agent("ben", "rent"), agent("anna", "rent")], at(12)) == [Match("a", "anna", Why.SAME_AGENT)]


def test_when_the_agent_of_last_time_goes_away_the_caller_is_for_anybody() -> None:
    line = held_for("anna", 30)
    line.release("anna")
    assert match(line, [agent("ben", "rent")], at(11)) == [first("a", "ben")]


def test_a_held_caller_meets_second_choice_agents_when_the_hold_is_over() -> None:
    line, agents = Line(), [agent("ben", "income", second="rent")]
    line.join("a", "rent", at(0), preferred=Preferred("anna", at(40)), second_at=at(30))
    assert [match(line, agents, at(35)), next_change(line, at(35))] == [[], at(40)]
    assert match(line, agents, at(40)) == [Match("a", "ben", Why.SECOND_CHOICE)]


# --- the agents kept up from event to event ----------------------------------------------------------


def test_idle_agents_are_kept_in_order_by_skill() -> None:
    idle = Idle([agent("carla", "rent", 9), agent("ben", "rent"), agent("anna", "rent", second="rent income")])
    assert ([*idle.first("rent")], [*idle.second("rent")], [*idle.second("income")]) == (
        ["anna", "ben", "carla"],
        [],
        ["anna"],
    )
    assert ("anna" in idle, idle["anna"].name, len(idle)) == (True, "anna", 3)


def test_who_becomes_free_again_stands_last_and_with_the_new_skills() -> None:
    idle = Idle([agent("anna", "rent", 0), agent("ben", "rent", 1)])
    idle.add(agent("anna", "rent income", 2))
    idle.add(agent("anna", "rent income", 2))
    assert ([*idle.first("rent")], [*idle.first("income")]) == (["ben", "anna"], ["anna"])
    assert [idle.remove("anna"), idle.remove("anna"), [*idle.first_skills]] == [True, False, ["rent"]]


def test_kept_agents_are_matched_as_named_ones_are() -> None:
    idle = Idle([agent("anna", "rent", 5), agent("ben", "rent", 1)])
    assert match(line_of(("a", "rent", 1)), idle, NOW) == [first("a", "ben")]
    assert len(idle) == 2
