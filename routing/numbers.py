"""Decides what telephone numbers mean: who calls, whom we may ring back, how a number is shown and dialled.

Everything a caller's device sends is untrusted: only "+" and digits as a whole are ever taken as a number.
"""

import re
from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from config.schema import OutgoingFormat
from config.telephone import canonical

_NUMBER = re.compile(r"\+?[0-9]{1,20}", re.ASCII)
_BRACKETED = re.compile(r'(?:[^"<]|"(?:[^"\\]|\\.)*+")*+<([^<>]*)>', re.DOTALL)
"""Whatever stands before the first "<" outside quotes, then the address."""
_BARE = re.compile(r'[^<>"\s]+')
_EMERGENCY = {"110", "112"}
_MAY_RING = {PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


class NumberPlan:
    """Numbers as seen from our place in the network; codes without "+" and leading zeros."""

    def __init__(self, country_code: str, area_code: str) -> None:
        self._country_code = country_code
        self._area_code = area_code

    def caller(self, raw: str, without_prefix: Literal["local", "international"]) -> str | None:
        """The caller's number as E.164; None when it is withheld, forged or no valid number.

        `without_prefix` says what a number without "+" and "0" is on this gateway: "9824" or "4957219824".
        """
        if not _NUMBER.fullmatch(raw) or raw in _EMERGENCY:
            return None
        if without_prefix == "international" and raw[0] not in "+0":
            raw = f"+{raw}"
        return canonical(raw, self._country_code, self._area_code)

    def entered(self, digits: str) -> str | None:
        """A number typed by keypad with its area code (0… or 00…), as E.164; None unless we may ring it."""
        if not digits.startswith("0") or not _NUMBER.fullmatch(digits):
            return None
        number = canonical(digits, self._country_code, self._area_code)
        return number if self.may_call_back(number) else None

    def may_call_back(self, e164: str | None) -> bool:
        """Fixed and mobile numbers of our own country; never withheld, foreign, premium or emergency numbers."""
        parsed = _parsed(e164)
        if parsed is None or str(parsed.country_code) != self._country_code:
            return False
        national = phonenumbers.national_significant_number(parsed)
        subscriber = national[phonenumbers.length_of_geographical_area_code(parsed) :]
        return phonenumbers.number_type(parsed) in _MAY_RING and subscriber not in _EMERGENCY

    def takes_short_messages(self, e164: str | None) -> bool:
        """Mobile numbers of our own country."""
        parsed = _parsed(e164)
        mobile = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
        return parsed is not None and self.may_call_back(e164) and phonenumbers.number_type(parsed) in mobile

    def display(self, e164: str) -> str:
        """The number as people here read it: "05721 9824", foreign ones "+33 1 42 68 53 00"."""
        parsed = _parsed(e164)
        if parsed is None:
            return e164
        ours = str(parsed.country_code) == self._country_code
        return phonenumbers.format_number(
            parsed, PhoneNumberFormat.NATIONAL if ours else PhoneNumberFormat.INTERNATIONAL
        )

    def outgoing(self, e164: str, written: OutgoingFormat) -> str:
        """The number as this gateway wants it dialled. Raises ValueError for anything but valid E.164."""
        if _parsed(e164) is None:
            raise ValueError("only a valid number in E.164 can be dialled")
        own = f"+{self._country_code}"
        if written is OutgoingFormat.PLUS:
            return e164
        if written is OutgoingFormat.NATIONAL and e164.startswith(own):
            return f"0{e164.removeprefix(own)}"
        return f"00{e164[1:]}"


def header_number(header: str) -> str:
    """The user part of a raw From or P-Asserted-Identity header, still %-encoded; "" when there is none."""
    bracketed = _BRACKETED.match(header)
    address = bracketed.group(1) if bracketed else header.strip()
    scheme, colon, rest = address.partition(":")
    if not colon or (not bracketed and not _BARE.fullmatch(address)):
        return ""
    if scheme.lower() == "tel":
        return rest.partition(";")[0]
    user, at, _ = rest.partition("@")
    return user.partition(";")[0].partition(":")[0] if at and scheme.lower() in ("sip", "sips") else ""


def _parsed(e164: str | None) -> phonenumbers.PhoneNumber | None:
    if e164 is None or not e164.startswith("+") or not _NUMBER.fullmatch(e164):
        return None
    try:
        parsed = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return None
    return parsed if phonenumbers.is_valid_number(parsed) else None
