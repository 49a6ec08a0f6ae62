"""Warns of requests that end in the team mailbox although somebody was meant to answer them."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from string import ascii_uppercase
from zoneinfo import ZoneInfo

from config.schema import CaseWorker, HotlineConfig
from routing.case_workers import deputy, label, letters_of

Path = tuple[str | int, ...]
Warnings = Iterator[tuple[Path, str]]
Case = tuple[str, str, str]
"""Office, letter, request type."""
AHEAD = 60
"""Days of each absence that are looked at, from today at the earliest."""


def each_rule_can_match(config: HotlineConfig) -> Warnings:
    """The first match in file order wins, so a rule after others may be left without anything."""
    taken: set[Case] = set()
    for index, worker in enumerate(config.case_workers):
        own = set(_cases(config, worker))
        if own and own <= taken:
            yield (
                ("case_workers", index),
                f'"{worker.name}" never gets a request by this rule: those above it take all of it',
            )
        taken |= own


def each_letter_is_covered(config: HotlineConfig) -> Warnings:
    """Nothing is said when there are no case workers at all: then the team mailbox is meant."""
    if not config.case_workers:
        return
    covered = {case for worker in config.case_workers for case in _cases(config, worker)}
    for office in config.offices:
        types_by_letters: defaultdict[str, list[str]] = defaultdict(list)
        for kind in _types(config):
            missing = [letter for letter in ascii_uppercase if (office.key, letter, kind) not in covered]
            types_by_letters["".join(missing)].append(kind)
        types_by_letters.pop("", None)
        for letters, kinds in types_by_letters.items():
            yield ("case_workers",), _uncovered(config, office.name, letters, kinds)


def absences_have_a_deputy(config: HotlineConfig, now: datetime) -> Warnings:
    today = now.astimezone(ZoneInfo(config.hotline.timezone)).date()
    told: set[tuple[str, date]] = set()
    for index, worker in enumerate(config.case_workers):
        for position, absence in enumerate(worker.absences):
            days = (max(absence.start, today) + timedelta(days=count) for count in range(AHEAD))
            coming = (day for day in days if absence.covers(day))
            alone = next((day for day in coming if deputy(config, worker.email, day) is None), None)
            if alone is not None and (worker.email, alone) not in told:
                told.add((worker.email, alone))
                path = ("case_workers", index, "absences", position)
                yield path, f"{worker.name} is away on {alone} without a deputy who is there: the team mailbox gets it"


def _cases(config: HotlineConfig, worker: CaseWorker) -> Iterator[Case]:
    first, last = letters_of(worker)
    for office in worker.offices:
        for kind in worker.types or _types(config):
            yield from ((office, letter, kind) for letter in ascii_uppercase if first <= letter <= last)


def _types(config: HotlineConfig) -> list[str]:
    return [*(kind.key for kind in config.request_types), config.unclear.key]


def _uncovered(config: HotlineConfig, office: str, letters: str, kinds: list[str]) -> str:
    which = (
        "all request types" if len(kinds) == len(_types(config)) else ", ".join(label(config, kind) for kind in kinds)
    )
    return f"{office}: nobody answers for {_spans(letters)} ({which}); the team mailbox gets it"


def _spans(letters: str) -> str:
    """ "ABCX" as "A-C, X"."""
    runs: list[str] = []
    for _, group in groupby(enumerate(letters), key=lambda entry: ord(entry[1]) - entry[0]):
        run = [letter for _, letter in group]
        runs.append(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}")
    return ", ".join(runs)


CASE_WORKER_WARNINGS: tuple[Callable[[HotlineConfig], Warnings], ...] = (
    each_rule_can_match,
    each_letter_is_covered,
)
ABSENCE_WARNINGS: tuple[Callable[[HotlineConfig, datetime], Warnings], ...] = (absences_have_a_deputy,)
