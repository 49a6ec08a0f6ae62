"""Whom an agent may choose for a promise, and what a case worker can report of it: German findings by field."""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from agents.forms import FieldError, FormError, read_text
from config.schema import HotlineConfig
from routing.case_workers import TEAM, Choice, Responsible, choices, chosen
from routing.hours import Calendar
from routing.numbers import NumberPlan

WAYS = {"phone": "Telefonisch", "letter": "Mit einem Brief", "email": "Mit einer E-Mail"}
"""How a caller can be answered: a code, and what the case worker reads."""
LONGEST_NOTE = 1000
LONGEST_REASON = 500


def read_choice(
    config: HotlineConfig, ruled: Responsible, values: Mapping[str, str], agent: str
) -> tuple[Responsible, str]:
    """Who is to answer, and why not who the rule says ("" when it is).

    `values["responsible"]` is a key of `routing.case_workers.choices`, empty to follow the rule. Whoever chooses
    somebody else gives a reason in `values["responsible_reason"]`. `agent` is the full name.
    """
    key = values.get("responsible", "").strip()
    if not key or key == ruled.key:
        return ruled, ""
    found = chosen(config, key, f"Von {agent} ausgewählt; nach der Regel: {ruled.name} ({ruled.rule})")
    if found is None:
        raise FormError({"responsible": "Bitte wählen Sie aus der Liste, wer zuständig ist."})
    return found, read_reason(values.get("responsible_reason", ""), "responsible_reason")


def wants_receipt(config: HotlineConfig, values: Mapping[str, str], phone: str) -> bool:
    """Whether the caller wants the receipt by short message at that number (E.164): `values["sms"]` is "yes"."""
    if values.get("sms", "") != "yes" or config.sms is None:
        return False
    if not NumberPlan(config.hotline.country_code, config.hotline.area_code).takes_short_messages(phone):
        raise FormError({"sms": "An diese Telefonnummer geht keine SMS; dafür bitte eine Mobilnummer eintragen."})
    return True


def read_way(how: str) -> str:
    if how not in WAYS:
        raise FormError({"how": "Bitte wählen Sie, wie Sie geantwortet haben."})
    return how


def read_note(text: str) -> str:
    return _read("note", "Notiz", text, LONGEST_NOTE)


def read_reason(text: str, field: str = "reason") -> str:
    """A reason must be given; `field` is where the finding belongs."""
    reason = _read(field, "Grund", text, LONGEST_REASON)
    if not reason:
        raise FormError({field: "Bitte nennen Sie einen Grund."})
    return reason


def delays(config: HotlineConfig, due: datetime, now: datetime) -> list[datetime]:
    """The times to which an answer due then can be put off: ends of working days after today and after that day."""
    zone = ZoneInfo(config.hotline.timezone)
    promised = due.astimezone(zone).date()
    ends = Calendar(config).working_day_ends(now, config.promises.longest_delay_days)
    return [end for end in ends if end.date() > promised]


def read_delay(config: HotlineConfig, due: datetime, now: datetime, day: str) -> datetime:
    """The new due time, from a day as "2026-11-27"."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise FormError({"day": "Bitte wählen Sie den Tag, bis zu dem es dauert."}) from None
    possible = delays(config, due, now)
    for end in possible:
        if end.date() == wanted:
            return end
    if not possible:
        raise FormError({"day": "Weiter lässt sich die Antwort nicht hinausschieben."})
    last = f"{possible[-1]:%d.%m.%Y}"
    raise FormError({"day": f"Bitte wählen Sie einen Arbeitstag nach dem zugesagten, spätestens den {last}."})


def others(config: HotlineConfig, holder: str | None, on: date) -> list[Choice]:
    """To whom whoever has that address could hand a request on that is due that day."""
    left_out = TEAM if holder == config.mail.team_mailbox else holder
    return [choice for choice in choices(config, on) if choice.key != left_out]


def read_other(config: HotlineConfig, holder: str | None, to: str, before: str) -> Responsible:
    """Who answers from now on; `before` is the name of whoever did until now."""
    found = chosen(config, to, f"Weitergegeben von {before}")
    if found is None or found.email == holder:
        raise FormError({"to": "Bitte wählen Sie, an wen es geht."})
    return found


def _read(field: str, label: str, text: str, longest: int) -> str:
    try:
        return read_text(text, label, longest)
    except FieldError as finding:
        raise FormError({field: str(finding)}) from None
