"""What happened to a promise, step by step: append-only rows of codes, and the words that belong to a step.

Kinds: `made` and `corrected` (by an agent), `not_reached`, `postponed`, `handed_on` and `kept` (by a case worker),
`reminded`, `escalated`, `sms_sent` and `sms_refused` (by the service), `refused` and `bounced` (one of its mails was
not delivered).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.steps import Code, storable
from hotline.storage.tables import promise_events, promise_texts

OPEN = "open"
KEPT = "kept"
"""How a promise can stand."""
MADE = "made"
CORRECTED = "corrected"
NOT_REACHED = "not_reached"
POSTPONED = "postponed"
HANDED_ON = "handed_on"
KEPT_STEP = "kept"
REMINDED = "reminded"
ESCALATED = "escalated"
MAIL_REFUSED = "refused"
MAIL_BOUNCED = "bounced"
BY_CASE_WORKER = (NOT_REACHED, POSTPONED, HANDED_ON, KEPT_STEP)
"""The steps that a case worker takes on the page."""
CASE_WORKER, SERVICE, MAIL_SERVER = "case_worker", "service", "mail_server"
"""Who took a step when it was no agent."""
MOST_READ = 200


@dataclass(frozen=True, slots=True)
class PromiseStep:
    """One step; `text` is None when there were no words or when they have been erased."""

    at: datetime
    kind: str
    who: str | None
    codes: Mapping[str, Any]
    text: str | None


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step to be stored with what it changes; `text` is personal and may be empty."""

    at: datetime
    kind: str
    who: str
    codes: Mapping[str, Code]
    text: str = ""


async def write_step(connection: AsyncConnection, hotline: str, promise_id: str, step: NewStep) -> None:
    """Store a step inside the transaction that makes it true."""
    codes = {name: storable(value) for name, value in step.codes.items()}
    row = {"promise_id": promise_id, "at": step.at, "kind": step.kind, "who": step.who, "codes": codes}
    stored = await connection.execute(
        insert(promise_events).values(hotline_id=hotline, **row).returning(promise_events.c.id)
    )
    if words := storable(step.text):
        text = {"event_id": stored.scalar_one(), "hotline_id": hotline, "text": words}
        await connection.execute(insert(promise_texts).values(text))


async def read_steps(connection: AsyncConnection, hotline: str, promise_id: str) -> list[PromiseStep]:
    """The steps of a promise in their order, the first 200."""
    query = (
        select(*promise_events.c["at", "kind", "who", "codes"], promise_texts.c.text)
        .outerjoin(promise_texts, promise_texts.c.event_id == promise_events.c.id)
        .where(promise_events.c.hotline_id == hotline, promise_events.c.promise_id == promise_id)
        .order_by(promise_events.c.id)
        .limit(MOST_READ)
    )
    rows = await connection.execute(query)
    return [PromiseStep(row.at, row.kind, row.who, row.codes, row.text) for row in rows]
