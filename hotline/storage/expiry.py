"""What is deleted when its time is over: for each kind of data the tables, and which of their rows have expired.

Nothing that an open promise or callback still needs expires, however old it is. The ledger's own rows stay.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select, update
from sqlalchemy.sql.schema import Column, Table

from hotline.storage.database import Database
from hotline.storage.promise_events import OPEN
from hotline.storage.tables import (
    agent_states,
    alarms,
    audit,
    call_handovers,
    call_persons,
    callback_persons,
    callbacks,
    calls,
    disposition_details,
    dispositions,
    drafts,
    knowledge,
    notices,
    outbox,
    outbox_mails,
    presences,
    promise_details,
    promise_events,
    promise_texts,
    promises,
    short_message_texts,
    short_messages,
)

BATCH = 500
"""Rows of one transaction: callers and agents do not notice the deleting."""


@dataclass(frozen=True, slots=True)
class Before:
    """What lies before this is too old, by each of the two clocks: audit, mails and short messages have real times,
    everything about calls, agents and promises business times."""

    real: datetime
    business: datetime


Expired = Callable[[Before], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One table of a kind of data. `expired` tells which rows have, given when things are too old."""

    setting: str
    """The key under `retention` that says how long."""
    table: Table
    key: Column[object]
    what: str
    """In German, for the records of what is kept."""
    since: str
    """In German: from when on the days count."""
    expired: Expired
    emptied: Mapping[str, str] = field(default_factory=dict)
    """Columns that are overwritten with this instead of deleting the row."""


def _needed(call_id: ColumnElement[str], before: datetime) -> ColumnElement[bool]:
    """A promise or callback of that call is open, or was closed only after `before`."""
    promised = exists().where(
        promises.c.call_id == call_id,
        or_(promises.c.status == OPEN, promises.c.kept_at.is_(None), promises.c.kept_at >= before),
    )
    asked = exists().where(
        callbacks.c.call_id == call_id, or_(callbacks.c.finished_at.is_(None), callbacks.c.finished_at >= before)
    )
    return or_(promised, asked)


def _young(call_id: ColumnElement[str], before: datetime) -> ColumnElement[bool]:
    """The call is going on, or began only after `before`."""
    return exists().where(calls.c.id == call_id, or_(calls.c.ended_at.is_(None), calls.c.started_at >= before))


def _of_old_call(call_id: ColumnElement[str]) -> Expired:
    return lambda before: ~_young(call_id, before.business) & ~_needed(call_id, before.business)


def _of(own: ColumnElement[object], parents: Select[tuple[object]]) -> ColumnElement[bool]:
    return own.in_(parents)


def _kept(before: datetime) -> Select[tuple[str]]:
    """Promises that were kept before that time."""
    return select(promises.c.id).where(promises.c.status != OPEN, promises.c.kept_at < before)


def _notes(before: Before) -> ColumnElement[bool]:
    unneeded = ~_needed(dispositions.c.call_id, before.business)
    old = select(dispositions.c.id).where(dispositions.c.at < before.business, unneeded)
    return disposition_details.c.disposition_id.in_(old)


def _promise_texts(before: Before) -> ColumnElement[bool]:
    old = select(promise_events.c.id).where(promise_events.c.promise_id.in_(_kept(before.business)))
    return promise_texts.c.event_id.in_(old)


def _mails(before: Before) -> ColumnElement[bool]:
    settled = or_(outbox.c.promise_id.is_(None), outbox.c.promise_id.in_(_kept(before.business)))
    old = select(outbox.c.id).where(outbox.c.created_at < before.real, outbox.c.state != "waiting", settled)
    return outbox_mails.c.outbox_id.in_(old)


def _callbacks(before: Before) -> ColumnElement[bool]:
    finished = select(callbacks.c.id).where(callbacks.c.finished_at < before.business)
    return callback_persons.c.callback_id.in_(finished)


def _short_messages(before: Before) -> ColumnElement[bool]:
    settled = short_messages.c.state != "waiting"
    old = select(short_messages.c.id).where(short_messages.c.created_at < before.real, settled)
    return short_message_texts.c.message_id.in_(old)


def _intents(before: Before) -> ColumnElement[bool]:
    """Everybody's latest one says what they want now."""
    latest = select(func.max(presences.c.id)).group_by(presences.c.hotline_id, presences.c.agent)
    return (presences.c.at < before.business) & presences.c.id.not_in(latest)


def _notices(before: Before) -> ColumnElement[bool]:
    over = or_(notices.c.ended_at.is_not(None), notices.c.until < before.business)
    return (notices.c.at < before.business) & over


_CALL, _FINISHED, _KEPT = "Anruf", "erledigter Rückruf", "gehaltene Zusage"

