"""How a promise is stored: its row, its details, its first step, and the short message, inside one transaction."""

from dataclasses import fields

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.disposal import Disposal, NewPromise, Person
from hotline.storage.promise_events import MADE, OPEN, NewStep, write_step
from hotline.storage.short_messages import insert_short_message
from hotline.storage.tables import promise_details, promises


async def insert_promise(
    connection: AsyncConnection,
    hotline_id: str,
    disposal: Disposal,
    promise: NewPromise,
    person: Person,
    disposition_id: int | None = None,
) -> None:
    """`disposition_id` is None when no talk led to it."""
    await connection.execute(
        insert(promises).values(
            id=promise.id,
            hotline_id=hotline_id,
            call_id=disposal.call_id,
            receipt=promise.receipt,
            request_type=disposal.request_type,
            agent=disposal.agent,
            status=OPEN,
            created_at=disposal.at,
            disposition_id=disposition_id,
            due_at=promise.due,
        )
    )
    await connection.execute(
        insert(promise_details).values(
            promise_id=promise.id,
            hotline_id=hotline_id,
            responsible_name=promise.responsible_name,
            responsible_email=promise.responsible_email,
            rule=promise.rule,
            form=dict(disposal.form),
            note=disposal.note or None,
            **{item.name: getattr(person, item.name) for item in fields(Person)},
        )
    )
    chosen = bool(promise.reason)
    made = NewStep(disposal.at, MADE, disposal.agent, {"chosen": chosen}, promise.reason)
    await write_step(connection, hotline_id, promise.id, made)
    if disposal.short_message is not None:
        await insert_short_message(connection, hotline_id, disposal.short_message, promise.id)
