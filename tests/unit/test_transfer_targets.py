"""Whom agents may hand a caller on to, and what Asterisk is told to dial for it."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from agents.transfer import Target, TargetError, TargetKind, by_extension, numbers_allowed, resolve, targets
from config.schema import HotlineConfig
from hotline.state import EXAMPLE
from routing.numbers import NumberPlan

PLAN = NumberPlan("49", "5721")


@cache
def config(*, numbers: bool = False, gateway: str | None = "haus", outgoing: str = "national") -> HotlineConfig:
    raw: dict[str, Any] = YAML(typ="safe").load(EXAMPLE.read_text("utf-8"))
    raw["transfers"] = {"gateway": gateway, "numbers": numbers}
    raw["gateways"][0]["outgoing_format"] = outgoing
    return HotlineConfig.model_validate(raw)


def with_workers(*workers: dict[str, Any]) -> HotlineConfig:
    raw = config(numbers=True).model_dump()
    shared = {"offices": ["stadthagen"], "letters": "A-Z", "types": []}
    return HotlineConfig.model_validate({**raw, "case_workers": [{**shared, **worker} for worker in workers]})


# --- agents --------------------------------------------------------------------------------------


def test_agent_is_found_by_name_and_dialled_inside() -> None:
    assert resolve(config(), "agent", "ben") == Target(
        TargetKind.AGENT, "ben", "Ben Brinkmann", "12", "PJSIP/agent-ben"
    )


def test_agents_are_reached_without_any_gateway() -> None:
    assert resolve(config(gateway=None), "agent", "elif").dial == "PJSIP/agent-elif"


def test_extension_of_a_colleague_is_that_colleague() -> None:
    assert by_extension(config(), "15") == resolve(config(), "agent", "elif")


@pytest.mark.parametrize("kind", ["agent", "case_worker"])
@pytest.mark.parametrize("value", ["", "nobody", "PJSIP/agent-ben", "ben\r\nAction: Originate"])
def test_nobody_is_called_who_is_not_in_the_configuration(kind: str, value: str) -> None:
    with pytest.raises(TargetError, match="gibt es"):
        resolve(config(), kind, value)


def test_unknown_kind_is_refused_in_german() -> None:
    with pytest.raises(TargetError, match="kann nicht verbunden werden"):
        resolve(config(), "queue", "ben")


# --- case workers --------------------------------------------------------------------------------


def test_case_workers_with_a_telephone_are_offered_in_the_order_of_the_file() -> None:
    assert [(target.label, target.dialled, target.dial) for target in targets(config())] == [
        ("Frau Falke", "30", "PJSIP/30@gateway-haus"),
        ("Herr Günther", "05721 9830", "PJSIP/057219830@gateway-haus"),
    ]


@pytest.mark.parametrize(
    ("outgoing", "dialled", "presents"),
    [
        ("national", "057219830", "057219824"),
        ("international", "0049" + "57219830", "0049" + "57219824"),
        ("plus", "+4957219830", "+4957219824"),
    ],
)
def test_numbers_are_dialled_and_ours_is_presented_as_the_gateway_wants_it(
    outgoing: str, dialled: str, presents: str
) -> None:
    target = resolve(config(outgoing=outgoing), "case_worker", "guenther@jobcenter.example")
    assert (target.dial, target.presents) == (f"PJSIP/{dialled}@gateway-haus", presents)


def test_extension_of_the_house_is_dialled_as_it_stands_whatever_the_format() -> None:
    assert resolve(config(outgoing="plus"), "case_worker", "falke@jobcenter.example").dial == "PJSIP/30@gateway-haus"


def test_without_a_gateway_nobody_outside_is_offered() -> None:
    assert targets(config(gateway=None)) == []


def test_case_worker_with_two_rules_is_offered_once() -> None:
    worker = {"name": "Frau Falke", "email": "falke@jobcenter.example"}
    known = with_workers({**worker}, {**worker, "phone": "30"}, {**worker, "phone": "31"})
    assert [target.dialled for target in targets(known)] == ["30"]


@pytest.mark.parametrize("digits", ["30", "9830123", "057219830123", "004957219830123"])
def test_agents_phone_reaches_a_case_worker_by_extension_or_number(digits: str) -> None:
    known = with_workers(
        {"name": "Frau Falke", "email": "f@example.org", "phone": "30"},
        {"name": "Herr G", "email": "g@example.org", "phone": "05721 9830123"},
    )
    target = by_extension(known, digits)
    assert target is not None
    assert target.kind is TargetKind.CASE_WORKER


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["05721 777001", "0 57 21/77 70-01", "+49 5721 777001", "0049 (5721) 777001"])
def test_number_is_taken_as_people_write_it(written: str) -> None:
    target = resolve(config(numbers=True), "number", written)
    assert (target.key, target.label, target.dial) == (
        "+495721777001",
        "05721 777001",
        "PJSIP/05721777001@gateway-haus",
    )


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("110", "Vorwahl"),
        ("112", "Vorwahl"),
        ("0110", "nicht gewählt"),
        ("05721 110", "nicht gewählt"),
        ("0049110", "nicht gewählt"),
        ("9824", "Vorwahl"),
        ("05721 9824", "nicht unsere eigene"),
        ("+49 5721 9824", "nicht unsere eigene"),
        ("0900 5 123456", "nicht gewählt"),
        ("0137 1234567", "nicht gewählt"),
        ("0180 5 123456", "nicht gewählt"),
        ("0033 1 42 68 53 00", "nicht gewählt"),
        ("+1 212 555 1234", "nicht gewählt"),
        ("", "Vorwahl"),
        ("05721 777001@evil.example", "Vorwahl"),
        ("0572177&7001", "Vorwahl"),
        ("05721777001,60,U(x)", "Vorwahl"),
        ("\u0660\u0661\u0662\u0663\u0664\u0665", "Vorwahl"),
    ],
)
def test_number_that_nobody_should_dial_is_refused_with_a_reason(written: str, why: str) -> None:
    with pytest.raises(TargetError, match=why):
        resolve(config(numbers=True), "number", written)


@pytest.mark.parametrize("how", [{"numbers": False}, {"numbers": True, "gateway": None}])
def test_no_number_is_dialled_unless_it_is_allowed(how: dict[str, Any]) -> None:
    assert not numbers_allowed(config(**how))
    with pytest.raises(TargetError, match="außerhalb"):
        resolve(config(**how), "number", "05721 777001")
    assert by_extension(config(**how), "05721777001") is None


@given(st.text(alphabet="0123456789+ -/()abc@&,\r\n${}", max_size=25))
def test_whatever_is_entered_only_digits_reach_asterisk(written: str) -> None:
    try:
        target = resolve(config(numbers=True), "number", written)
    except TargetError:
        return
    digits = target.dial.removeprefix("PJSIP/").removesuffix("@gateway-haus")
    assert digits.isdecimal()
    assert PLAN.may_call_back(target.key)


@given(st.from_regex(r"[0-9]{2,17}", fullmatch=True))
def test_whatever_a_phone_dials_is_somebody_known_or_an_ordinary_number(digits: str) -> None:
    target = by_extension(config(numbers=True), digits)
    if target is not None and target.kind is TargetKind.NUMBER:
        assert digits.startswith("0")
        assert PLAN.may_call_back(target.key)
    elif target is not None:
        assert digits in {target.dialled.replace(" ", ""), "9830", "004957219830"}


@pytest.mark.parametrize("digits", ["", "1", "110", "112", "9824", "057219824", "h", "12\r\nX", "16", "+4957219830"])
def test_what_nobody_has_leads_to_nobody(digits: str) -> None:
    assert by_extension(config(numbers=True), digits) is None
