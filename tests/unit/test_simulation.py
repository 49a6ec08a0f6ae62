"""The simulation as an admin relies on it: every caller reaches an end, and the draft's rules are those that act."""

from dataclasses import replace
from datetime import date, time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.schema import SameAgent, Then
from routing.simulation.model import Member, Patience, Shift, configured, generic
from routing.simulation.results import Outcome
from routing.simulation.run import simulate
from tests.unit.conversations import shipped
from tests.unit.simulations import MONDAY, demand, finished, hotline, level, plan, results

ALL = frozenset(request.skill for request in (*shipped().request_types, shipped().unclear))
TYPES = tuple(request.key for request in (*shipped().request_types, shipped().unclear))
NEVER = Shift(time(8), time(18), frozenset())


@st.composite
def plans(draw):
    """Staffings good and bad, of people with various skills and shifts, with limits that are reached."""
    limits = {
        "longest_wait_seconds": draw(st.integers(1, 900)),
        "longest_wait_then": draw(st.sampled_from(Then)),
        "nobody_ready_seconds": draw(st.integers(1, 300)),
        "nobody_ready_then": draw(st.sampled_from(Then)),
        "after_closing_seconds": draw(st.integers(0, 2000)),
        "after_closing_then": draw(st.sampled_from(Then)),
        "most_waiting": draw(st.none() | st.integers(1, 5)),
        "most_waiting_then": draw(st.sampled_from(Then)),
        "keep_place": draw(st.booleans()),
    }
    rules = {"same_agent": draw(st.none() | st.builds(SameAgent, wait_seconds=st.integers(0, 120)))}
    hours = st.integers(7, 19).map(time)
    days = st.frozensets(st.integers(0, 4))
    shifts = st.builds(Shift, hours, hours, days).filter(lambda shift: shift.start < shift.end)
    some = st.frozensets(st.sampled_from(sorted(ALL)))
    people = [
        Member(f"a{number}", draw(some), draw(some), tuple(draw(st.lists(shifts, max_size=2))))
        for number in range(draw(st.integers(1, 4)))
    ]
    patience = draw(st.none() | st.builds(Patience, st.floats(5, 600), st.floats(0, 1)))
    callers = demand(draw(st.floats(1, 40)), patience=patience, callbacks=draw(st.floats(0, 1)), types=TYPES)
    return plan(hotline(line=limits, distribution=rules), callers, tuple(people), days=2, ring=draw(st.integers(0, 8)))


@settings(max_examples=60)
@given(plans(), st.integers(0, 1000))
def test_every_caller_reaches_one_end_and_all_are_counted(tried, seed):
    run = finished(tried, seed)
    of = run.results(30.0)
    assert not any(waiting.call_id for waiting in run.line.waiting())
    assert of.total.calls == len(run.ended) == sum(of.total.outcomes.values())
    assert of.total.calls == sum(one.figures.calls for one in of.days) == sum(one.figures.calls for one in of.hours)
    assert of.total.calls == sum(one.calls for one in of.types.values())
    assert sum(one.calls for one in of.agents) >= of.total.outcomes[Outcome.ANSWERED] == len(of.waits)
    assert of.called_back <= of.total.outcomes[Outcome.CALLBACK]
    assert all(one.wait >= 0 for one in run.ended)


@settings(max_examples=40)
@given(plans(), st.integers(0, 1000))
def test_nobody_works_more_than_they_are_there(tried, seed):
    of = results(tried, seed)
    assert all(one.busy <= one.duty + 1e-3 for one in of.agents)
    assert sum(one.busy for one in of.hours) == pytest.approx(sum(one.busy for one in of.agents))
    assert sum(one.duty for one in of.hours) == pytest.approx(sum(one.duty for one in of.agents))
    assert all(one.load is None or one.load <= 1 + 1e-9 for one in of.agents)


def test_the_same_seed_gives_the_same_results_another_seed_others():
    tried = plan(callers=demand(patience=Patience(120.0)), days=3)
    assert results(tried, 5) == results(tried, 5) != results(tried, 6)


def test_other_agents_meet_the_same_callers():
    one, other = (results(plan(team=count, days=3)) for count in (2, 4))
    assert [day.figures.calls for day in one.days] == [day.figures.calls for day in other.days]
    assert level(one).reached < level(other).reached


def test_more_agents_wait_less():
    waits = [results(plan(team=count, days=3)).total.waits.mean for count in (3, 4, 6)]
    assert waits == sorted(waits, reverse=True)


def test_days_on_which_the_hotline_is_closed_are_left_out():
    of = results(plan(callers=demand(2.0), days=6, first=date(2026, 12, 23)))
    assert [one.day.isoformat() for one in of.days] == [
        *("2026-12-23", "2026-12-28", "2026-12-29", "2026-12-30", "2027-01-04", "2027-01-05")
    ]


