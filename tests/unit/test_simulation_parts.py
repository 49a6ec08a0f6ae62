"""Parts of the simulation: who calls, what past calls tell, how waits are counted, how many agents are needed."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from routing.hours import Calendar
from routing.simulation.callers import callers, open_days, open_hours
from routing.simulation.history import Past, PastCall, learn
from routing.simulation.model import Exponential, LogNormal, Observed, Patience, even
from routing.simulation.results import Ended, Level, Outcome, figures, percentile
from routing.simulation.sizing import fewest, needed
from tests.unit.conversations import BERLIN, changed, shipped
from tests.unit.simulations import MONDAY, demand, each_hour, hotline, level, plan, results

NINE = datetime(2026, 11, 23, 9, tzinfo=BERLIN)


# --- callers -----------------------------------------------------------------------------------


def drawn(of, days=1, seed=1):
    config = shipped()
    opened = open_days(Calendar(config), BERLIN, MONDAY, days)
    return list(callers(config, opened, of, Random(seed)))


def test_callers_come_at_the_rate_of_their_hour():
    of = demand()
    rates = {**each_hour(0.0), **{(weekday, 9): 60.0 for weekday in range(5)}, (0, 10): 240.0}
    came = Counter(caller.hour for caller in drawn(type(of)(rates, of.shares, of.talk, of.wrap_up), days=20))
    assert came.keys() == {9, 10}
    assert came[9] == pytest.approx(20 * 60, rel=0.1)
    assert came[10] == pytest.approx(4 * 240, rel=0.1)


def test_callers_come_in_order_while_open_each_with_an_id_of_their_own():
    found = drawn(demand(20.0), days=3)
    assert found == sorted(found, key=lambda caller: caller.joins_at)
    assert len({caller.call_id for caller in found}) == len(found)
    assert all(Calendar(shipped()).opening(caller.joins_at).open for caller in found)
    assert {caller.day for caller in found} == {0, 1, 2}


@pytest.mark.parametrize("day", [date(2026, 3, 27), date(2026, 3, 30), date(2026, 10, 26)])
def test_hours_are_those_of_the_wall_clock_in_summer_and_winter(day):
    (opened,) = open_days(Calendar(shipped()), BERLIN, day, 1)
    hours = list(open_hours(opened.spans[0], BERLIN))
    assert [one.hour for one in hours] == list(range(8, 18))
    assert sum(one.hours for one in hours) == 10.0


def test_the_night_in_which_the_clocks_change_has_23_or_25_hours():
    zone = ZoneInfo("Europe/Berlin")
    for day, length in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        start = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        assert sum(one.hours for one in open_hours((start, start + timedelta(hours=length)), zone)) == length


def test_a_usual_day_has_as_many_callers_as_asked_for():
    assert len(drawn(type(demand())(even(shipped(), 300.0), *_rest()), days=20)) == pytest.approx(20 * 300, rel=0.05)


def _rest():
    of = demand()
    return of.shares, of.talk, of.wrap_up


@pytest.mark.parametrize("duration", [Exponential(200.0), LogNormal(200.0, 0.8), Observed((100.0, 300.0))])
def test_durations_have_their_mean(duration):
    chance = Random(7)
    assert sum(duration.draw(chance) for _ in range(20_000)) / 20_000 == pytest.approx(duration.mean, rel=0.03)


def test_durations_may_be_nothing_at_all():
    assert Exponential(0.0).draw(Random(1)) == LogNormal(0.0, 0.8).draw(Random(1)) == 0.0


# --- counting ----------------------------------------------------------------------------------


def ended(outcome: Outcome, wait: float, day: int = 0) -> Ended:
    return Ended(day, 9, "rent", outcome, wait, wait == 0)


CALLS = [
    *[ended(Outcome.ANSWERED, wait) for wait in (0.0, 12.0, 30.0, 30.1, 200.0)],
    *[ended(Outcome.ABANDONED, wait) for wait in (4.0, 9.9, 10.0, 30.0, 31.0)],
    ended(Outcome.CALLBACK, 900.0),
    ended(Outcome.TURNED_AWAY, 0.0),
]


def test_the_three_definitions_of_the_service_level():
    found = figures(CALLS, 30.0)
    assert {name: (share.reached, share.counted) for name, share in found.levels.items()} == {
        Level.OF_ALL: (3, 12),
        Level.WITHOUT_SHORT: (3, 10),
        Level.WITHOUT_IN_TIME: (3, 8),
    }
    assert found.abandonment == 5 / 12


def test_waits_are_those_of_answered_calls_the_longest_that_of_anybody():
    waits = figures(CALLS, 30.0).waits
    assert (waits.median, waits.p90, waits.p99, waits.longest) == (30.0, 200.0, 200.0, 900.0)
    assert waits.mean == pytest.approx(272.1 / 5)


def test_without_calls_there_are_no_shares():
    found = figures([], 30.0)
    assert (found.calls, found.abandonment, found.waits.mean, found.levels[Level.OF_ALL].share) == (0, None, None, None)


def test_days_that_differ_make_the_margin_wider():
    def days(*waits: float) -> float | None:
        return (
            figures([ended(Outcome.ANSWERED, wait, day) for day, wait in enumerate(waits)], 30.0)
            .levels[Level.OF_ALL]
            .margin
        )

    assert days(10.0) is None
    assert days(10.0, 20.0, 25.0) == 0.0
    assert (days(10.0, 99.0, 25.0) or 0) > 0.5


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.51, 3), (0.99, 4), (1.0, 4), (0.0, 1)])
def test_percentiles(share, value):
    assert percentile([1, 2, 3, 4], share) == value


# --- past calls --------------------------------------------------------------------------------


def past(*calls: PastCall, wrap_ups=()) -> Past:
    return Past(calls, wrap_ups)


def call(at=NINE, request_type="rent", waited=10.0, talked=100.0, hung_up=False) -> PastCall:
    return PastCall(at, request_type, waited, talked, hung_up)


def learned(of: Past, weeks=4, draft=None):
    until = datetime(2026, 12, 14, tzinfo=BERLIN)
    return learn(of, shipped(), draft or shipped(), until - timedelta(weeks=weeks), until)


def test_the_rate_of_an_hour_counts_the_days_on_which_it_was_open():
    """Mondays of 23 and 30 November and 7 December: the week before the first call is not counted."""
    of = learned(past(*(call(NINE + timedelta(days=7 * week, minutes=n)) for week in range(3) for n in range(10))))
    assert of.per_hour[(0, 9)] == 10.0
    assert of.per_hour[(1, 9)] == 0.0
    assert (5, 9) not in of.per_hour
    assert of.shares["rent"] == 30


def test_few_calls_are_used_but_said_to_be_few():
    of = learned(past(call()))
    assert of.notes == ["Calls known: 1. With so few the results say little about other weeks."]
    assert (of.talk, of.wrap_up, of.patience) == (None, None, None)


def test_no_calls_are_refused():
    with pytest.raises(ValueError, match="no caller"):
        learned(past())


def test_types_that_the_draft_does_not_know_count_as_unclear():
    draft = shipped().model_copy(update={"request_types": shipped().request_types[1:]})
    of = learned(past(call(request_type="address"), call(request_type=None), call()), draft=draft)
    assert (of.shares["unclear"], of.shares["rent"]) == (2, 1)
    assert "address" not in of.shares


def test_calls_outside_of_the_hours_are_left_out_and_named():
    of = learned(past(*[call()] * 200, call(NINE + timedelta(hours=12))))
    assert of.notes == ["Calls left out because by the present configuration it is closed then: 1."]


def test_durations_of_a_type_are_its_own_when_there_are_enough():
    calls = [call(request_type="rent", talked=100.0)] * 40 + [call(request_type="move", talked=300.0)] * 10
    of = learned(past(*calls, wrap_ups=[60.0] * 40 + [9000.0]))
    assert of.talk is not None
    assert of.wrap_up is not None
    assert (of.talk["rent"].mean, of.talk["move"].mean) == (100.0, 140.0)
    assert of.wrap_up.mean == 60.0


def test_patience_counts_the_waiting_of_all():
    calls = [call(waited=30.0)] * 80 + [call(waited=30.0, talked=None, hung_up=True)] * 20
    assert learned(past(*calls)).patience == Patience(150.0)


# --- how many agents ---------------------------------------------------------------------------


def test_as_many_agents_as_are_needed_and_not_one_more():
    """36 calls an hour of 270 s, 80 of 100 within 20 s: five, as the formula of Erlang says."""
    of = plan(callers=demand(36.0, talk=270.0, wrap_up=0.0), days=8)
    tried = needed(of, 0.80, lambda one: results(one, within=20.0))
    assert [len(one.agents) for one in tried] == [2, 3, 4, 5]
    reached = [level(one).share or 0.0 for one in tried]
    assert reached[-1] >= 0.80 > reached[-2]
    assert fewest(of, 0.80) == 2


def test_no_number_of_agents_is_found_where_none_can_be_enough(monkeypatch):
    monkeypatch.setattr("routing.simulation.sizing.MOST_AGENTS", 4)
    with pytest.raises(ValueError, match="4 agents are not enough"):
        needed(plan(callers=demand(60.0)), 0.99, lambda one: results(one, within=1.0))


def test_nobody_calls_at_all():
    of = results(plan(callers=demand(0.0)))
    assert (of.total.calls, of.load, of.longest_line) == (0, 0.0, 0)
    assert needed(plan(callers=demand(0.0)), 0.8, results)[-1].total.calls == 0


def test_hours_of_the_draft_are_those_that_count():
    week = changed().hours.week
    short = {day: spans for day, spans in week.items() if day == "tuesday"}
    of = results(plan(hotline(hours={"week": short}), demand(5.0), days=2))
    assert [one.day.weekday() for one in of.days] == [1, 1]
