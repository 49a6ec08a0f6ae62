"""How a promise stands: columns beside those of the table `promises`, as `agents.standing` puts them into words."""

from typing import Any

from sqlalchemy import ColumnElement, exists, func, select

from hotline.storage.outbox import UNDELIVERED
from hotline.storage.promise_events import HANDED_ON, POSTPONED
from hotline.storage.tables import outbox, outbox_mails, promise_details, promise_events, promises


def standing_columns() -> list[ColumnElement[Any]]:
    """`tries`, `postponed`, `handed_on` (how often each), `responsible_name`, `undelivered`; join nothing for them."""
    details = promise_details.c.promise_id == promises.c.id
    name = select(promise_details.c.responsible_name).where(details).scalar_subquery()
    return [
        promises.c.tries,
        _count(POSTPONED).label("postponed"),
        _count(HANDED_ON).label("handed_on"),
        name.label("responsible_name"),
        _undelivered().label("undelivered"),
    ]


def _count(kind: str) -> ColumnElement[int]:
    ours = promise_events.c.hotline_id == promises.c.hotline_id
    its = ours & (promise_events.c.promise_id == promises.c.id) & (promise_events.c.kind == kind)
    return select(func.count()).select_from(promise_events).where(its).scalar_subquery()


def _undelivered() -> ColumnElement[bool]:
    """A mail to whoever is to answer now was refused or came back."""
    to_holder = (
        select(promise_details.c.promise_id)
        .where(promise_details.c.promise_id == promises.c.id)
        .where(promise_details.c.responsible_email == outbox_mails.c.recipient)
    )
    its = (outbox.c.hotline_id == promises.c.hotline_id) & (outbox.c.promise_id == promises.c.id)
    lost = its & outbox.c.state.in_(UNDELIVERED)
    return exists(
        select(outbox.c.id)
        .join(outbox_mails, outbox_mails.c.outbox_id == outbox.c.id)
        .where(lost, to_holder.correlate(promises, outbox_mails).exists())
    )
