"""The line keeps everybody's place, through leaving, coming back and changing the request."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from routing.line import Line

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


def test_the_first_is_the_longest_waiting_of_those_whom_the_skills_can_serve() -> None:
    line = line_of(("a", "x", 1), ("b", "y", 2), ("c", "x", 3))
    found = [line.first({"x", "y"}), line.first({"y"}), line.first({"x", "y"}, skip={"a", "b"}), line.first({"z"})]
    assert [waiting.call_id if waiting else None for waiting in found] == ["a", "b", "c", None]


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
            first = self.line.first({skill})
            assert (first.call_id if first else None) == (same[0] if same else None)
        assert {*self.line.skills()} == {entry[3] for entry in self.model.values()}


TestLineAgainstAList = LineAgainstAList.TestCase
TestLineAgainstAList.settings = settings(max_examples=60, stateful_step_count=25)
