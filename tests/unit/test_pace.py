"""The expected wait comes from what was really taken, and says rather too much than too little."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.pace import MOST_KEPT, Pace

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def steady(taken: int, every: float, skill: str = "rent") -> Pace:
    """So many were taken, one every so many minutes from nine o'clock on, and all had waited since nine."""
    pace = Pace()
    for number in range(1, taken + 1):
        pace.taken(at(number * every), skill, NINE)
    return pace


def test_each_place_costs_the_mean_time_between_two_who_were_taken() -> None:
    pace = steady(10, every=2)
    found = [pace.expected(at(20), position, {"rent"}, NINE) for position in (1, 2, 5)]
    assert found == pytest.approx([120, 240, 600])


def test_nothing_is_known_before_a_few_were_taken() -> None:
    assert Pace().expected(at(0), 1, {"rent"}, None) is None
    assert Pace().expected(at(1), 1, {"rent"}, NINE) is None
    assert steady(2, every=2).expected(at(4), 1, {"rent"}, NINE) is None
    assert steady(3, every=2).expected(at(6), 1, {"rent"}, NINE) == pytest.approx(120)


def test_who_was_taken_at_once_says_nothing_about_how_fast_a_line_moves() -> None:
    pace = Pace()
    for minute in range(20):
        pace.taken(at(minute), "rent", at(minute))
    assert pace.expected(at(20), 1, {"rent"}, at(19)) is None


def test_time_in_which_nobody_waited_does_not_count() -> None:
    pace = Pace()
    for minute in (1, 11, 21):
        pace.taken(at(minute), "rent", at(minute - 1))
    assert pace.expected(at(25), 1, {"rent"}, at(25)) == pytest.approx(60)


def test_time_in_which_several_waited_counts_once() -> None:
    pace = Pace()
    for begun, ended in ((0, 4), (1, 3), (2, 6), (10, 12)):
        pace.taken(at(ended), "rent", at(begun))
    assert pace.expected(at(12), 1, {"rent"}, None) == pytest.approx(8 * 60 / 4)


def test_a_line_that_stalls_promises_less_with_every_minute() -> None:
    pace = steady(5, every=1)
    found = [pace.expected(at(now), 1, {"rent"}, NINE) or 0 for now in (5, 10, 20, 29)]
    assert found == pytest.approx([60, 120, 240, 348])


def test_when_nobody_was_taken_for_half_an_hour_the_wait_is_longer_than_that() -> None:
    pace = steady(5, every=1)
    assert pace.expected(at(40), 1, {"rent"}, NINE) == pytest.approx(1800)
    assert pace.expected(at(40), 2, {"rent"}, NINE) == pytest.approx(3600)


def test_fewer_agents_make_it_slower_before_the_half_hour_is_over() -> None:
    pace = steady(10, every=1)
    before = pace.expected(at(10), 3, {"rent"}, NINE)
    for minute in (14, 18, 22):
        pace.taken(at(minute), "rent", NINE)
    after = pace.expected(at(22), 3, {"rent"}, NINE)
    assert before == pytest.approx(180)
    assert after == pytest.approx(3 * 22 * 60 / 13)


def test_what_is_longer_ago_than_half_an_hour_is_forgotten() -> None:
    pace = steady(30, every=1)
    for minute in range(32, 62, 2):
        pace.taken(at(minute), "rent", NINE)
    assert pace.expected(at(60), 1, {"rent"}, NINE) == pytest.approx(120)


def test_only_those_count_whom_the_same_agents_serve() -> None:
    pace = steady(10, every=2)
    for number in range(1, 11):
        pace.taken(at(number * 2), "income", NINE)
    assert pace.expected(at(20), 1, {"rent"}, NINE) == pytest.approx(120)
    assert pace.expected(at(20), 1, {"rent", "income"}, NINE) == pytest.approx(60)
    assert pace.expected(at(20), 1, {"address"}, at(19)) is None


def test_who_gives_up_is_time_in_which_somebody_waited_but_no_progress() -> None:
    pace = steady(5, every=1)
    pace.gone(at(15), "rent", at(5))
    assert pace.expected(at(15), 1, {"rent"}, None) == pytest.approx(180)


def test_memory_is_bounded_and_the_newest_count() -> None:
    pace = Pace()
    for second in range(1, 2 * MOST_KEPT + 1):
        pace.taken(NINE + timedelta(seconds=second / 10), "rent", NINE)
    assert len(pace._waits) == MOST_KEPT
    now = NINE + timedelta(seconds=2 * MOST_KEPT / 10)
    assert pace.expected(now, 10, {"rent"}, NINE) == pytest.approx(1, rel=0.01)


def test_when_business_time_jumps_the_pace_stays() -> None:
    pace = steady(10, every=2)
    pace.shift(timedelta(hours=1))
    assert pace.expected(at(80), 1, {"rent"}, at(60)) == pytest.approx(120)


waits = st.lists(
    st.tuples(st.floats(0, 90), st.floats(0, 30), st.sampled_from(("rent", "income")), st.booleans()), max_size=30
)


@given(waits, st.floats(0, 120), st.integers(1, 50), st.one_of(st.none(), st.floats(0, 120)))
def test_it_is_never_negative_and_grows_with_the_position(
    waits: list[tuple[float, float, str, bool]], now: float, position: int, since: float | None
) -> None:
    pace = Pace()
    for ended, lasted, skill, taken in waits:
        (pace.taken if taken else pace.gone)(at(ended), skill, at(ended - lasted))
    waiting_since = None if since is None else at(since)
    found = pace.expected(at(now), position, {"rent"}, waiting_since)
    further = pace.expected(at(now), position + 1, {"rent"}, waiting_since)
    assert (found is None) == (further is None)
    assert found is None or further is None or 0 <= found <= further <= 1800 * (position + 1) + 1


@given(waits, st.floats(0, 120), st.floats(0, 20))
def test_while_nobody_is_taken_it_never_gets_shorter(
    waits: list[tuple[float, float, str, bool]], now: float, later: float
) -> None:
    pace = Pace()
    for ended, lasted, skill, taken in waits:
        (pace.taken if taken else pace.gone)(at(ended), skill, at(ended - lasted))
    first = pace.expected(at(max(now, 90)), 1, {"rent"}, at(60))
    second = pace.expected(at(max(now, 90) + later), 1, {"rent"}, at(60))
    assert first is None or second is None or second >= first - 1e-6
