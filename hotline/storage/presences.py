"""What each agent wants (ready, break, home), kept so that a restart changes nothing of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from hotline.storage.database import Database
from hotline.storage.tables import presences


@dataclass(frozen=True, slots=True)
class SavedPresence:
    intent: str
    reason: str | None
    at: datetime
    by: str | None = None
    """The user who decided it, when it was not the agent."""


class Presences:
    """One hotline's intents; rows are only added."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def save(self, agent: str, intent: str, reason: str | None, at: datetime, by: str | None = None) -> None:
        """What the agent wants from now on; `by` the lead who has decided it for the agent."""
        row = {"agent": agent, "intent": intent, "reason": reason, "at": at, "by": by, "hotline_id": self._hotline}
        async with self._db.write() as connection:
            await connection.execute(insert(presences).values(row))

    async def load(self) -> dict[str, SavedPresence]:
        """The latest intent of each agent, by name."""
        newest = (
            select(func.max(presences.c.id)).where(presences.c.hotline_id == self._hotline).group_by(presences.c.agent)
        )
        query = select(*presences.c["agent", "intent", "reason", "at", "by"]).where(presences.c.id.in_(newest))
        async with self._db.read() as connection:
            rows = await connection.execute(query)
            return {row.agent: SavedPresence(row.intent, row.reason, row.at, row.by) for row in rows}
