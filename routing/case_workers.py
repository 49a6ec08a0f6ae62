"""Decides who answers a forwarded request: by office, first letter of the family name, and request type."""

import unicodedata
from dataclasses import dataclass

from config.schema import CaseWorker, HotlineConfig

ALPHABET = ("A", "Z")
_TITLES = {"dr", "prof", "dr.", "prof."}
_NOBILITY = {"von", "vom", "van", "zu", "zum", "zur"}
"""Left out when sorting names, however they are written."""
_PARTICLES = {"der", "den", "dem", "de", "du", "und"}
"""Left out in lower case or after another prefix; in capitals they begin a name ("De Luca", "Du")."""
_SPECIAL = str.maketrans({"ß": "S", "ẞ": "S", "Æ": "A", "Ø": "O", "Œ": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "T"})


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who gets the request, and by which rule (German, shown to the agent)."""

    name: str
    email: str
    rule: str
    team: bool
    """No rule matched: the mail goes to the team mailbox, and somebody has to look."""


def responsible(config: HotlineConfig, office: str, family_name: str, request_type: str) -> Responsible:
    """The first case worker in file order whose office, letters and types match, else the team mailbox."""
    letter = initial(family_name)
    for worker in config.case_workers:
        if office in worker.offices and _letter_in(letter, worker.letters) and _type_in(request_type, worker):
            return Responsible(worker.name, worker.email, _rule(config, worker, office), team=False)
    wanted = f"{_office(config, office)}, {f'Buchstabe {letter}' if letter else 'Name ohne Anfangsbuchstaben'}"
    rule = f"Keine Regel passt ({wanted}, {_label(config, request_type)}): geht an das Team-Postfach."
    return Responsible("Team-Postfach", config.mail.team_mailbox, rule, team=True)


def initial(family_name: str) -> str:
    """The letter A to Z under which the name is sorted (Ä as A, "von der Leyen" as L); "" when there is none."""
    words = family_name.split()
    skipped = False
    while len(words) > 1 and _is_prefix(words[0], skipped):
        skipped = words.pop(0).casefold() not in _TITLES
    for char in _plain(words[0]) if words else "":
        if char.isalpha():
            return char if "A" <= char <= "Z" else ""
    return ""


def _is_prefix(word: str, skipped: bool) -> bool:
    folded = word.casefold()
    return folded in _TITLES | _NOBILITY or (folded in _PARTICLES and (skipped or word.islower()))


def _plain(word: str) -> str:
    upper = word.upper().translate(_SPECIAL)
    return "".join(char for char in unicodedata.normalize("NFKD", upper) if not unicodedata.combining(char))


def _span(letters: str) -> tuple[str, str]:
    first, _, last = _plain(letters).partition("-")
    return first, last or first


def _letter_in(letter: str, letters: str) -> bool:
    """A name without a Latin letter belongs only to those who have the whole alphabet."""
    first, last = _span(letters)
    return first <= letter <= last if letter else (first, last) == ALPHABET


def _type_in(request_type: str, worker: CaseWorker) -> bool:
    return not worker.types or request_type in worker.types


def _rule(config: HotlineConfig, worker: CaseWorker, office: str) -> str:
    first, last = _span(worker.letters)
    letters = f"Buchstaben {first} bis {last}" if last != first else f"Buchstabe {first}"
    types = ", ".join(_label(config, key) for key in worker.types) or "alle Anliegen"
    return f"{_office(config, office)}, {letters}, {types}"


def _office(config: HotlineConfig, key: str) -> str:
    return next((office.name for office in config.offices if office.key == key), key)


def _label(config: HotlineConfig, key: str) -> str:
    try:
        return config.request_type(key).label
    except KeyError:
        return key
