"""An office whose promises run for real over a database: only mail server, telephone and clock are ours to move."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.schema import HotlineConfig
from hotline.case_work import CaseWork
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.exchange.calls import Call
from hotline.exchange.journal import Journal
from hotline.links import Links
from hotline.storage.database import Database
from hotline.storage.ledger import Ledger
from hotline.storage.outbox import NewMail, Outbox, OutboxMail
from hotline.storage.promise_steps import PromiseSteps
from hotline.storage.promises import Disposal, NewPromise, Person, Promises, new_promise_id
from hotline.workplace.promise_watch import PromiseWatch
from hotline.workplace.promises import PromiseWork

CALLER = "+4957219999"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY_EVENING = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
FALKE, GUENTHER, HEINE = (f"{name}@jobcenter.example" for name in ("falke", "guenther", "heine"))


def mail(name: str, recipient: str = FALKE) -> NewMail:
    return NewMail(f"<{name}@jobcenter.example>", recipient, "Rückfrage", "Text")


class Sender:
    """Counts how often it was woken."""

    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


class Office:
    def __init__(self, db: Database, config: HotlineConfig) -> None:
        self.db, self.config, self.time = db, config, MONDAY
        self.clock = Clock(system=lambda: self.time)
        self.sender, self.journal = Sender(), Journal()
        self.links = Links("key", "https://hotline.example", 30, "/promise/", clock=lambda: self.time.timestamp())
        self.promises, self.steps = Promises(db, self.hotline), PromiseSteps(db, self.hotline)
        self.outbox = Outbox(db, self.hotline)
        self.call = Call("c1", "PJSIP/c1", "c1", config, 1, MONDAY, CALLER, "haus")
        self.call.request = config.request_type("rent")
        parts: tuple[Any, ...] = (self.links, self.sender, self.journal, self.clock)
        self.work = PromiseWork(lambda: (1, self.config), self.promises, self.steps, *parts, self.own_call)
        self.case_work = CaseWork(self.promises, *parts)
        self.watch = PromiseWatch(lambda: (1, self.config), self.steps, *parts)

    @property
    def hotline(self) -> str:
        return self.config.hotline.id

    def own_call(self, agent: str, call_id: str) -> Call:
        if (agent, call_id) != ("anna", self.call.id):
            raise Refused("Dieser Anruf ist nicht mehr bei Ihnen.")
        return self.call

    async def promise(self, receipt: str = "26-4821-7300", due: datetime = TUESDAY_EVENING, to: str = FALKE) -> str:
        """A promise made on Monday at 10, its first mail sent; returns its id."""
        promise = NewPromise(new_promise_id(), receipt, due, "Frau Falke", to, "Stadthagen, Buchstaben A bis K")
        person = Person("Grünwald", "Ayşe", "7654321", "+4957219824", "vormittags")
        call_id = f"call-of-{receipt}"
        await Ledger(self.db, self.hotline).call_started(call_id, self.time, f"chan-{receipt}", "amt", CALLER, 1)
        form = {"new_rent": "512.50", "from_date": "2026-12-01"}
        parts = {"note": "Schreiben kommt", "form": form, "person": person, "promise": promise, "mail": mail(receipt)}
        await self.promises.dispose(Disposal(call_id, "anna", self.time, "forwarded", "rent", **parts))
        await self.mails()
        return promise.id

    async def mails(self) -> list[OutboxMail]:
        """What the mail server would get now; it takes all of it."""
        found = await self.outbox.due(datetime(2100, 1, 1, tzinfo=UTC))
        for one in found:
            await self.outbox.sent(one.id, one.created_at)
        return found

    async def kinds(self, promise_id: str) -> list[str]:
        return [step.kind for step in await self.steps.of(promise_id)]


@asynccontextmanager
async def opened(directory: Path, config: HotlineConfig) -> AsyncIterator[Office]:
    db = Database(f"sqlite:///{directory}/hotline.db")
    await db.open()
    office = Office(db, config)
    office.journal.start()
    try:
        yield office
    finally:
        await office.journal.close()
        await db.close()
