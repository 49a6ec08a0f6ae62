"""Numbers: only what is a number as a whole counts, and only our own country's ordinary numbers are rung back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import OutgoingFormat
from config.telephone import canonical
from routing.numbers import NumberPlan, header_number

PLAN = NumberPlan("49", "5721")

CALLERS = [
    ("+4957219999", "local", "+4957219999"),
    ("004957219999", "local", "+4957219999"),
    ("057219999", "local", "+4957219999"),
    ("9999", "local", "+4957219999"),
    ("4957219824", "international", "+4957219824"),
    ("+4957219824", "international", "+4957219824"),
    ("057219824", "international", "+4957219824"),
    ("33142685300", "international", "+33142685300"),
    ("0033142685300", "local", "+33142685300"),
    ("015112345678", "local", "+4915112345678"),
    ("+49057219999", "local", "+4957219999"),
    ("", "local", None),
    ("anonymous", "local", None),
    ("Anonymous", "local", None),
    ("unknown", "local", None),
    ("110", "local", None),
    ("112", "international", None),
    ("+", "local", None),
    ("+49", "local", None),
    ("0", "local", None),
    ("00", "international", None),
    ("+4957219999\n", "local", None),
    ("05%0d%0a%0d%0aEvent%3a%20Hangup", "local", None),
    ("${SHELL(id)}", "local", None),
    ("0572-19999", "local", None),
    ("٠٥٧٢١٩٨٢٤", "local", None),
    ("+4957219999;ext=1", "local", None),
    ("++4957219999", "local", None),
    ("9" * 200, "local", None),
]


@pytest.mark.parametrize(("raw", "without_prefix", "number"), CALLERS)
def test_a_caller_is_a_valid_number_or_nobody(raw: str, without_prefix: str, number: str | None) -> None:
    assert PLAN.caller(raw, without_prefix) == number  # type: ignore[arg-type]


def test_a_number_without_plus_is_not_given_the_country_code_twice() -> None:
    assert PLAN.caller("4957219824", "international") == "+4957219824"
    assert canonical("4957219824", "49", "5721") != "+494957219824"


@given(raw=st.text(max_size=30) | st.text(alphabet="+0123456789", max_size=24))
def test_whatever_a_header_holds_the_caller_is_plus_and_digits_or_none(raw: str) -> None:
    for rule in ("local", "international"):
        number = PLAN.caller(raw, rule)  # type: ignore[arg-type]
        assert number is None or (number[0] == "+" and number[1:].isascii() and number[1:].isdigit())
        assert number is None or PLAN.caller(number, rule) == number  # type: ignore[arg-type]


ENTERED = [
    ("057219999", "+4957219999"),
    ("004957219999", "+4957219999"),
    ("015112345678", "+4915112345678"),
    ("9999", None),
    ("110", None),
    ("112", None),
    ("0110", None),
    ("00112", None),
    ("05721110", None),
    ("0033142685300", None),
    ("09001234567", None),
    ("", None),
    ("0", None),
    ("0000", None),
    ("*057219999", None),
    ("0" * 300, None),
]


@pytest.mark.parametrize(("digits", "number"), ENTERED)
def test_a_caller_can_type_only_a_number_that_we_may_ring(digits: str, number: str | None) -> None:
    assert PLAN.entered(digits) == number


CALL_BACK = [
    ("+4957219999", True),
    ("+4915112345678", True),
    ("+49301868100", True),
    (None, False),
    ("", False),
    ("+33142685300", False),
    ("+43142685300", False),
    ("+499001234567", False),
    ("+498001234567", False),
    ("+49110", False),
    ("+49112", False),
    ("+495721110", False),
    ("+495721112", False),
    ("057219999", False),
    ("sip:057219999", False),
]


@pytest.mark.parametrize(("number", "allowed"), CALL_BACK)
def test_only_ordinary_numbers_of_our_country_are_rung_back(number: str | None, allowed: bool) -> None:
    assert PLAN.may_call_back(number) is allowed


SHOWN = [("+4957219824", "05721 9824"), ("+4915112345678", "01511 2345678"), ("+33142685300", "+33 1 42 68 53 00")]


@pytest.mark.parametrize(("number", "shown"), [*SHOWN, ("rubbish", "rubbish")])
def test_numbers_are_shown_as_people_here_read_them(number: str, shown: str) -> None:
    assert PLAN.display(number) == shown


DIALLED = [
    ("+4957219824", OutgoingFormat.PLUS, "+4957219824"),
    ("+4957219824", OutgoingFormat.INTERNATIONAL, "004957219824"),
    ("+4957219824", OutgoingFormat.NATIONAL, "057219824"),
    ("+33142685300", OutgoingFormat.PLUS, "+33142685300"),
    ("+33142685300", OutgoingFormat.INTERNATIONAL, "0033142685300"),
    ("+33142685300", OutgoingFormat.NATIONAL, "0033142685300"),
]


@pytest.mark.parametrize(("number", "written", "dialled"), DIALLED)
def test_numbers_are_dialled_as_the_gateway_wants_them(number: str, written: OutgoingFormat, dialled: str) -> None:
    assert PLAN.outgoing(number, written) == dialled
    assert PLAN.caller(dialled, "local") == number


@pytest.mark.parametrize("number", ["9824", "", "+49110", "+49572198\r\nEvent: Hangup"])
def test_what_is_no_number_is_never_dialled(number: str) -> None:
    with pytest.raises(ValueError, match="valid number"):
        PLAN.outgoing(number, OutgoingFormat.PLUS)


HEADERS = [
    ('"Erika Muster" <sip:+4957219999@10.0.0.1>;tag=1', "+4957219999"),
    ("<sip:057219999@10.0.0.1:5060;user=phone>;tag=1", "057219999"),
    ("Erika <SIPS:057219999@h>", "057219999"),
    ("sip:057219999@h;tag=1", "057219999"),
    (" <tel:+4957219999;phone-context=x>", "+4957219999"),
    ("tel:+4957219999", "+4957219999"),
    ("<sip:+4957219999;phone-context=+49@h;user=phone>", "+4957219999"),
    ("<sip:user:password@h>", "user"),
    ("<sip:057219999@h>, <tel:+4957219999>", "057219999"),
    ('"a \\" <sip:1@x>" <sip:2@y>', "2"),
    ('"<sip:1@x>" <sip:2@y>', "2"),
    ('Frau "<sip:1@x>" M <sip:2@y>', "2"),
    ("<sip:05%0d%0aEvent%3a%20Hangup@h>", "05%0d%0aEvent%3a%20Hangup"),
    ("<sip:anonymous@anonymous.invalid>", "anonymous"),
    ("<sip:h>", ""),
    ("<sip:@h>", ""),
    ("<mailto:a@b>", ""),
    ("<sip:1@x", ""),
    ('"never closed <sip:1@x>', ""),
    ("", ""),
    ("057219999", ""),
    ("Anonymous", ""),
    ("sip:1@x <", ""),
]


@pytest.mark.parametrize(("header", "user"), HEADERS)
def test_the_number_in_a_header_is_the_user_part_of_its_address(header: str, user: str) -> None:
    assert header_number(header) == user


@given(header=st.text(alphabet='"\\<>@:;sip1+ \n', max_size=60))
def test_no_header_breaks_the_reading(header: str) -> None:
    assert "@" not in header_number(header)


def test_a_header_of_64_kilobytes_is_read_at_once() -> None:
    assert header_number('"' + '\\"<' * 20_000) == ""
    assert header_number("a" * 65_000 + "<sip:1@h>") == "1"
