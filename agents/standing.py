"""How a promise stands, in German words: for agents when the client calls again, and for their lead."""

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

ANSWERED = {
    "phone": "erreicht per Telefon",
    "letter": "beantwortet per Brief",
    "email": "beantwortet per E-Mail",
}
KEPT = "kept"


class Standing(Protocol):
    """What is known of a promise; times are aware."""

    @property
    def status(self) -> str: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def kept_at(self) -> datetime | None: ...
    @property
    def how(self) -> str | None: ...
    @property
    def tries(self) -> int: ...
    @property
    def postponed(self) -> int: ...
    @property
    def handed_on(self) -> int: ...
    @property
    def responsible_name(self) -> str | None: ...
    @property
    def undelivered(self) -> bool:
        """Its last mail to the case worker was refused or came back."""


def standing(promise: Standing, now: datetime, zone: ZoneInfo) -> str:
    """ "offen, nicht erreicht (2 Versuche), dauert bis 27.11." or "erreicht per Telefon am 24.11.2026"."""
    if promise.status == KEPT:
        answered = ANSWERED.get(promise.how or "", "beantwortet")
        return answered if promise.kept_at is None else f"{answered} am {promise.kept_at.astimezone(zone):%d.%m.%Y}"
    parts = ["überfällig" if promise.due_at <= now else "offen"]
    if promise.tries:
        parts.append(f"nicht erreicht ({tries_in_words(promise.tries)})")
    if promise.postponed:
        parts.append(f"dauert bis {promise.due_at.astimezone(zone):%d.%m.%Y}")
    if promise.handed_on:
        parts.append(f"weitergegeben an {promise.responsible_name or 'eine andere Stelle'}")
    if promise.undelivered:
        parts.append("E-Mail nicht zustellbar")
    return ", ".join(parts)


def tries_in_words(tries: int) -> str:
    return "1 Versuch" if tries == 1 else f"{tries} Versuche"
