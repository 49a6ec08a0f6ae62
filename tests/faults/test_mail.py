"""Fault 4: the mail server is away, refuses some recipients, or takes mails and dies before its answer, for a while.

Meanwhile agents forward every request, to case workers of both offices, so that mails wait for several recipients.
A refusal for good does not pass by itself: such a mail is kept until somebody has seen to the cause, as here.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

import pytest

from hotline.storage.database import Database
from hotline.storage.outbox import REFUSED, Outbox
from tests.faults.house import House, configuration
from tests.faults.rounds import Round, Script, require_no_failures, stamped
from tests.faults.rows import Row
from tests.faults.scene import FORWARDED, Fault, Scene, scene

FAULT_SECONDS = 10.0
PERSONS = (("Adam", "stadthagen"), ("Zander", "rinteln"), ("Müller", "stadthagen"), ("Heise", "rinteln"))
"""Family name and office: different case workers are responsible."""
FOR_A_WHILE, FOR_GOOD = "falke@jobcenter.example", "immig@jobcenter.example"
"""Responsible for the first two of PERSONS."""
EXAMPLES = {"date": "2026-12-01", "money": "512,50"}
pytestmark = pytest.mark.timeout(100_000)


# --- what agents write ---------------------------------------------------------------------------


def forwarding() -> Callable[[Mapping[str, Any]], dict[str, str]]:
    """Forms for any request type, for one person after the other."""
    persons = cycle(PERSONS)

    def form(request_type: Mapping[str, Any]) -> dict[str, str]:
        family_name, office = next(persons)
        person = {key: FORWARDED[key] for key in ("given_name", "phone", "best_time", "household_number")}
        required = {field["key"]: _example(field) for field in request_type["fields"] if field["required"]}
        return {**person, "family_name": family_name, "office": office, **required}

    return form


def _example(field: Mapping[str, Any]) -> str:
    return str(field["choices"][0] if field["choices"] else EXAMPLES.get(field["kind"], "Beispiel"))


# --- what the mail server does -------------------------------------------------------------------


async def _away(here: Scene) -> float:
    await here.house.mail.stop()
    await asyncio.sleep(FAULT_SECONDS)
    await here.house.mail.start()
    return time.monotonic()


async def _refuses(here: Scene) -> float:
    answers = {FOR_A_WHILE: "451 later", FOR_GOOD: "550 unknown"}
    here.house.mail.refuses = answers.get
    await asyncio.sleep(FAULT_SECONDS)
    here.house.mail.refuses = {}.get
    over = time.monotonic()
    await _see_to_refused(here)
    return over


async def _see_to_refused(here: Scene) -> None:
    """What was refused for good is still there; an administrator lets it be tried again."""
    async with _outbox(here.house) as outbox:
        refused = [mail for mail in await outbox.stuck(attempts=100) if mail.state == REFUSED]
        told = len(here.house.said("mail refused for good"))
        if not refused or len(refused) != told:
            here.findings.append(f"{told} mails were said to be refused for good, the outbox has {len(refused)}")
        for mail in refused:
            await outbox.retry(mail.id, datetime.now(UTC))


@asynccontextmanager
async def _outbox(house: House) -> AsyncIterator[Outbox]:
    database = Database(f"sqlite:///{house.database}")
    await database.open()
    try:
        yield Outbox(database, house.config.hotline.id)
    finally:
        await database.close()


async def _dies(here: Scene) -> float:
    here.house.mail.dies = True
    await asyncio.sleep(FAULT_SECONDS)
    here.house.mail.dies = False
    if not here.house.mail.received:
        here.findings.append("the mail server took no mail while it was dying")
    return time.monotonic()


@dataclass(frozen=True)
class Trouble:
    """What the mail server does, and what is logged of it; agents forward everything meanwhile."""

    hit: Callable[[Scene], Awaitable[float]]
    log: str

    async def __call__(self, here: Scene) -> float:
        forms = forwarding()
        for agent in here.people.values():
            agent.forwards = forms
        return await self.hit(here)


VARIANTS = {
    "away": Trouble(_away, "mail server not usable"),
    "refuses some recipients": Trouble(_refuses, "mail put off"),
    "dies before its answer": Trouble(_dies, "mail put off"),
}


async def _play(one: Round) -> list[Row]:
    trouble = VARIANTS[one.variant]
    async with scene(configuration()) as here:
        found = await here.endure(one, Fault(trouble, trouble.log, trouble.log), one.moments())
        return stamped(found, here.house.release)


SCRIPT = Script("mail", tuple(VARIANTS), _play)


@pytest.mark.parametrize("variant", VARIANTS)
def test_mail_server_fails_for_a_while_and_every_promise_is_mailed_under_its_own_message_id(
    rows: list[Row], variant: str
) -> None:
    require_no_failures(rows, SCRIPT, variant)
