"""Decides what a number as people write it is internationally, before phonenumbers sees it.

phonenumbers alone turns `4957219824` (no plus) into the valid but wrong `+494957219824`.
"""

import phonenumbers


def canonical(raw: str, country_code: str, area_code: str) -> str | None:
    """`raw` (digits, optional leading "+"; local without "0") as E.164; None when it is no valid number."""
    if raw.startswith("+"):
        number = raw
    elif raw.startswith("00"):
        number = f"+{raw[2:]}"
    elif raw.startswith("0"):
        number = f"+{country_code}{raw[1:]}"
    else:
        number = f"+{country_code}{area_code}{raw}"
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
