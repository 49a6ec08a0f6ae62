"""What agents type into the fields of a request type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.forms import FormError, read_form
from config.schema import FieldKind, FormField, RequestType
from routing.numbers import NumberPlan

PLAN = NumberPlan("49", "5721")


def a_type(*fields: FormField) -> RequestType:
    return RequestType(key="rent", press="4", label="Mietkosten", skill="wohnen", prompt="4", fields=list(fields))


def one(kind: str, **more: object) -> RequestType:
    return a_type(FormField(key="field", label="Feld", kind=FieldKind(kind), **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("text", "  Breite Str. 12\n31655 Stadthagen ", "Breite Str. 12\n31655 Stadthagen"),
        ("text", "a\x00b\x1b[2Jc\r\nd\ud83d", "ab[2Jc\nd?"),
        ("date", "24.11.2026", "2026-11-24"),
        ("date", "1.3.2027", "2027-03-01"),
        ("date", "24. 11. 2026", "2026-11-24"),
        ("date", "2026-11-24", "2026-11-24"),
        ("date", "29.02.2028", "2028-02-29"),
        ("money", "512,50", "512.50"),
        ("money", "512,5", "512.50"),
        ("money", "512", "512.00"),
        ("money", "512.50", "512.50"),
        ("money", "1.234", "1234.00"),
        ("money", "1.234,56 €", "1234.56"),
        ("money", "0512,-", "512.00"),
        ("money", "0", "0.00"),
        ("number", "3", "3"),
        ("number", "007", "7"),
        ("phone", "05721 / 98 24", "+4957219824"),
        ("phone", "+49 (0) 5721-9824", "+4957219824"),
        ("phone", "0049 5721 9824", "+4957219824"),
        ("phone", "0171 1234567", "+491711234567"),
    ],
)
def test_field_is_kept_in_one_form(kind: str, typed: str, kept: str) -> None:
    assert read_form(one(kind), {"field": typed}, PLAN) == {"field": kept}


@pytest.mark.parametrize(
    ("kind", "typed", "hint"),
    [
        ("text", "x" * 501, "zu lang"),
        ("date", "24.11.26", "zum Beispiel 24.11.2026"),
        ("date", "11/24/2026", "zum Beispiel 24.11.2026"),
        ("date", "31.02.2026", "den 31.2.2026 gibt es nicht"),
        ("date", "2026-13-01", "gibt es nicht"),
        ("date", "24.11.0226", "das Jahr 226 prüfen"),
        ("date", "morgen", "ein Datum"),
        ("date", "٢٤.١١.٢٠٢٦", "ein Datum"),
        ("money", "1.23.4", "Betrag"),
        ("money", "-5", "Betrag"),
        ("money", "fünf", "Betrag"),
        ("money", "1,234,50", "Betrag"),
        ("money", "9" * 20, "Betrag"),
        ("number", "2,5", "ganze Zahl"),
        ("number", "²", "ganze Zahl"),
        ("phone", "9824", "mit Vorwahl"),
        ("phone", "110", "Telefonnummer"),
        ("phone", "0900 1234567", "Telefonnummer"),
        ("phone", "anrufen", "Telefonnummer"),
    ],
)
def test_field_that_cannot_be_kept_is_said_in_german_with_its_label(kind: str, typed: str, hint: str) -> None:
    with pytest.raises(FormError) as refused:
        read_form(one(kind), {"field": typed}, PLAN)
    [(key, text)] = refused.value.findings.items()
    assert key == "field"
    assert "„Feld“" in text
    assert hint in text


def test_choice_is_one_of_those_configured() -> None:
    wanted = one("choice", choices=["zieht ein", "zieht aus"])
    assert read_form(wanted, {"field": "zieht ein"}) == {"field": "zieht ein"}
    with pytest.raises(FormError, match="zieht ein, zieht aus"):
        read_form(wanted, {"field": "Zieht ein"})


def test_all_findings_come_at_once() -> None:
    wanted = a_type(
        FormField(key="rent", label="Miete", kind=FieldKind.MONEY, required=True),
        FormField(key="since", label="Seit", kind=FieldKind.DATE, required=True),
        FormField(key="why", label="Grund"),
    )
    with pytest.raises(FormError) as refused:
        read_form(wanted, {"since": "neulich", "why": "", "other": "verirrt"})
    assert refused.value.findings.keys() == {"rent", "since", "other"}
    assert refused.value.findings["rent"] == "Bitte „Miete“ ausfüllen."


def test_empty_required_field_is_accepted_when_nothing_is_forwarded() -> None:
    assert read_form(one("money", required=True), {"field": " "}, require=False) == {}


def test_value_that_is_no_text_is_refused() -> None:
    with pytest.raises(FormError, match="Text"):
        read_form(one("text"), {"field": ["x"]})  # type: ignore[dict-item]


@given(st.sampled_from(["text", "date", "money", "number", "phone"]), st.text(max_size=40))
def test_any_text_is_either_kept_or_refused_and_what_is_kept_can_be_read_again(kind: str, typed: str) -> None:
    try:
        kept = read_form(one(kind), {"field": typed}, PLAN)
    except FormError:
        return
    assert read_form(one(kind), kept, PLAN) == kept
