"""How a call can be concluded, and what each conclusion demands of the agent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agents.forms import GERMANY, LONGEST_NOTE, FieldError, FormError, read_form, read_phone, read_text
from config.schema import HouseholdNumber, RequestType
from routing.numbers import NumberPlan

UNKNOWN = "unbekannt"
"""What an agent writes when the caller does not have the number of the Bedarfsgemeinschaft at hand."""


class Outcome(StrEnum):
    SETTLED = "settled"
    FORWARDED = "forwarded"
    CALLBACK = "callback"
    NO_REQUEST = "no_request"


OUTCOMES = {
    Outcome.SETTLED: "Erledigt",
    Outcome.FORWARDED: "Weitergegeben",
    Outcome.CALLBACK: "Rückruf",
    Outcome.NO_REQUEST: "Kein Anliegen",
}
"""What people read."""
LABELS = {
    "family_name": "Familienname",
    "given_name": "Vorname",
    "household_number": "Nummer der Bedarfsgemeinschaft",
    "phone": "Telefonnummer",
    "best_time": "Am besten erreichbar",
    "note": "Notiz",
    "outcome": "Ergebnis",
}
PERSON = ("family_name", "given_name", "household_number", "phone", "best_time")
DEMANDS: dict[Outcome, tuple[str, ...]] = {
    Outcome.SETTLED: (),
    Outcome.FORWARDED: PERSON,
    Outcome.CALLBACK: ("phone",),
    Outcome.NO_REQUEST: (),
}

CORRECTABLE: dict[Outcome, tuple[Outcome, ...]] = {
    Outcome.SETTLED: tuple(Outcome),
    Outcome.FORWARDED: (Outcome.FORWARDED,),
    Outcome.CALLBACK: (Outcome.CALLBACK,),
    Outcome.NO_REQUEST: tuple(Outcome),
}
"""What each outcome can become afterwards: a caller who was promised an answer or a call is not let down."""


@dataclass(frozen=True, slots=True)
class Disposition:
    """What the agent wrote, checked; the person's fields are "" where they were not asked for."""

    outcome: Outcome
    note: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    family_name: str = ""
    given_name: str = ""
    household_number: str = ""
    phone: str = ""
    best_time: str = ""


def read_disposition(
    outcome: str,
    request_type: RequestType,
    person: Mapping[str, str],
    form: Mapping[str, str],
    note: str,
    numbers: NumberPlan = GERMANY,
    household: HouseholdNumber | None = None,
) -> Disposition:
    """The disposition, or FormError with every finding: keys as in LABELS, `form.<key>` for the type's fields."""
    findings: dict[str, str] = {}
    chosen = _outcome(outcome, findings)
    found = _person(chosen, person, findings, numbers, household or HouseholdNumber())
    fields: dict[str, str] = {}
    try:
        fields = read_form(request_type, form, numbers, require=chosen is Outcome.FORWARDED)
    except FormError as error:
        findings.update({f"form.{key}": text for key, text in error.findings.items()})
    written = _kept(findings, "note", lambda: read_text(note, LABELS["note"], LONGEST_NOTE))
    if findings:
        raise FormError(findings)
    return Disposition(chosen, written, fields, **found)


def _outcome(outcome: str, findings: dict[str, str]) -> Outcome:
    try:
        return Outcome(outcome)
    except ValueError:
        findings["outcome"] = "Bitte wählen, wie das Anliegen abgeschlossen wird."
        return Outcome.SETTLED


def _person(
    outcome: Outcome,
    person: Mapping[str, str],
    findings: dict[str, str],
    numbers: NumberPlan,
    household: HouseholdNumber,
) -> dict[str, str]:
    readers: dict[str, Callable[[str, str], str]] = {
        "household_number": lambda text, label: _household(text, label, household),
        "phone": lambda text, label: read_phone(text, label, numbers),
    }

    def read(key: str) -> str:
        label = LABELS[key]
        text = read_text(person.get(key, ""), label, 200)
        if not text and key in DEMANDS[outcome]:
            raise FieldError(f"Bitte „{label}“ ausfüllen.")
        return readers[key](text, label) if text and key in readers else text

    return {key: _kept(findings, key, lambda key=key: read(key)) for key in PERSON}  # type: ignore[misc]


def _kept(findings: dict[str, str], key: str, read: Callable[[], str]) -> str:
    try:
        return read()
    except FieldError as finding:
        findings[key] = str(finding)
        return ""


def _household(text: str, label: str, household: HouseholdNumber) -> str:
    if text.lower() == UNKNOWN:
        return ""
    digits = "".join(ch for ch in text if ch not in " /-.")
    fits = household.min_digits <= len(digits) <= household.max_digits
    if not (fits and digits.isascii() and digits.isdecimal()):
        span = f"{household.min_digits} bis {household.max_digits}"
        raise FieldError(f"„{label}“ hat {span} Ziffern; wenn sie nicht vorliegt, „{UNKNOWN}“ eintragen.")
    return digits
