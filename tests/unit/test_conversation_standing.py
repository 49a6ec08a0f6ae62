"""Place and expected wait, in rounded words that never get worse without a word about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.standing import NOTHING, tell
from tests.unit.conversations import Call, changed

LONGER = "wait_longer"


def about(minutes: int) -> tuple[str, ...]:
    return "wait_about", f"number_{minutes}", "wait_minutes"


@pytest.mark.parametrize(
    ("seconds", "prompts"),
    [
        (0, ("wait_soon",)),
        (119.9, ("wait_soon",)),
        (120, about(2)),
        (121, about(3)),
        (180, about(3)),
        (181, about(5)),
        (301, about(10)),
        (600, about(10)),
        (601, about(15)),
        (901, about(20)),
        (1201, about(30)),
        (1800, about(30)),
        (1800.1, ("wait_long",)),
        (float("inf"), ("wait_long",)),
        (None, ()),
    ],
)
def test_wait_is_rounded_up_to_words_people_use(seconds, prompts):
    assert tell(NOTHING, 2, seconds)[0] == ("position", "number_2", *prompts)


def test_wait_is_said_with_each_position_and_a_longer_one_is_explained():
    call = Call()
    call.press("4")
    call.wait(5, position=3, expected=290)
    assert call.heard == ("position", "number_3", *about(5))
    call.wait(10, position=3, expected=290)
    call.wait(20, position=3, expected=290)
    call.wait(65, position=3, expected=700)
    assert call.heard == (LONGER, "position", "number_3", *about(15))
    call.wait(125, position=2, expected=None)
    assert call.heard == ("position", "number_2")
    call.wait(185, position=1, expected=1000)
    assert call.heard == (LONGER, "position", "number_1", *about(20)), "the last one that was said counts"


def test_place_that_gets_worse_is_explained_too():
    _, told = tell(NOTHING, 2, None)
    assert tell(told, 3, None)[0] == (LONGER, "position", "number_3")
    assert tell(told, 2, None)[0] == ("position", "number_2")


def test_soon_is_worse_than_nothing_but_better_than_two_minutes():
    _, told = tell(NOTHING, 1, 10)
    assert tell(told, 1, 120)[0] == (LONGER, "position", "number_1", *about(2))
    assert tell(told, 1, 4000)[0] == (LONGER, "position", "number_1", "wait_long")


def test_nothing_is_said_of_the_wait_when_it_is_switched_off():
    call = Call(changed(line={"expected_wait": False}))
    call.press("4")
    call.wait(5, position=3, expected=290)
    assert call.heard == ("position", "number_3")


@pytest.mark.parametrize(("place", "prompts"), [(0, ("position", "number_1")), (21, ("position_many",))])
def test_places_that_are_not_counted_out(place, prompts):
    assert tell(NOTHING, place, None)[0] == prompts


ORDER = ["wait_soon", *(f"number_{minutes}" for minutes in (2, 3, 5, 10, 15, 20, 30)), "wait_long"]


@given(st.lists(st.tuples(st.integers(1, 30), st.none() | st.floats(0, 5000)), min_size=2, max_size=20))
def test_no_number_rises_without_the_sentence_that_explains_it(looks):
    told, place_before, wait_before = NOTHING, None, None
    for place, expected in looks:
        prompts, told = tell(told, place, expected)
        place_said = min(place, 21)
        wait = prompts[-2] if prompts[-1] == "wait_minutes" else prompts[-1]
        wait_said = wait_before if expected is None else ORDER.index(wait)
        rises = (place_before is not None and place_said > place_before) or (
            wait_before is not None and wait_said > wait_before
        )
        assert (prompts[0] == LONGER) == rises
        assert LONGER not in prompts[1:]
        place_before, wait_before = place_said, wait_said
