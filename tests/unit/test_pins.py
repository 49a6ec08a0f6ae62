"""Digits for recording by telephone: right ones once, wrong ones three times."""

from datetime import UTC, datetime, timedelta

from hotline.changing.pins import LIFETIME, MOST, Pins

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SOON = NOW + timedelta(minutes=9)


def wrong(*right: str) -> str:
    return next(digits for digits in ("000000", "111111", "222222") if digits not in right)


def test_right_digits_open_it_once() -> None:
    pins = Pins()
    digits = pins.give("klara", "greeting", NOW)
    assert len(digits) == 6
    assert digits.isdecimal()
    assert pins.take(digits, SOON) == ("klara", "greeting")
    assert pins.take(digits, SOON) is None


def test_after_ten_minutes_they_are_gone() -> None:
    pins = Pins()
    assert pins.take(pins.give("klara", "greeting", NOW), NOW + LIFETIME) is None


def test_three_wrong_tries_take_all_of_them_away() -> None:
    pins = Pins()
    first, second = pins.give("klara", "greeting", NOW), pins.give("otto", "goodbye", NOW)
    for _ in range(2):
        assert pins.take(wrong(first, second), SOON) is None
    assert pins.take(second, SOON) == ("otto", "goodbye")
    assert pins.take("", SOON) is None
    assert pins.take(first, SOON) is None


def test_an_admin_has_one_at_a_time_and_there_are_never_many() -> None:
    pins = Pins()
    old = pins.give("klara", "greeting", NOW)
    new = pins.give("klara", "goodbye", NOW)
    assert pins.take(new, SOON) == ("klara", "goodbye")
    assert pins.take(old, SOON) is None
    given = [pins.give(f"admin{number}", "greeting", NOW) for number in range(MOST + 1)]
    assert pins.take(given[0], SOON) is None
    assert pins.take(given[-1], SOON) is not None
