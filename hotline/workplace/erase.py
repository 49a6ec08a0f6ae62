"""Telling one person what is held about them, and erasing it: whom that means, and when it is refused."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from agents.promises import canonical_receipt
from config.schema import HotlineConfig
from config.telephone import canonical
from hotline.errors import HotlineError
from hotline.storage.persons import Person, Persons, Rows, Wanted

SCRUB_TRIES, SCRUB_SECONDS = 40, 0.25


@dataclass(frozen=True, slots=True)
class Found:
    person: Person
    subject: str
    """For the audit log: how much it was, and nothing about whom."""


def wanted(config: HotlineConfig, number: str | None, household: str | None, receipt: str | None) -> Wanted:
    """What was given, as it is stored. ValueError with a sentence when it cannot be what it should be."""
    if sum(given is not None for given in (number, household, receipt)) != 1:
        raise ValueError("Name the person by exactly one of --number, --household and --receipt.")
    if number is not None:
        return Wanted(number=_number(config, number))
    if household is not None:
        return Wanted(household=_household(config, household))
    found = canonical_receipt(receipt or "")
    if found is None:
        raise ValueError("That is no receipt number: it has ten digits, as 26-4821-7300, and the last one must fit.")
    return Wanted(receipt=found)


def _number(config: HotlineConfig, text: str) -> str:
    compact = "".join(sign for sign in text if sign not in " /-()")
    digits = compact.removeprefix("+")
    found = canonical(compact, config.hotline.country_code, config.hotline.area_code) if digits.isdecimal() else None
    if found is None:
        raise ValueError("That is no telephone number: write it with its area code, as 05721 9824 or +49 5721 9824.")
    return found


def _household(config: HotlineConfig, text: str) -> str:
    digits, rule = "".join(text.split()), config.line.household_number
    if not (digits.isascii() and digits.isdecimal() and rule.min_digits <= len(digits) <= rule.max_digits):
        raise ValueError(
            f"That is no number of a Bedarfsgemeinschaft: it has {rule.min_digits} to {rule.max_digits} digits."
        )
    return digits


async def find(persons: Persons, whom: Wanted) -> Found:
    """HotlineError when nothing is held."""
    person = await persons.find(whom)
    if not person.calls:
        raise HotlineError("Nothing is held about this person.")
    return Found(person, f"{len(person.calls)} calls")


async def export(persons: Persons, found: Found, who: str) -> Rows:
    """All that is held; that it was read out is in the audit log."""
    return await persons.export(found.person.calls, who, datetime.now(UTC), found.subject)


def require_nothing_open(found: Found) -> None:
    """HotlineError when somebody still needs the data to keep a promise, to call back, or is talking just now."""
    person = found.person
    if person.talking:
        raise HotlineError("A call of this person is not over: erase when it is, or now with --force.")
    if person.open_promises:
        raise HotlineError(
            f"A promise to this person is still open ({', '.join(person.open_promises)}): "
            "erase when it is kept, or now with --force; nobody can keep it then."
        )
    if person.open_callbacks:
        raise HotlineError(
            "This person still waits for a callback: erase when it is done, or now with --force; "
            "nobody can call back then."
        )


async def erase(
    persons: Persons, found: Found, who: str, scrub_further: Callable[[], bool] = lambda: True
) -> dict[str, int]:
    """Delete it, in the files too; how many rows, by table. HotlineError when a reader held on to the old journal.

    `scrub_further` does the same for a file beside the database: whether nothing deleted is left in its journal.
    """
    gone = await persons.erase(found.person.calls, who, datetime.now(UTC), found.subject)
    for _ in range(SCRUB_TRIES):
        if await persons.scrub() and await asyncio.to_thread(scrub_further):
            return gone
        await asyncio.sleep(SCRUB_SECONDS)
    raise HotlineError(
        "The data is deleted, but the journal of the database still has it: run the same command again in a minute."
    )
