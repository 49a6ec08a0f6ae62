"""Digits that open a recording by telephone: once, for a short time, and not for whoever tries them all."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.recording import MOST_TRIES, PIN_DIGITS

LIFETIME = timedelta(minutes=10)
MOST = 20
"""Of all admins together; the oldest goes first."""


@dataclass(slots=True)
class _Pin:
    digits: str
    author: str
    name: str
    until: datetime
    wrong: int = 0


class Pins:
    """In memory: a restart takes them away. One for each admin; a new one takes the place of the one before.

    Wrong digits could have been meant for any of them, so they count against each.
    """

    def __init__(self) -> None:
        self._pins: list[_Pin] = []

    def give(self, author: str, name: str, now: datetime) -> str:
        """New digits of this admin for that prompt."""
        self._pins = [pin for pin in self._pins if pin.author != author and now < pin.until][-(MOST - 1) :]
        taken = {pin.digits for pin in self._pins}
        digits = next(one for one in iter(_digits, "") if one not in taken)
        self._pins.append(_Pin(digits, author, name, now + LIFETIME))
        return digits

    def take(self, digits: str, now: datetime) -> tuple[str, str] | None:
        """Author and prompt of these digits, which are used up then; None for wrong ones."""
        self._pins = [pin for pin in self._pins if now < pin.until]
        given = digits.encode()
        right = [pin for pin in self._pins if hmac.compare_digest(pin.digits.encode(), given)]
        if right:
            self._pins.remove(right[0])
            return right[0].author, right[0].name
        for pin in self._pins:
            pin.wrong += 1
        self._pins = [pin for pin in self._pins if pin.wrong < MOST_TRIES]
        return None


def _digits() -> str:
    return f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}d}"
