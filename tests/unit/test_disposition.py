"""What each way of concluding a call demands."""

import pytest

from agents.disposition import DEMANDS, LABELS, Outcome, read_disposition
from agents.forms import FormError
from config.schema import FieldKind, FormField, HouseholdNumber, RequestType

RENT = RequestType(
    key="rent",
    press="4",
    label="Mietkosten",
    skill="wohnen",
    prompt="4",
    fields=[FormField(key="new_rent", label="Neue Warmmiete", kind=FieldKind.MONEY, required=True)],
)
PERSON = {
    "family_name": "von der Ahe",
    "given_name": "Jörg",
    "household_number": "1234567",
    "phone": "05721 9824",
    "best_time": "vormittags",
}


def findings(outcome: str, person: dict[str, str], form: dict[str, str], note: str = "") -> dict[str, str]:
    with pytest.raises(FormError) as refused:
        read_disposition(outcome, RENT, person, form, note)
    return refused.value.findings


@pytest.mark.parametrize("outcome", ["settled", "no_request"])
def test_settled_call_demands_nothing(outcome: str) -> None:
    written = read_disposition(outcome, RENT, {}, {}, " kurz ")
    assert (written.outcome, written.note, written.form) == (Outcome(outcome), "kurz", {})


def test_forwarded_request_is_kept_with_person_and_form() -> None:
    written = read_disposition("forwarded", RENT, PERSON, {"new_rent": "512,50"}, "")
    assert (written.family_name, written.given_name, written.best_time) == ("von der Ahe", "Jörg", "vormittags")
    assert (written.phone, written.household_number) == ("+4957219824", "1234567")
    assert written.form == {"new_rent": "512.50"}


@pytest.mark.parametrize("missing", PERSON)
def test_forwarded_request_demands_each_part_of_the_person(missing: str) -> None:
    found = findings("forwarded", {**PERSON, missing: "  "}, {"new_rent": "1"})
    assert found == {missing: f"Bitte „{LABELS[missing]}“ ausfüllen."}


def test_forwarded_request_says_everything_that_is_missing_at_once() -> None:
    assert findings("forwarded", {}, {}).keys() == {*PERSON, "form.new_rent"}


def test_callback_demands_a_number_that_can_be_called() -> None:
    assert findings("callback", {}, {}).keys() == {"phone"}
    assert findings("callback", {"phone": "110"}, {}).keys() == {"phone"}
    assert read_disposition("callback", RENT, {"phone": "0171 1234567"}, {}, "").phone == "+491711234567"


@pytest.mark.parametrize("number", ["12345", "1234567890123", "12A456", "١٢٣٤٥٦"])
def test_household_number_of_the_wrong_shape_is_refused(number: str) -> None:
    found = findings("forwarded", {**PERSON, "household_number": number}, {"new_rent": "1"})
    assert "6 bis 12 Ziffern" in found["household_number"]


@pytest.mark.parametrize(("typed", "kept"), [("123-456/7", "1234567"), ("unbekannt", ""), ("Unbekannt", "")])
def test_household_number_may_be_grouped_or_unknown(typed: str, kept: str) -> None:
    written = read_disposition("forwarded", RENT, {**PERSON, "household_number": typed}, {"new_rent": "1"}, "")
    assert written.household_number == kept


def test_length_of_the_household_number_is_configured() -> None:
    written = read_disposition(
        "forwarded", RENT, {**PERSON, "household_number": "1234"}, {"new_rent": "1"}, "",
        household=HouseholdNumber(min_digits=4, max_digits=4),
    )  # fmt: skip
    assert written.household_number == "1234"


def test_unknown_outcome_and_over_long_note_are_said_together() -> None:
    assert findings("erledigt", {}, {}, "x" * 4001).keys() == {"outcome", "note"}


def test_every_outcome_has_its_demands() -> None:
    assert DEMANDS.keys() == set(Outcome)
