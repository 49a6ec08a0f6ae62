"""Who may be rung back, when the next try is due, and what somebody looks for who types a few digits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from agents.callbacks import Way, may_be_rung, next_try, too_early, way
from agents.finding import Wanted, read_query
from agents.forms import FormError
from config.loading import ConfigurationError, parse
from config.schema import HotlineConfig
from hotline.state import EXAMPLE

NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)  # Monday, 9:00 in Berlin
RAW: dict[str, Any] = YAML(typ="safe").load(EXAMPLE.read_text("utf-8"))


def config(transfers: dict[str, Any] | None = None, **callbacks: Any) -> HotlineConfig:
    changed = {**RAW, "callbacks": callbacks}
    if transfers is not None:
        changed |= {"transfers": transfers, "case_workers": []}
    return HotlineConfig.model_validate(changed)


def test_number_is_dialled_through_the_gateway_for_transfers() -> None:
    assert way(config(ring_seconds=25), "+4957211234") == Way("PJSIP/057211234@gateway-haus", 25)


@pytest.mark.parametrize("number", ["+49900512345", "+33142685300", "+49110", "+4957219824", None, "+495721110"])
def test_numbers_that_may_not_be_rung(number: str | None) -> None:
    assert isinstance(way(config(), number), str)
    assert not may_be_rung(config(), number)


def test_without_a_gateway_nobody_is_rung() -> None:
    assert way(config({}), "+4957211234") == "Für Anrufe nach außen ist kein Anschluss eingerichtet."


OPENING = [
    # (local time of day in UTC, only when open, part of the sentence or None)
    (NINE, True, None),
    (NINE - timedelta(hours=2), True, "ab 08:00 Uhr"),
    (NINE + timedelta(hours=9), True, "ab 24.11.2026, 08:00 Uhr"),
    (NINE + timedelta(hours=9), False, None),
]


@pytest.mark.parametrize(("now", "only_when_open", "part"), OPENING)
def test_nobody_is_rung_outside_hours_if_so_configured(now: datetime, only_when_open: bool, part: str | None) -> None:
    found = too_early(config(only_when_open=only_when_open), None, now)
    assert found is None if part is None else part in (found or "")


def test_nobody_is_rung_before_the_next_try_is_due() -> None:
    found = too_early(config(), NINE + timedelta(minutes=30), NINE)
    assert found == "Der nächste Versuch ist erst ab 09:30 Uhr vorgesehen."
    assert too_early(config(), NINE, NINE) is None


DISTANCES = [
    (1, NINE, NINE + timedelta(minutes=30)),
    (2, NINE, NINE + timedelta(minutes=120)),
    (3, NINE, None),
    (1, NINE + timedelta(hours=8, minutes=45), datetime(2026, 11, 24, 7, tzinfo=UTC)),  # 17:45: tomorrow at 8
    (2, datetime(2026, 11, 27, 16, tzinfo=UTC), datetime(2026, 11, 30, 7, tzinfo=UTC)),  # Friday evening: Monday
]


@pytest.mark.parametrize(("tries", "now", "at"), DISTANCES)
def test_next_try_comes_at_the_configured_distance_within_hours(tries: int, now: datetime, at: datetime | None) -> None:
    assert next_try(config(), tries, now) == at


def test_last_distance_holds_for_all_further_tries() -> None:
    asked = config(tries=5, distances_minutes=[10], only_when_open=False)
    late = NINE + timedelta(hours=12)
    assert [next_try(asked, tries, late) for tries in range(1, 6)] == [late + timedelta(minutes=10)] * 4 + [None]


def test_more_distances_than_tries_are_found(shipped_text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(shipped_text.replace("[30, 120]", "[30, 120, 240]"), "hotline.yaml")
    assert [finding.path for finding in refused.value.findings] == ["callbacks.distances_minutes"]


# --- search --------------------------------------------------------------------------------------


QUERIES = [
    ("26-4821-7300", Wanted(receipt="26-4821-7300", household_number="2648217300")),
    (" 2648 217300 ", Wanted(receipt="26-4821-7300", household_number="2648217300")),
    ("05721 4711", Wanted(number="+4957214711", household_number="057214711")),
    ("+49 5721/4711", Wanted(number="+4957214711")),
    ("31402123456", Wanted(household_number="31402123456")),
    ("4711", Wanted(number="+4957214711")),
]


@pytest.mark.parametrize(("typed", "wanted"), QUERIES)
def test_digits_are_read_as_what_they_may_mean(typed: str, wanted: Wanted) -> None:
    assert read_query(typed, config()) == wanted


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("", "Bitte eine Vorgangsnummer"),
        ("   ", "Bitte eine Vorgangsnummer"),
        ("Kruse", "nicht nach Namen"),
        ("' OR 1=1 --", "nicht nach Namen"),
        ("26-4821-7301", "Tippfehler"),
        ("12", "nicht nach Namen"),
        ("1" * 41, "höchstens 40"),
    ],
)
def test_nonsense_is_answered_in_plain_words(typed: str, part: str) -> None:
    with pytest.raises(FormError) as refused:
        read_query(typed, config())
    assert part in refused.value.findings["q"]


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    try:
        found = read_query(typed, SHIPPED)
    except FormError:
        return
    assert found != Wanted()


SHIPPED = config()
