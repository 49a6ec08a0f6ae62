"""The line keeps everybody's place, through leaving, coming back and changing the request."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from routing.line import Line, Preferred, Queues

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def line_of(*callers: tuple[str, str, float]) -> Line:
    line = Line()
    for call_id, skill, seconds in callers:
        line.join(call_id, skill, at(seconds))
    return line


def order(line: Line) -> list[str]:
    return [waiting.call_id for waiting in line.waiting()]


def may_serve(queues: Queues, skill: str) -> list[str]:
    return [waiting.call_id for waiting in queues.queue(skill)]


def test_the_longest_waiting_stands_first() -> None:
    assert order(line_of(("b", "x", 2), ("a", "y", 1), ("c", "x", 3))) == ["a", "b", "c"]


def test_who_came_at_the_same_moment_stands_in_the_order_of_joining() -> None:
    assert order(line_of(("b", "x", 1), ("a", "y", 1))) == ["b", "a"]


def test_joining_again_with_the_original_time_restores_the_place() -> None:
    line = line_of(("a", "x", 1), ("b", "x", 2), ("c", "x", 3))
    assert line.leave("b")
    line.join("b", "x", at(2))
    assert order(line) == ["a", "b", "c"]


def test_the_front_is_before_everybody_and_the_longest_waiting_first_within_it() -> None:
    line = line_of(("a", "x", 1), ("b", "x", 2))
    line.join("late", "x", at(9), front=True)
    line.join("later", "y", at(10), front=True)
    assert order(line) == ["late", "later", "a", "b"]


def test_nobody_stands_in_line_twice() -> None:
    line = line_of(("a", "x", 1), ("b", "x", 2), ("a", "y", 3))
    assert (order(line), len(line)) == (["b", "a"], 2)


def test_leaving_says_whether_the_call_was_there() -> None:
    line = line_of(("a", "x", 1))
    assert [line.leave("a"), line.leave("a"), "a" in line, len(line)] == [True, False, False, 0]


def test_a_changed_request_keeps_the_place() -> None:
    line = line_of(("a", "x", 1), ("b", "x", 2), ("c", "y", 3))
    line.change_skill("b", "y")
    assert order(line) == ["a", "b", "c"]
    assert [line.position("b"), line.position("c")] == [1, 2]


def test_position_counts_those_with_the_same_skill_or_the_skills_asked_for() -> None:
    line = line_of(("a", "x", 1), ("b", "y", 2), ("c", "x", 3), ("d", "z", 4))
    assert [line.position("c"), line.position("c", {"x", "y"}), line.position("d", {"x", "y", "z"})] == [2, 3, 4]
    assert line.position("d", {"nobody"}) == 1


def test_who_is_not_in_line_has_no_position() -> None:
    line = line_of(("a", "x", 1))
    with pytest.raises(KeyError):
        line.position("b")
    with pytest.raises(KeyError):
        line.change_skill("b", "x")


def test_somebody_has_waited_since_the_longest_waiting_joined_whoever_came_back_to_the_front() -> None:
    line = line_of(("a", "x", 3), ("b", "y", 2), ("c", "z", 1))
    line.join("back", "x", at(0), front=True)
    assert [line.waiting_since({"x", "y"}), line.waiting_since({"x"}), line.waiting_since({"w"})] == [
        at(2),
        at(3),
        None,
    ]


# --- what time changes -----------------------------------------------------------------------------


def test_who_prefers_nobody_may_be_served_by_anybody_at_once() -> None:
    line = line_of(("a", "x", 1))
    assert (may_serve(line.open, "x"), line.advance(at(1)), line.asked_agents) == (["a"], None, frozenset())


def test_who_is_held_is_for_anybody_from_the_bound_on_and_not_before() -> None:
    line = Line()
    line.join("a", "x", at(1), preferred=Preferred("anna", at(21)))
    assert (line.advance(at(20)), may_serve(line.open, "x")) == (at(21), [])
    assert (line.advance(at(21)), may_serve(line.open, "x")) == (None, ["a"])
    assert [one.call_id for one in line.asking["x"].queue("anna")] == ["a"]


def test_second_choice_begins_at_its_time_but_not_while_a_caller_is_held() -> None:
    line = Line()
    line.join("a", "x", at(1), second_at=at(31))
    line.join("b", "x", at(2), preferred=Preferred("anna", at(50)), second_at=at(32))
    line.join("c", "x", at(3), preferred=Preferred("anna", at(40)), second_at=at(60))
    found = [(line.advance(at(now)), may_serve(line.late, "x")) for now in (30, 31, 32, 40, 50, 60)]
    assert found == [
        (at(31), []),
        (at(40), ["a"]),
        (at(40), ["a"]),
        (at(50), ["a"]),
        (at(60), ["a", "b"]),
        (None, ["a", "b", "c"]),
    ]


def test_a_hold_and_second_choice_may_end_in_the_same_moment() -> None:
    line, moment = Line(), at(20)
    line.join("a", "x", at(1), preferred=Preferred("anna", moment), second_at=moment)
    assert line.advance(moment) is None
    assert (may_serve(line.open, "x"), may_serve(line.late, "x")) == (["a"], ["a"])


def test_when_the_agent_goes_away_those_who_are_held_are_for_anybody_and_keep_their_places() -> None:
    line = line_of(("b", "x", 2))
    line.join("a", "x", at(1), preferred=Preferred("anna", at(21)), second_at=at(31))
    line.join("c", "x", at(3), preferred=Preferred("ben", at(23)))
    line.release("anna")
    line.release("nobody")
    assert (may_serve(line.open, "x"), order(line)) == (["a", "b"], ["a", "b", "c"])
    assert (line["a"].preferred, line["a"].held_until, line.advance(at(3))) == ("anna", None, at(23))


def test_who_has_left_changes_nothing_any_more() -> None:
    line = Line()
    line.join("a", "x", at(1), preferred=Preferred("anna", at(21)), second_at=at(31))
    line.leave("a")
    assert (line.advance(at(2)), line.asked_agents) == (None, frozenset())
    line.join("a", "x", at(1), second_at=at(41))
    assert (line.advance(at(2)), line.advance(at(41)), may_serve(line.late, "x")) == (at(41), None, ["a"])


def test_a_changed_request_keeps_hold_and_second_choice() -> None:
    line, until = Line(), at(21)
    line.join("a", "x", at(1), preferred=Preferred("anna", until), second_at=at(31))
    line.change_skill("a", "y")
    line.change_skill("a", "x")
    assert (line.advance(at(2)), line.advance(until), line.advance(at(31))) == (until, at(31), None)
    assert (may_serve(line.open, "x"), may_serve(line.late, "x"), may_serve(line.late, "y")) == (["a"], ["a"], [])


def test_when_business_time_jumps_everybody_is_held_as_long_as_before() -> None:
    line = line_of(("b", "x", 0))
    line.join("a", "x", at(1), preferred=Preferred("anna", at(21)), second_at=at(31))
    line.shift(timedelta(hours=1))
    assert line["a"] == replace(line["a"], joined_at=at(3601), held_until=at(3621), second_at=at(3631))
    assert (order(line), line.advance(at(3602)), may_serve(line.open, "x")) == (["b", "a"], at(3621), ["b"])


def test_what_callers_who_left_had_ahead_of_them_is_forgotten() -> None:
    line = Line()
    for number in range(1000):
        line.join(f"call{number}", "x", at(number), second_at=at(number + 10_000))
        line.leave(f"call{number}")
    assert len(line._changes) < 100


class LineAgainstAList(RuleBasedStateMachine):
    """Any sequence of joins, departures and changes, compared with a plain sorted list."""

    def __init__(self) -> None:
        super().__init__()
        self.line = Line()
        self.model: dict[str, tuple[bool, datetime, int, str]] = {}
        self.count = 0

    calls = st.sampled_from("abcdefgh")
    skills = st.sampled_from("xyz")

    @rule(call=calls, skill=skills, seconds=st.integers(0, 5), front=st.booleans())
    def join(self, call: str, skill: str, seconds: int, front: bool) -> None:
        self.count += 1
        self.line.join(call, skill, at(seconds), front)
        self.model[call] = (not front, at(seconds), -self.count if front else self.count, skill)

    @rule(call=calls)
    def leave(self, call: str) -> None:
        assert self.line.leave(call) == (self.model.pop(call, None) is not None)

    @rule(call=calls, skill=skills)
    def change(self, call: str, skill: str) -> None:
        if call in self.model:
            self.line.change_skill(call, skill)
            self.model[call] = (*self.model[call][:3], skill)

    @invariant()
    def order_positions_and_first_agree(self) -> None:
        expected = sorted(self.model, key=lambda call: self.model[call][:3])
        assert order(self.line) == expected
        assert len(self.line) == len(expected)
        for skill in "xyz":
            same = [call for call in expected if self.model[call][3] == skill]
            assert [waiting.call_id for waiting in self.line.queue(skill)] == same
            assert [self.line.position(call) for call in same] == list(range(1, len(same) + 1))
        assert {*self.line.skills()} == {entry[3] for entry in self.model.values()}


TestLineAgainstAList = LineAgainstAList.TestCase
TestLineAgainstAList.settings = settings(max_examples=60, stateful_step_count=25)
