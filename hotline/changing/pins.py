"""Digits that open a recording by telephone: once, for a short time, and not for whoever tries them all."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.recording import MOST_TRIES, PIN_DIGITS

LIFETIME = timedelta(minutes=10)
MOST = 20
"""Of all admins together; the oldest goes first."""
REFUSED_FOR = timedelta(minutes=10)
"""So long a telephone from which MOST_TRIES wrong ones came opens nothing, counted from the last of them."""
MOST_WRONG = 12
"""Wrong digits from all telephones together while one is valid; then it is no longer."""


@dataclass(slots=True)
class _Pin:
    digits: str
    author: str
    name: str
    until: datetime
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class _Wrong:
    tries: int
    last: datetime


class Pins:
    """In memory: a restart takes them away. One for each admin; a new one takes the place of the one before.

    Wrong digits could have been meant for any of them, so they count against each; but whoever keeps trying from one
    telephone takes them from nobody.
    """

    def __init__(self) -> None:
        self._pins: list[_Pin] = []
        self._wrong: dict[str, _Wrong] = {}
        """By telephone."""

    def give(self, author: str, name: str, now: datetime) -> str:
        """New digits of this admin for that prompt."""
        self._pins = [pin for pin in self._pins if pin.author != author and now < pin.until][-(MOST - 1) :]
        taken = {pin.digits for pin in self._pins}
        digits = next(one for one in iter(_digits, "") if one not in taken)
        self._pins.append(_Pin(digits, author, name, now + LIFETIME))
        return digits

    def refuses(self, phone: str, now: datetime) -> bool:
        """Whether not even the right digits open anything from this telephone now."""
        self._wrong = {name: wrong for name, wrong in self._wrong.items() if now < wrong.last + REFUSED_FOR}
        return phone in self._wrong and self._wrong[phone].tries >= MOST_TRIES

    def take(self, phone: str, digits: str, now: datetime) -> tuple[str, str] | None:
        """Author and prompt of these digits, which are used up then; None for wrong ones, or when it is refused."""
        if self.refuses(phone, now):
            return None
        self._pins = [pin for pin in self._pins if now < pin.until]
        given = digits.encode()
        right = [pin for pin in self._pins if hmac.compare_digest(pin.digits.encode(), given)]
        if right:
            self._pins.remove(right[0])
            self._wrong.pop(phone, None)
            return right[0].author, right[0].name
        self._count(phone, now)
        return None

    def _count(self, phone: str, now: datetime) -> None:
        before = self._wrong[phone].tries if phone in self._wrong else 0
        self._wrong[phone] = _Wrong(before + 1, now)
        for pin in self._pins:
            pin.wrong += 1
        self._pins = [pin for pin in self._pins if pin.wrong < MOST_WRONG]


def _digits() -> str:
    return f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}d}"