KINDS = (
    Kind(
        "numbers_days",
        call_persons,
        call_persons.c.call_id,
        "Rufnummer und Nummer der Bedarfsgemeinschaft eines Anrufs",
        _CALL,
        _of_old_call(call_persons.c.call_id),
    ),
    Kind(
        "numbers_days",
        callback_persons,
        callback_persons.c.callback_id,
        "Rufnummer, Nummer der Bedarfsgemeinschaft und Notiz eines Rückrufs",
        _FINISHED,
        _callbacks,
    ),
    Kind(
        "numbers_days",
        short_message_texts,
        short_message_texts.c.message_id,
        "Rufnummer und Text einer SMS",
        "Versand",
        _short_messages,
    ),
    Kind(
        "notes_days",
        disposition_details,
        disposition_details.c.disposition_id,
        "Notiz und Formular eines Gesprächs",
        f"Gespräch; gibt es eine Zusage oder einen Rückruf dazu: {_KEPT}, {_FINISHED}",
        _notes,
    ),
    Kind(
        "notes_days",
        call_handovers,
        call_handovers.c.call_id,
        "Hinweis und Formular beim Verbinden",
        _CALL,
        _of_old_call(call_handovers.c.call_id),
    ),
    Kind(
        "notes_days",
        drafts,
        drafts.c.call_id,
        "Entwurf, der nie abgeschlossen wurde",
        "letzte Änderung",
        lambda before: drafts.c.saved_at < before.business,
    ),
    Kind(
        "notes_days",
        promise_details,
        promise_details.c.promise_id,
        "Name, Rufnummer, Nummer der Bedarfsgemeinschaft, Formular, Notiz und Antwort einer Zusage",
        _KEPT,
        lambda before: promise_details.c.promise_id.in_(_kept(before.business)),
    ),
    Kind(
        "notes_days",
        promise_texts,
        promise_texts.c.event_id,
        "Was die Sachbearbeitung zu einer Zusage geschrieben hat",
        _KEPT,
        _promise_texts,
    ),
    Kind(
        "notes_days",
        outbox_mails,
        outbox_mails.c.outbox_id,
        "E-Mails an die Sachbearbeitung",
        f"Versand; gibt es eine Zusage dazu: {_KEPT}",
        _mails,
    ),
    Kind(
        "agent_states_days",
        agent_states,
        agent_states.c.id,
        "Wann eine Mitarbeiterin in welchem Zustand war, und warum",
        "Zustand",
        lambda before: agent_states.c.at < before.business,
    ),
    Kind(
        "agent_states_days",
        presences,
        presences.c.id,
        "Wann eine Mitarbeiterin bereit, in Pause oder zu Hause sein wollte; das letzte Mal bleibt",
        "Zustand",
        _intents,
    ),
    Kind(
        "audit_days",
        audit,
        audit.c.id,
        "Protokoll: wer was gesehen und geändert hat",
        "Eintrag",
        lambda before: audit.c.at < before.real,
    ),
    Kind(
        "audit_days",
        notices,
        notices.c.id,
        "Nachrichten an die Mitarbeitenden und Ansagen",
        "Nachricht",
        _notices,
    ),
    Kind(
        "audit_days",
        alarms,
        alarms.c.id,
        "Stiller Alarm: wer ihn bei welchem Anruf ausgelöst und wer ihn gesehen hat",
        "Alarm",
        lambda before: alarms.c.at < before.business,
    ),
    Kind(
        "audit_days",
        knowledge,
        knowledge.c.id,
        "Wer einen aktuellen Hinweis geschrieben hat; sein Text bleibt",
        "Hinweis",
        lambda before: (knowledge.c.at < before.business) & (knowledge.c.author != ""),
        {"author": ""},
    ),
)
"""Everything that is deleted by its age; each table of `tables.PERSONAL` is here."""


class Expiry:
    """One hotline's rows whose time is over."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def delete_some(self, kind: Kind, before: Before) -> int:
        """Delete at most BATCH rows of that kind that have expired; how many it were."""
        mine = kind.table.c.hotline_id == self._hotline
        some = select(kind.key).where(mine, kind.expired(before)).limit(BATCH)
        async with self._db.write() as connection:
            keys = (await connection.execute(some)).scalars().all()
            if not keys:
                return 0
            # Asked again for each row: a table may hold several of one key, as drafts of two agents.
            change = update(kind.table).values(dict(kind.emptied)) if kind.emptied else delete(kind.table)
            gone = change.where(mine, kind.key.in_(keys), kind.expired(before))
            return (await connection.execute(gone)).rowcount

    async def scrub(self) -> bool:
        """Let nothing of it stand in the database's journal; False when that must be tried again."""
        return await self._db.scrub()
