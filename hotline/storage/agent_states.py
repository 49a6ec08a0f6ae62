"""What each agent's state was, since when and for which cause; rows are only added."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert, select

from hotline.storage.database import Database
from hotline.storage.tables import agent_states


@dataclass(frozen=True, slots=True)
class AgentState:
    """One change: `state` and `cause` are codes of agents/presence.py.

    `by` is the user on whose will the state rests; None for what calls and machines cause.
    """

    agent: str
    at: datetime
    state: str
    cause: str
    by: str | None = None


class AgentStates:
    """One hotline's changes of state."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def add(self, changes: Sequence[AgentState]) -> None:
        """Some changes in their order, all or none."""
        rows = [{"hotline_id": self._hotline, **asdict(change)} for change in changes]
        async with self._db.write() as connection:
            await connection.execute(insert(agent_states), rows)

    async def since(self, start: datetime) -> list[AgentState]:
        """All changes from then on, in order."""
        columns = agent_states.c["agent", "at", "state", "cause", "by"]
        mine = (agent_states.c.hotline_id == self._hotline) & (agent_states.c.at >= start)
        async with self._db.read() as connection:
            rows = await connection.execute(select(*columns).where(mine).order_by(agent_states.c.id))
            return [AgentState(*row) for row in rows]
