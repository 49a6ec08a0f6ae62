"""Which links open a promise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.links import Links, LinkState, OpenedLink

DAY = 86_400


class Now:
    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


def links(now: Now | None = None, key: str = "k" * 43) -> Links:
    return Links(key, "https://hotline.example", 30, clock=now or Now())


def test_link_opens_its_promise_and_no_other() -> None:
    assert links().open(links().token("p1")) == OpenedLink(LinkState.VALID, "p1")
    assert links().token("p1") != links().token("p2")


def test_link_begins_with_the_public_address() -> None:
    assert links().link("p1") == "https://hotline.example/p/" + links().token("p1")


@pytest.mark.parametrize(("age", "state"), [(0, "valid"), (30 * DAY, "valid"), (30 * DAY + 1, "expired")])
def test_link_opens_for_thirty_days(age: int, state: str) -> None:
    now = Now()
    token = links(now).token("p1")
    now.seconds += age
    opened = links(now).open(token)
    assert opened.state == state
    assert (opened.promise_id is None) == (state == "expired")


def test_link_made_before_the_clock_was_set_back_opens() -> None:
    now = Now()
    token = links(now).token("p1")
    now.seconds -= 3600
    assert links(now).open(token) == OpenedLink(LinkState.VALID, "p1")


@given(st.integers(0, 200), st.sampled_from("AZaz09-_."))
def test_token_with_one_changed_character_is_broken(place: int, other: str) -> None:
    """All but its last character: that one carries two bits which base64 does not use."""
    token = links().token("promise-1")
    place %= len(token) - 1
    changed = token[:place] + other + token[place + 1 :]
    assert (links().open(changed).state is LinkState.BROKEN) == (changed != token)


@given(st.text())
def test_arbitrary_text_is_broken(text: str) -> None:
    assert links().open(text) == OpenedLink(LinkState.BROKEN)


def test_token_of_another_hotlines_key_is_broken() -> None:
    assert links().open(links(key="other").token("p1")).state is LinkState.BROKEN


def test_bare_promise_id_opens_nothing() -> None:
    assert links().open("p1").state is LinkState.BROKEN
