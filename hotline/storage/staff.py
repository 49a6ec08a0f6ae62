"""Which accounts belong to agents of the configuration, and since when an agent is no longer in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import insert, select, update

from hotline.storage.accounts import ITSELF, Role
from hotline.storage.audit import audit_row
from hotline.storage.database import Database
from hotline.storage.tables import audit, users

CLOSED, REOPENED = "account_closed", "account_reopened"
"""Codes of the audit log."""


@dataclass(frozen=True, slots=True)
class StaffAccount:
    name: str
    role: Role
    person: str | None
    """The full name of the agent whom it belonged to last; None when that is not known."""
    left_at: datetime | None
    """Since then no agent of the configuration has this name, and nobody can log in; real time."""

    @property
    def closed(self) -> bool:
        return self.left_at is not None


class Staff:
    """The same accounts as hotline/storage/accounts.py has, as far as they belong to agents."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db, self._hotline = db, hotline_id

    async def accounts(self) -> list[StaffAccount]:
        """All there are."""
        query = select(*users.c["name", "role", "agent_name", "left_at"]).where(users.c.hotline_id == self._hotline)
        async with self._db.read() as connection:
            rows = await connection.execute(query)
            return [StaffAccount(row.name, Role(row.role), row.agent_name, row.left_at) for row in rows]

    async def named(self, people: Mapping[str, str]) -> None:
        """These accounts belong to the agents of these full names."""
        await self._change({name: {"agent_name": person} for name, person in people.items()}, None)

    async def stay(self, names: Iterable[str]) -> None:
        """These belong to no agent any more, and are open all the same."""
        await self._change({name: {"agent_name": None} for name in names}, None)

    async def reopen(self, people: Mapping[str, str]) -> None:
        """These agents are back."""
        changes = {name: {"agent_name": person, "left_at": None} for name, person in people.items()}
        await self._change(changes, REOPENED)

    async def close(self, names: Iterable[str], at: datetime) -> None:
        """Nobody can log in there until the agent is back; sessions end by themselves, as a call may still go on."""
        await self._change({name: {"left_at": at} for name in names}, CLOSED)

    async def _change(self, changes: Mapping[str, Mapping[str, object]], action: str | None) -> None:
        if not changes:
            return
        async with self._db.write() as connection:
            for name, values in changes.items():
                mine = (users.c.hotline_id == self._hotline) & (users.c.name == name)
                await connection.execute(update(users).where(mine).values(values))
                if action is not None:
                    done = audit_row(self._hotline, datetime.now(UTC), ITSELF, action, name)
                    await connection.execute(insert(audit).values(done))
