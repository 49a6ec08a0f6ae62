"""Decides what somebody looks for who has typed a few digits: a receipt, a telephone number, a Bedarfsgemeinschaft."""

import re
from dataclasses import dataclass

from agents.forms import FormError
from agents.promises import canonical_receipt
from config.schema import HotlineConfig
from config.telephone import canonical

FIELD = "q"
LONGEST = 40
"""Characters that are looked at."""
LONGEST_LOCAL = 8
_SEPARATORS = re.compile(r"[\s\u00a0/().–-]")
_NUMBER = re.compile(r"\+?[0-9]{3,20}", re.ASCII)
_LIKE_A_RECEIPT = re.compile(r"[0-9]{2}[ -][0-9]{4}[ -][0-9]{4}", re.ASCII)
_NOTHING = "Bitte eine Vorgangsnummer, eine Rufnummer oder die Nummer der Bedarfsgemeinschaft eingeben."
_MISTYPED = "In dieser Vorgangsnummer ist ein Tippfehler. Bitte die Ziffern vergleichen."
_NONSENSE = (
    "Gesucht wird nach Vorgangsnummer (26-4821-7300), Rufnummer (05721 9824) "
    "oder der Nummer der Bedarfsgemeinschaft, nicht nach Namen oder Wörtern."
)
_TOO_LONG = f"Bitte höchstens {LONGEST} Zeichen eingeben."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the digits may mean; at least one of them is set."""

    receipt: str | None = None
    number: str | None = None
    """E.164."""
    household_number: str | None = None


def read_query(text: str, config: HotlineConfig) -> Wanted:
    """FormError with one German finding when there is nothing to look for."""
    typed = text.strip()
    if len(typed) > LONGEST:
        raise FormError({FIELD: _TOO_LONG})
    if not typed:
        raise FormError({FIELD: _NOTHING})
    compact = _SEPARATORS.sub("", typed)
    receipt = canonical_receipt(typed)
    if not _NUMBER.fullmatch(compact):
        raise FormError({FIELD: _NONSENSE})
    if receipt is None and _LIKE_A_RECEIPT.fullmatch(typed):
        raise FormError({FIELD: _MISTYPED})
    wanted = Wanted(receipt, _number(compact, config), _household(compact, config))
    if wanted == Wanted():
        raise FormError({FIELD: _NONSENSE})
    return wanted


def _number(compact: str, config: HotlineConfig) -> str | None:
    """Without an area code only what is short enough to be a number of our own place."""
    if compact[0] not in "+0" and len(compact) > LONGEST_LOCAL:
        return None
    return canonical(compact, config.hotline.country_code, config.hotline.area_code)


def _household(compact: str, config: HotlineConfig) -> str | None:
    digits = config.line.household_number
    fits = compact.isdecimal() and digits.min_digits <= len(compact) <= digits.max_digits
    return compact if fits else None
