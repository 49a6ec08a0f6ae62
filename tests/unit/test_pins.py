"""Digits for recording by telephone: right ones once, wrong ones three times from one telephone."""

from datetime import UTC, datetime, timedelta

from hotline.changing.pins import LIFETIME, MOST, MOST_WRONG, REFUSED_FOR, Pins
from ivr.recording import MOST_TRIES

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SOON = NOW + timedelta(minutes=9)


def wrong(*right: str) -> str:
    return next(digits for digits in ("000000", "111111", "222222") if digits not in right)


def test_right_digits_open_it_once() -> None:
    pins = Pins()
    digits = pins.give("klara", "greeting", NOW)
    assert len(digits) == 6
    assert digits.isdecimal()
    assert pins.take("anna", digits, SOON) == ("klara", "greeting")
    assert pins.take("anna", digits, SOON) is None


def test_after_ten_minutes_they_are_gone() -> None:
    pins = Pins()
    assert pins.take("anna", pins.give("klara", "greeting", NOW), NOW + LIFETIME) is None


def test_three_wrong_tries_shut_that_telephone_out_and_take_the_digits_from_nobody() -> None:
    pins = Pins()
    digits = pins.give("klara", "greeting", NOW)
    assert not any(pins.refuses("anna", NOW) or pins.take("anna", wrong(digits), NOW) for _ in range(MOST_TRIES))
    assert pins.refuses("anna", NOW)
    assert pins.take("anna", digits, NOW) is None
    assert not pins.refuses("ben", NOW)
    assert pins.take("ben", digits, NOW) == ("klara", "greeting")


def test_after_ten_minutes_that_telephone_may_again() -> None:
    pins = Pins()
    for _ in range(MOST_TRIES):
        pins.take("anna", "", NOW)
    assert pins.refuses("anna", NOW + REFUSED_FOR - timedelta(seconds=1))
    later = NOW + REFUSED_FOR
    assert not pins.refuses("anna", later)
    assert pins.take("anna", pins.give("klara", "greeting", later), later) == ("klara", "greeting")


def test_right_digits_end_the_counting_of_that_telephone() -> None:
    pins = Pins()
    for _ in range(2):
        digits = pins.give("klara", "greeting", NOW)
        for _ in range(MOST_TRIES - 1):
            pins.take("anna", wrong(digits), NOW)
        assert pins.take("anna", digits, NOW) == ("klara", "greeting")


def test_many_telephones_together_guess_only_so_often() -> None:
    pins = Pins()
    first, second = pins.give("klara", "greeting", NOW), pins.give("otto", "goodbye", NOW)
    for number in range(MOST_WRONG - 1):
        pins.take(f"agent{number}", wrong(first, second), SOON)
    assert pins.take("zoe", second, SOON) == ("otto", "goodbye")
    pins.take("zoe", wrong(first), SOON)
    assert pins.take("yva", first, SOON) is None


def test_an_admin_has_one_at_a_time_and_there_are_never_many() -> None:
    pins = Pins()
    old = pins.give("klara", "greeting", NOW)
    new = pins.give("klara", "goodbye", NOW)
    assert pins.take("anna", new, SOON) == ("klara", "goodbye")
    assert pins.take("anna", old, SOON) is None
    given = [pins.give(f"admin{number}", "greeting", NOW) for number in range(MOST + 1)]
    assert pins.take("anna", given[0], SOON) is None
    assert pins.take("anna", given[-1], SOON) is not None