def test_a_hotline_that_never_opens_is_refused():
    with pytest.raises(ValueError, match="does not open"):
        results(plan(hotline(hours={"week": {}})))


def test_calls_come_only_while_the_hotline_is_open():
    of = results(plan(callers=demand(5.0), days=5))
    assert {one.hour for one in of.hours if one.figures.calls} <= set(range(8, 18))


def test_progress_is_told_day_by_day():
    told: list[int] = []
    simulate(plan(callers=demand(5.0), days=4), Random(1), progress=told.append)
    assert told == [0, 1, 2, 3]


# --- agents ------------------------------------------------------------------------------------


def test_when_all_agents_are_away_nobody_is_served_and_everybody_is_offered_a_callback():
    limits = {"nobody_ready_seconds": 60, "nobody_ready_then": Then.END}
    away = tuple(replace(one, shifts=(NEVER,)) for one in generic(shipped(), 3))
    run = finished(plan(hotline(line=limits), demand(), away))
    outcomes = {one.outcome for one in run.ended}
    assert outcomes == {Outcome.CALLBACK, Outcome.TURNED_AWAY}
    assert {one.wait for one in run.ended} == {60.0}
    assert run.results(30.0).load is None


def test_without_anybody_to_come_whoever_wants_no_callback_gives_up_after_closing():
    away = tuple(replace(one, shifts=(NEVER,)) for one in generic(shipped(), 3))
    limits = {"nobody_ready_then": Then.OFFER, "longest_wait_then": Then.OFFER, "after_closing_then": Then.OFFER}
    of = results(plan(hotline(line=limits), demand(callbacks=0.0), away))
    assert of.total.outcomes[Outcome.ABANDONED] == of.total.calls > 0


def test_nobody_is_rung_whose_shift_is_over():
    mornings = tuple(replace(one, shifts=(Shift(time(8), time(12)),)) for one in generic(shipped(), 4))
    of = results(plan(callers=demand(10.0), team=mornings, days=5))
    answered = {one.hour: one.figures.outcomes[Outcome.ANSWERED] for one in of.hours}
    assert all(answered[hour] > 0 for hour in range(8, 12))
    assert all(answered[hour] == 0 for hour in range(12, 18))


def test_shifts_outside_of_the_opening_hours_are_not_counted():
    early = tuple(
        replace(one, shifts=(Shift(time(5), time(9)), Shift(time(9), time(10)))) for one in generic(shipped(), 2)
    )
    of = results(plan(callers=demand(1.0), team=early, days=5))
    assert all(2 * 5 <= one.duty / 3600 < 2 * 5 + 1 for one in of.agents)


def test_a_skill_that_nobody_has_is_served_by_nobody():
    only = (Member("a", ALL - {"wohnen"}),)
    of = results(plan(callers=demand(3.0, types=("rent", "address")), team=only, days=3))
    assert of.types["rent"].outcomes[Outcome.ANSWERED] == 0
    assert of.types["address"].outcomes[Outcome.ANSWERED] > 0


def test_ringing_is_part_of_the_wait_and_of_the_work():
    of = results(plan(callers=demand(1.0), team=6, ring=5.0, days=5))
    assert of.total.waits.median == of.total.waits.p90 == pytest.approx(5.0)
    assert of.total.waited == 0


def test_who_hangs_up_while_it_rings_was_not_answered():
    run = finished(plan(callers=demand(20.0, patience=Patience(2.0)), team=20, ring=10.0))
    assert all(one.wait < 10.0 for one in run.ended if one.outcome is Outcome.ABANDONED)
    assert sum(one.outcome is Outcome.ABANDONED for one in run.ended) > len(run.ended) / 2


# --- rules of the draft ------------------------------------------------------------------------


def test_second_choice_is_rung_only_after_its_time():
    team = (Member("first", ALL, shifts=(NEVER,)), Member("second", frozenset({"other"}), ALL))
    rules = {"second_choice_after_seconds": 30}
    limits = {"longest_wait_seconds": 86_400, "nobody_ready_seconds": 86_400}
    run = finished(plan(hotline(distribution=rules, line=limits), demand(2.0), team, days=5))
    waits = [one.wait for one in run.ended if one.outcome is Outcome.ANSWERED]
    assert len(waits) > 50
    assert min(waits) == 30.0


def test_second_choice_rings_at_once_when_the_draft_says_so():
    team = (Member("second", frozenset({"other"}), ALL),)
    of = results(plan(hotline(distribution={"second_choice_after_seconds": 0}), demand(1.0), team))
    assert of.total.waits.median == 0.0


