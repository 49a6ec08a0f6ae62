"""The one change of the configuration that is being prepared: all admins work on the same draft.

There is one row from the first draft on. It stays when the draft is thrown away or activated, without its text, so
that a number of a revision is never given twice: whoever still has an old page open can be told.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.audit import audit_row
from hotline.storage.database import Database
from hotline.storage.tables import audit, config_drafts

SAVED, REBASED, DISCARDED = "config_draft_saved", "config_draft_rebased", "config_draft_discarded"
"""Audited with the number of the revision."""
NO_DRAFT = 0
"""Base version of a row that is no draft any more."""


@dataclass(frozen=True, slots=True)
class DraftRow:
    """`base_version`: the version it was begun from; `author` and `at`: who saved it last, and when."""

    revision: int
    base_version: int
    text: str
    author: str
    at: datetime


class Stale(Exception):
    """Another revision is there than was expected; nothing was changed. `found` is it, None: there is no draft."""

    def __init__(self, found: DraftRow | None) -> None:
        super().__init__("another revision of the draft is there")
        self.found = found


class ConfigDrafts:
    """One hotline's. Whoever changes the draft says which revision they have seen (None: no draft); Stale otherwise."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def current(self) -> DraftRow | None:
        """None when nothing is being prepared."""
        async with self._db.read() as connection:
            return _draft(await _row(connection, self._hotline))

    async def save(self, text: str, author: str, at: datetime, seen: int | None, base_version: int) -> DraftRow:
        """Keep this text. A draft that is there already keeps its own base version."""
        return await self._change(text, author, at, seen, base_version, SAVED)

    async def rebase(self, author: str, at: datetime, seen: int, base_version: int) -> DraftRow:
        """The same text, as if begun from that version."""
        return await self._change(None, author, at, seen, base_version, REBASED)

    async def discard(self, author: str, at: datetime, seen: int) -> None:
        """There is no draft any more."""
        async with self._db.write() as connection:
            await self._expect(connection, seen)
            await forget(connection, self._hotline, seen)
            await self._audit(connection, at, author, DISCARDED, seen)

    async def _change(
        self, text: str | None, author: str, at: datetime, seen: int | None, base_version: int, action: str
    ) -> DraftRow:
        async with self._db.write() as connection:
            row = await self._expect(connection, seen)
            before = _draft(row)
            keeps_base = before is not None and action == SAVED
            draft = DraftRow(
                1 if row is None else row.revision + 1,
                before.base_version if before is not None and keeps_base else base_version,
                text if text is not None else before.text if before is not None else "",
                author,
                at,
            )
            await self._write(connection, row is None, draft)
            await self._audit(connection, at, author, action, draft.revision)
            return draft

    async def _expect(self, connection: AsyncConnection, seen: int | None) -> DraftRow | None:
        """The row as it is, a draft or none any more."""
        await self._db.one_at_a_time(connection, f"config_drafts {self._hotline}")
        row = await _row(connection, self._hotline)
        draft = _draft(row)
        if (None if draft is None else draft.revision) != seen:
            raise Stale(draft)
        return row

    async def _write(self, connection: AsyncConnection, new: bool, draft: DraftRow) -> None:
        values: dict[str, Any] = {
            "revision": draft.revision,
            "base_version": draft.base_version,
            "text": draft.text,
            "author": draft.author,
            "at": draft.at,
        }
        if new:
            await connection.execute(insert(config_drafts).values(hotline_id=self._hotline, **values))
        else:
            await connection.execute(update(config_drafts).where(_of(self._hotline)).values(values))

    async def _audit(self, connection: AsyncConnection, at: datetime, author: str, action: str, revision: int) -> None:
        await connection.execute(insert(audit).values(audit_row(self._hotline, at, author, action, str(revision))))


async def forget(connection: AsyncConnection, hotline: str, revision: int) -> None:
    """Inside a transaction: this revision is no draft any more; another one stays."""
    this = _of(hotline) & (config_drafts.c.revision == revision)
    await connection.execute(update(config_drafts).where(this).values(base_version=NO_DRAFT, text=""))


async def _row(connection: AsyncConnection, hotline: str) -> DraftRow | None:
    query = select(*config_drafts.c["revision", "base_version", "text", "author", "at"]).where(_of(hotline))
    row = (await connection.execute(query)).first()
    return DraftRow(*row) if row else None


def _draft(row: DraftRow | None) -> DraftRow | None:
    return None if row is None or row.base_version == NO_DRAFT else row


def _of(hotline: str) -> ColumnElement[bool]:
    return config_drafts.c.hotline_id == hotline
