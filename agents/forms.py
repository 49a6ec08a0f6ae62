"""Whether what an agent typed into the fields of a request type can be kept, and in which form it is kept.

Dates become ISO ("2026-11-24"), money euros and cents ("512.50"), phone numbers E.164; findings are German
sentences, one for each field.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from config.schema import FieldKind, FormField, RequestType
from routing.numbers import NumberPlan

LONGEST_TEXT = 500
LONGEST_NOTE = 4000
GERMANY = NumberPlan("49", "")
"""Completes numbers that are written with their area code."""


class FormError(ValueError):
    """Some fields cannot be kept; `findings` has a German sentence for each, by the field's key."""

    def __init__(self, findings: dict[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {text}" for key, text in findings.items()))
        self.findings = findings


class FieldError(ValueError):
    """One field cannot be kept; the text is German."""


def read_form(
    request_type: RequestType,
    values: Mapping[str, str],
    numbers: NumberPlan = GERMANY,
    require: bool = True,
) -> dict[str, str]:
    """The fields in the form in which they are kept, empty ones left out; FormError with all findings at once.

    `require=False` accepts empty required fields: a matter settled on the telephone needs no form.
    """
    fields = {field.key: field for field in request_type.fields}
    findings = {
        key: f"Dieses Feld gehört nicht zu „{request_type.label}“."
        for key, value in values.items()
        if key not in fields and str(value).strip()
    }
    form: dict[str, str] = {}
    for key, field in fields.items():
        try:
            if value := read_field(field, values.get(key, ""), numbers, require):
                form[key] = value
        except FieldError as finding:
            findings[key] = str(finding)
    if findings:
        raise FormError(findings)
    return form


def read_field(field: FormField, value: object, numbers: NumberPlan, require: bool = True) -> str:
    """One field in the form in which it is kept; "" when it is empty and may be. Raises FieldError."""
    text = read_text(value, field.label, LONGEST_TEXT)
    if not text:
        if field.required and require:
            raise FieldError(f"Bitte „{field.label}“ ausfüllen.")
        return ""
    if field.kind is FieldKind.PHONE:
        return read_phone(text, field.label, numbers)
    if field.kind is FieldKind.CHOICE:
        return _choice(text, field)
    reader = READERS.get(field.kind)
    return reader(text, field.label) if reader else text


def read_text(value: object, label: str, longest: int) -> str:
    """Trimmed text without control characters other than line breaks. Raises FieldError when it is too long."""
    if not isinstance(value, str):
        raise FieldError(f"„{label}“ muss ein Text sein.")
    storable = value.replace("\r\n", "\n").encode("utf-8", "replace").decode()
    text = "".join(ch for ch in storable if ch in "\n\t" or ch.isprintable() or ch == "\u00a0").strip()
    if len(text) > longest:
        raise FieldError(f"„{label}“ ist zu lang: höchstens {longest} Zeichen.")
    return text


def read_phone(text: str, label: str, numbers: NumberPlan) -> str:
    """E.164 of a number as people write it: "05721 / 98 24", "+49 (0)5721-9824". Raises FieldError."""
    compact = re.sub(r"[\s/().–-]", "", text.replace("(0)", "") if text.lstrip().startswith(("+", "00")) else text)
    digits = "00" + compact[1:] if compact.startswith("+") else compact
    found = numbers.entered(digits) if digits.isascii() and digits.isdecimal() else None
    if found is None:
        raise FieldError(f"„{label}“ ist keine gültige Telefonnummer; bitte mit Vorwahl, zum Beispiel 05721 9824.")
    return found


def in_words(field: FormField, value: str) -> str:
    """A kept value as people write it: dates as 24.11.2026, money as 512,50 €."""
    if field.kind is FieldKind.DATE:
        return ".".join(reversed(value.split("-")))
    return f"{value.replace('.', ',')} €" if field.kind is FieldKind.MONEY else value


def _date(text: str, label: str) -> str:
    match = re.fullmatch(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", text, re.ASCII)
    iso = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text, re.ASCII)
    if match is None and iso is None:
        raise FieldError(f"„{label}“ muss ein Datum sein, zum Beispiel 24.11.2026.")
    year, month, day = (int(part) for part in (match.groups()[::-1] if match else iso.groups() if iso else ()))
    try:
        found = date(year, month, day)
    except ValueError:
        raise FieldError(f"„{label}“: den {day}.{month}.{year} gibt es nicht.") from None
    if not 1900 <= found.year <= 2100:
        raise FieldError(f"„{label}“: bitte das Jahr {found.year} prüfen.")
    return found.isoformat()


def _money(text: str, label: str) -> str:
    bare = re.sub(r"\s*(€|EUR|Euro)$", "", text, flags=re.IGNORECASE)
    german = re.fullmatch(r"(\d{1,3}(?:\.\d{3})+|\d{1,9})(?:,(\d{1,2}))?(?:,-)?", bare, re.ASCII)
    english = re.fullmatch(r"(\d{1,9})\.(\d{1,2})", bare, re.ASCII)
    match = german or english
    if match is None:
        raise FieldError(f"„{label}“ muss ein Betrag in Euro sein, zum Beispiel 512,50.")
    euros, cents = match[1].replace(".", ""), (match[2] or "").ljust(2, "0")
    return str(Decimal(f"{int(euros)}.{cents}"))


def _number(text: str, label: str) -> str:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise FieldError(f"„{label}“ muss eine ganze Zahl sein, zum Beispiel 3.")
    return str(int(text))


def _choice(text: str, field: FormField) -> str:
    if text not in field.choices:
        raise FieldError(f"„{field.label}“: bitte eines wählen aus {', '.join(field.choices)}.")
    return text


READERS: dict[FieldKind, Callable[[str, str], str]] = {
    FieldKind.DATE: _date,
    FieldKind.MONEY: _money,
    FieldKind.NUMBER: _number,
}
