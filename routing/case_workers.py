"""Decides who answers a forwarded request: by office, first letter of the family name, and request type.

Whoever is away on the day by which the answer is due does not get it: then their deputy does, or the deputy's deputy,
else the team mailbox. A person is an e-mail address: absences and deputy hold for all entries that have it.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from config.schema import CaseWorker, HotlineConfig

TEAM = "team"
"""Stands for the team mailbox where somebody chooses who is to answer."""
TEAM_NAME = "Team-Postfach"
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
    """It goes to the team mailbox, and somebody has to look."""

    @property
    def key(self) -> str:
        """How this one is named where somebody chooses: the e-mail address, or `TEAM`."""
        return TEAM if self.team else self.email


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody who could be chosen; `absent` on the day by which the answer is due."""

    key: str
    name: str
    absent: bool = False


def responsible(config: HotlineConfig, office: str, family_name: str, request_type: str, on: date) -> Responsible:
    """The first case worker in file order whose office, letters and types match, else the team mailbox.

    `on` is the day by which the answer is due, in the hotline's zone: whoever is away that day is stood in for.
    """
    letter = initial(family_name)
    for worker in config.case_workers:
        if office in worker.offices and _letter_in(letter, worker.letters) and _type_in(request_type, worker):
            return _present(config, worker, _rule(config, worker, office), on)
    wanted = f"{_office(config, office)}, {f'Buchstabe {letter}' if letter else 'Name ohne Anfangsbuchstaben'}"
    rule = f"Keine Regel passt ({wanted}, {label(config, request_type)}): geht an das Team-Postfach."
    return to_team(config, rule)


def chosen(config: HotlineConfig, key: str, rule: str) -> Responsible | None:
    """Whoever has that key (see `Choice`), with that rule; None when there is nobody."""
    if key == TEAM:
        return to_team(config, rule)
    worker = worker_of(config, key)
    return None if worker is None else Responsible(worker.name, worker.email, rule, team=False)


def choices(config: HotlineConfig, on: date) -> list[Choice]:
    """Everybody who could get a request, each person once, in file order, and the team mailbox at the end."""
    people = {worker.email: worker.name for worker in reversed(config.case_workers)}
    order = dict.fromkeys(worker.email for worker in config.case_workers)
    found = [Choice(email, people[email], absent(config, email, on)) for email in order]
    return [*found, Choice(TEAM, TEAM_NAME)]


def to_team(config: HotlineConfig, rule: str) -> Responsible:
    return Responsible(TEAM_NAME, config.mail.team_mailbox, rule, team=True)


def worker_of(config: HotlineConfig, email: str) -> CaseWorker | None:
    """The first entry of that person."""
    return next((worker for worker in config.case_workers if worker.email == email), None)


def absent(config: HotlineConfig, email: str, on: date) -> bool:
    """Whether that person is away that day."""
    entries = (worker for worker in config.case_workers if worker.email == email)
    return any(absence.covers(on) for worker in entries for absence in worker.absences)


def deputy(config: HotlineConfig, email: str, on: date) -> CaseWorker | None:
    """Who stands in for that person that day and is there: the deputy, or the deputy's deputy and so on."""
    for following in _deputies(config, email):
        if not absent(config, following.email, on):
            return following
    return None


def _deputies(config: HotlineConfig, email: str) -> Iterator[CaseWorker]:
    """From deputy to deputy, nobody twice."""
    seen = {email}
    while True:
        entries = (worker for worker in config.case_workers if worker.email == email)
        named = next((worker.deputy for worker in entries if worker.deputy is not None), None)
        following = None if named is None or named in seen else worker_of(config, named)
        if following is None:
            return
        yield following
        email = following.email
        seen.add(email)


def _present(config: HotlineConfig, worker: CaseWorker, rule: str, on: date) -> Responsible:
    if not absent(config, worker.email, on):
        return Responsible(worker.name, worker.email, rule, team=False)
    away = f"{rule}: {worker.name} ist am {on.day}.{on.month}. nicht da"
    stands_in = deputy(config, worker.email, on)
    if stands_in is None:
        return to_team(config, f"{away} und hat keine Vertretung: geht an das Team-Postfach.")
    return Responsible(stands_in.name, stands_in.email, f"{away}, Vertretung: {stands_in.name}", team=False)


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


def label(config: HotlineConfig, key: str) -> str:
    """The request type in German; its key when the configuration has it no more."""
    try:
        return config.request_type(key).label
    except KeyError:
        return key


def _is_prefix(word: str, skipped: bool) -> bool:
    folded = word.casefold()
    return folded in _TITLES | _NOBILITY or (folded in _PARTICLES and (skipped or word.islower()))


def _plain(word: str) -> str:
    upper = word.upper().translate(_SPECIAL)
    return "".join(char for char in unicodedata.normalize("NFKD", upper) if not unicodedata.combining(char))


def letters_of(worker: CaseWorker) -> tuple[str, str]:
    """The first and the last letter, A to Z."""
    return _span(worker.letters)


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
    types = ", ".join(label(config, key) for key in worker.types) or "alle Anliegen"
    return f"{_office(config, office)}, {letters}, {types}"


def _office(config: HotlineConfig, key: str) -> str:
    return next((office.name for office in config.offices if office.key == key), key)