def test_known_callers_are_held_for_their_agent_no_longer_than_the_bound():
    rules = {"same_agent": SameAgent(wait_seconds=20)}
    held = results(plan(hotline(distribution=rules), demand(60.0, returning=1.0), 60, days=3))
    free = results(plan(hotline(), demand(60.0, returning=1.0), 60, days=3))
    assert free.total.waited == 0 < held.total.waited
    assert held.total.waits.longest == 20.0


def test_nobody_is_held_for_an_agent_who_is_away():
    team = (*generic(shipped(), 1), Member("away", ALL, shifts=(NEVER,)))
    rules = {"same_agent": SameAgent(wait_seconds=600)}
    of = results(plan(hotline(distribution=rules), demand(0.5, returning=1.0), team, days=20))
    assert of.total.waits.median == 0.0


def test_at_the_longest_wait_calls_end_if_the_draft_says_so():
    limits = {"longest_wait_seconds": 120, "longest_wait_then": Then.END}
    of = results(plan(hotline(line=limits), demand(60.0, callbacks=0.3)))
    assert of.total.waits.longest == 120.0
    assert min(of.total.outcomes[one] for one in (Outcome.CALLBACK, Outcome.TURNED_AWAY)) > 0
    assert of.total.outcomes[Outcome.ABANDONED] == 0


def test_at_the_longest_wait_who_wants_no_callback_waits_on_if_the_draft_says_so():
    limits = {"longest_wait_seconds": 120, "longest_wait_then": Then.OFFER}
    of = results(plan(hotline(line=limits), demand(45.0, callbacks=0.3)))
    assert of.total.waits.longest > 120.0
    assert of.total.outcomes[Outcome.CALLBACK] > 0


def test_a_full_line_takes_nobody_more():
    limits = {"most_waiting": 4, "most_waiting_then": Then.END, "keep_place": False}
    of = results(plan(hotline(line=limits), demand(90.0, callbacks=0.0)))
    assert of.longest_line == 4
    assert of.total.outcomes[Outcome.TURNED_AWAY] > 0


def test_callbacks_that_keep_their_place_are_made_and_take_time():
    limits = {"longest_wait_seconds": 60}
    kept, given_up = (
        results(plan(hotline(line={**limits, "keep_place": keep}), demand(40.0, callbacks=1.0), days=3))
        for keep in (True, False)
    )
    assert 0 < kept.called_back <= kept.total.outcomes[Outcome.CALLBACK]
    assert given_up.called_back == 0
    assert kept.load > given_up.load


def test_callbacks_of_yesterday_are_made_first_in_the_morning_and_none_while_closed():
    limits = {"longest_wait_seconds": 30, "after_closing_seconds": 0}
    run = finished(plan(hotline(line=limits), demand(60.0, talk=20, wrap_up=400, callbacks=1.0), 3, days=2))
    of = run.results(30.0)
    assert of.called_back > 0
    overtime = sum(one.duty for one in of.hours if one.hour >= 18)
    assert overtime <= sum(one.busy for one in of.hours if one.hour >= 18) + 1e-6


# --- closing -----------------------------------------------------------------------------------


def test_at_closing_those_who_wait_are_served_as_long_as_the_draft_says():
    crowded = demand(60.0, talk=30, wrap_up=30, callbacks=0.0)
    late = Shift(time(17), time(18))
    team = tuple(replace(one, shifts=(late,)) for one in generic(shipped(), 2))
    waits = {"longest_wait_seconds": 86_400, "nobody_ready_seconds": 86_400}
    served, sent_away = (
        results(plan(hotline(line={**waits, "after_closing_seconds": seconds}), crowded, team))
        for seconds in (86_400, 0)
    )
    assert served.total.outcomes[Outcome.ANSWERED] == served.total.calls
    assert sent_away.total.outcomes[Outcome.TURNED_AWAY] > 0
    assert sum(one.duty for one in sent_away.hours if one.hour > 18) < sum(
        one.duty for one in served.hours if one.hour > 18
    )


def test_agents_go_home_at_closing_when_nobody_waits():
    of = results(plan(callers=demand(0.2), team=3, days=5))
    assert all(50 <= one.duty / 3600 < 51 for one in of.agents)


def test_the_shipped_hotline_with_its_own_agents_is_served_well():
    team = tuple(configured(agent) for agent in shipped().agents)
    of = results(plan(shipped(), demand(20.0, types=TYPES), team, days=5, ring=4.0))
    assert (level(of).share or 0) > 0.9
    assert [one.name for one in of.agents] == ["anna", "ben", "carla", "david", "elif"]
    assert all(0.1 < (one.load or 0) < 0.6 for one in of.agents)
    assert of.days[0].day == MONDAY
