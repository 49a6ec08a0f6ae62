"""Short notes of knowledge beside the guide: one for each request type, the latest counts, earlier ones stay."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from hotline.storage.audit import audit_row
from hotline.storage.database import Database
from hotline.storage.tables import audit, knowledge


@dataclass(frozen=True, slots=True)
class Note:
    """`author` is a user's name; an empty text is a note that was taken away."""

    text: str
    author: str
    at: datetime


class KnowledgeRows:
    """One hotline's notes; rows are only added."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def save(self, request_type: str, note: Note, real: datetime) -> None:
        """`note.at` is business time, `real` the audit log's."""
        written = {"text": note.text, "author": note.author, "at": note.at}
        row = {"hotline_id": self._hotline, "request_type": request_type, **written}
        done = audit_row(self._hotline, real, note.author, "knowledge_saved", request_type)
        async with self._db.write() as connection:
            await connection.execute(insert(knowledge).values(row))
            await connection.execute(insert(audit).values(done))

    async def latest(self) -> dict[str, Note]:
        """The latest note of each request type by its key, taken away ones included."""
        newest = (
            select(func.max(knowledge.c.id))
            .where(knowledge.c.hotline_id == self._hotline)
            .group_by(knowledge.c.request_type)
        )
        query = select(*knowledge.c["request_type", "text", "author", "at"]).where(knowledge.c.id.in_(newest))
        async with self._db.read() as connection:
            rows = await connection.execute(query)
            return {row.request_type: Note(row.text, row.author, row.at) for row in rows}
