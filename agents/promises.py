"""What a caller and a case worker get in writing or by voice: the receipt number and the mail.

A receipt is read out on the telephone and repeated by the caller: digits only, in groups, "26-4821-7300".
Two digits of the year, seven random ones, and a check digit by H. Michael Damm ("Total anti-symmetrische
Quasigruppen", Marburg 2004), which finds every single wrong digit and every swap of two neighbours.
Nothing about the caller or the matter can be derived from it.
"""

from datetime import datetime
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from config.schema import HotlineConfig
from routing.case_workers import label

DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
WEEKDAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
MONTHS = (
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
)
DIGITS = 10


class Occasion(StrEnum):
    """Why a mail about a promise is written."""

    NEW = "new"
    HANDED_ON = "handed_on"
    REMINDER = "reminder"
    OVERDUE = "overdue"


class Random(Protocol):
    """What `random.SystemRandom` offers; a seeded one in tests."""

    def randrange(self, start: int, /) -> int: ...


class Promised(Protocol):
    """The parts of a promise that may stand in a mail."""

    @property
    def receipt(self) -> str: ...
    @property
    def request_type(self) -> str: ...
    @property
    def due(self) -> datetime: ...


def new_receipt(random: Random, year: int) -> str:
    """A fresh receipt number; whether it is unused only the database knows."""
    body = f"{year % 100:02}{random.randrange(10**7):07}"
    return _grouped(body + check_digit(body))


def check_digit(digits: str) -> str:
    """The digit that makes `digits` plus it valid."""
    interim = 0
    for digit in digits:
        interim = int(DAMM[interim][int(digit)])
    return str(interim)


def canonical_receipt(text: str) -> str | None:
    """The receipt as we write it, from what someone typed with any spaces and hyphens; None if it is none."""
    digits = "".join(ch for ch in text if ch not in " -–\t\u00a0")
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdecimal()) or check_digit(digits) != "0":
        return None
    return _grouped(digits)


def valid_receipt(text: str) -> bool:
    """Whether this can be a receipt of ours: ten digits whose last one fits."""
    return canonical_receipt(text) is not None


def german_moment(at: datetime, zone: str) -> str:
    """Day and time as a letter writes them: "Dienstag, 24. November 2026, 18 Uhr"."""
    local = at.astimezone(ZoneInfo(zone))
    clock = f"{local.hour} Uhr" if local.minute == 0 else f"{local.hour}:{local.minute:02} Uhr"
    return f"{WEEKDAYS[local.weekday()]}, {local.day}. {MONTHS[local.month - 1]} {local.year}, {clock}"


def short_message_for(receipt: str, due: datetime, zone: str) -> str:
    """What the caller gets: receipt and due day; neither who we are nor what it is about."""
    day = german_moment(due, zone).rpartition(",")[0]
    return f"Ihre Vorgangsnummer: {receipt}. Sie erhalten eine Antwort bis {day}."


def mail_for(promise: Promised, link: str, config: HotlineConfig, occasion: Occasion = Occasion.NEW) -> tuple[str, str]:
    """Subject and body for the case worker. The subject is neutral; the body has receipt, type, due time and
    link, nothing else: who receives benefits is itself a social datum (§ 35 SGB I)."""
    before, opening = OPENINGS[occasion]
    body = BODY.format(
        opening=opening,
        receipt=promise.receipt,
        label=label(config, promise.request_type),
        due=german_moment(promise.due, config.hotline.timezone),
        link=link,
    )
    return f"{before}Rückfrage aus dem Telefonservice {promise.receipt}", body


OPENINGS = {
    Occasion.NEW: ("", "eine Rückfrage aus dem Telefonservice wartet auf Ihre Antwort."),
    Occasion.HANDED_ON: ("", "eine Rückfrage aus dem Telefonservice wurde an Sie weitergegeben."),
    Occasion.REMINDER: ("Erinnerung: ", "diese Rückfrage aus dem Telefonservice ist noch offen."),
    Occasion.OVERDUE: (
        "Überfällig: ",
        "diese Rückfrage aus dem Telefonservice wurde nicht bis zum zugesagten Zeitpunkt beantwortet.",
    ),
}
"""What stands before the usual subject, and the first sentence."""
BODY = """\
Guten Tag,

{opening}

Vorgang:  {receipt}
Thema:    {label}
Zugesagt: {due}

Einzelheiten und Bestätigung:
{link}

Bitte bestätigen Sie dort, sobald die Person eine Antwort hat.
Diese Nachricht wurde automatisch erstellt.
"""


def _grouped(digits: str) -> str:
    return f"{digits[:2]}-{digits[2:6]}-{digits[6:]}"
