"""Who may log in, in which role, and which browser sessions are open."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.errors import Refused
from hotline.storage.audit import audit_row
from hotline.storage.database import Database
from hotline.storage.tables import audit, sessions, users

hasher = PasswordHasher()
HASHING_AT_ONCE = 2
"""Each check takes 64 MiB and a core for a moment: a flood of logins must not take them all."""


class Role(StrEnum):
    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class User:
    name: str
    role: Role
    must_change: bool = False
    """The password was made for this user; nothing else is open until it is changed."""
    closed: bool = False
    """No agent of the configuration has this name any more: nobody can log in."""


GIVEN = ("password_set", "user_added")
"""Audited when a person has given a password; a user without these has the one made at a start of the service."""
REMOVED, RENEWED = "user_removed", "account_renewed"
ITSELF = "hotline"
"""Who has done what nobody asked for."""


class Accounts:
    """One hotline's users and sessions. Passwords are kept as argon2 hashes, session tokens as SHA-256."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id
        self._hashing = asyncio.Semaphore(HASHING_AT_ONCE)

    async def ensure_user(
        self, name: str, password: str, role: Role | str, *, must_change: bool = False, person: str | None = None
    ) -> bool:
        """Create the user if there is none of that name; True when created. A password once set stays.

        `person`: the full name of the agent whom it belongs to.
        """
        if await self._find(name):
            return False
        hashed = await self._hash(password)
        async with self._db.write() as connection:
            return await self._create(connection, name, hashed, Role(role), must_change, person)

    async def add_user(self, name: str, password: str, role: Role, author: str) -> None:
        """A new user, who must change this password. Refused when there is one of that name."""
        hashed = await self._hash(password)
        async with self._db.write() as connection:
            if not await self._create(connection, name, hashed, role, must_change=True):
                raise Refused(f"Es gibt schon ein Konto mit dem Namen {name}.")
            await self._audit(connection, author, "user_added", name)

    async def set_password(self, name: str, password: str, author: str, *, must_change: bool = False) -> None:
        """A new password; every session of that user ends. Refused for an unknown name."""
        hashed = await self._hash(password)
        values = {"password_hash": hashed, "changed_at": datetime.now(UTC), "must_change": must_change}
        action = "password_changed" if author == name else "password_set"
        await self._change(name, author, action, values)

    async def renew(self, name: str, password: str, person: str) -> None:
        """From now on the account of another agent, with that full name; every session of the one before ends."""
        hashed, now = await self._hash(password), datetime.now(UTC)
        fresh = {"password_hash": hashed, "changed_at": now, "must_change": True, "role": Role.AGENT}
        await self._change(name, ITSELF, RENEWED, {**fresh, "agent_name": person, "left_at": None})

    async def set_role(self, name: str, role: Role, author: str, *, placed: bool = True) -> None:
        """Takes effect with the user's next request. Refused for an unknown name.

        Every role but that of an agent opens an account that is closed; `placed`: an agent of the configuration has
        this name, otherwise an agent's account is closed.
        """
        values: dict[str, Any] = {"role": role}
        if role is not Role.AGENT:
            values["left_at"] = None
        elif not placed:
            values["left_at"] = datetime.now(UTC)
        await self._change(name, author, "role_set", values)

    async def remove(self, name: str, author: str) -> None:
        """No such user any more; their sessions end. Refused for an unknown name."""
        async with self._db.write() as connection:
            if not (await connection.execute(delete(users).where(self._named(name)))).rowcount:
                raise _unknown(name)
            await connection.execute(delete(sessions).where(self._sessions_of(name)))
            await self._audit(connection, author, REMOVED, name)

    async def _change(self, name: str, author: str, action: str, values: dict[str, Any]) -> None:
        async with self._db.write() as connection:
            changed = await connection.execute(update(users).where(self._named(name)).values(values))
            if not changed.rowcount:
                raise _unknown(name)
            if "password_hash" in values:
                await connection.execute(delete(sessions).where(self._sessions_of(name)))
            await self._audit(connection, author, action, name)

    async def _create(
        self,
        connection: AsyncConnection,
        name: str,
        hashed: str,
        role: Role,
        must_change: bool,
        person: str | None = None,
    ) -> bool:
        """False when the name is taken."""
        await self._db.one_at_a_time(connection, f"users {self._hotline}")
        if (await connection.execute(select(users.c.name).where(self._named(name)))).first():
            return False
        row = {"name": name, "role": role, "password_hash": hashed, "must_change": must_change, "agent_name": person}
        await connection.execute(insert(users).values(hotline_id=self._hotline, changed_at=datetime.now(UTC), **row))
        return True

    async def _audit(self, connection: AsyncConnection, author: str, action: str, name: str) -> None:
        done = audit_row(self._hotline, datetime.now(UTC), author, action, name)
        await connection.execute(insert(audit).values(done))

    async def verify(self, name: str, password: str) -> User | None:
        """The user if name and password belong together; an unknown name takes as long as a wrong password.

        None for a closed account, too.
        """
        found = await self._find(name)
        hashed = found[1] if found else await asyncio.to_thread(_nobodys_hash)
        async with self._hashing:
            right = await asyncio.to_thread(_matches, hashed, password)
        return found[0] if found and right and not found[0].closed else None

    async def users(self) -> list[User]:
        """Everybody, by name."""
        query = select(*_USER).where(users.c.hotline_id == self._hotline).order_by(users.c.name)
        async with self._db.read() as connection:
            return [_user(row) for row in await connection.execute(query)]

    async def still_initial(self) -> set[str]:
        """Names of those who still have the password that was made at a start of the service.

        What was given to an account of that name before it was removed or renewed does not count.
        """
        about = (audit.c.hotline_id == self._hotline) & (audit.c.subject == users.c.name)
        removed = select(func.coalesce(func.max(audit.c.id), 0)).where(about, audit.c.action.in_((REMOVED, RENEWED)))
        later = audit.alias()
        given = select(later.c.id).where(
            later.c.hotline_id == self._hotline,
            later.c.subject == users.c.name,
            later.c.action.in_(GIVEN),
            later.c.id > removed.scalar_subquery(),
        )
        query = select(users.c.name).where(users.c.hotline_id == self._hotline, users.c.must_change, ~given.exists())
        async with self._db.read() as connection:
            return {row.name for row in await connection.execute(query)}

    async def removed(self) -> set[str]:
        """Names of accounts that were removed at some time, as far back as the audit log goes."""
        query = select(audit.c.subject).where(audit.c.hotline_id == self._hotline, audit.c.action == REMOVED)
        async with self._db.read() as connection:
            return {row.subject for row in await connection.execute(query)}

    async def open_session(self, user: User, now: datetime, lifetime: timedelta) -> str:
        """A new session; returns its token, which is not stored."""
        token = secrets.token_urlsafe(32)
        row = {"token_hash": _digest(token), "user_name": user.name, "opened_at": now, "expires_at": now + lifetime}
        async with self._db.write() as connection:
            await self._forget_expired(connection, now)
            await connection.execute(insert(sessions).values(hotline_id=self._hotline, **row))
        return token

    async def user_of(self, token: str, now: datetime) -> User | None:
        """Whose session that is; None when it is unknown, closed or expired."""
        query = (
            select(*_USER)
            .join(sessions, (sessions.c.user_name == users.c.name) & (sessions.c.hotline_id == users.c.hotline_id))
            .where(sessions.c.hotline_id == self._hotline, sessions.c.token_hash == _digest(token))
            .where(sessions.c.expires_at > now)
        )
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
            return _user(row) if row else None

    async def close_session(self, token: str) -> None:
        mine = (sessions.c.hotline_id == self._hotline) & (sessions.c.token_hash == _digest(token))
        async with self._db.write() as connection:
            await connection.execute(delete(sessions).where(mine))

    async def close_sessions(self, name: str) -> None:
        """Log this user out everywhere."""
        async with self._db.write() as connection:
            await connection.execute(delete(sessions).where(self._sessions_of(name)))

    async def _find(self, name: str) -> tuple[User, str] | None:
        query = select(*_USER, users.c.password_hash).where(self._named(name))
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
            return (_user(row), row.password_hash) if row else None

    async def _hash(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(hasher.hash, password)

    async def _forget_expired(self, connection: AsyncConnection, now: datetime) -> None:
        gone = (sessions.c.hotline_id == self._hotline) & (sessions.c.expires_at <= now)
        await connection.execute(delete(sessions).where(gone))

    def _named(self, name: str) -> ColumnElement[bool]:
        return (users.c.hotline_id == self._hotline) & (users.c.name == name)

    def _sessions_of(self, name: str) -> ColumnElement[bool]:
        return (sessions.c.hotline_id == self._hotline) & (sessions.c.user_name == name)


_USER = (users.c.name, users.c.role, users.c.must_change, users.c.left_at)


def _user(row: Any) -> User:
    return User(row.name, Role(row.role), row.must_change, closed=row.left_at is not None)


def _unknown(name: str) -> Refused:
    return Refused(f"Es gibt kein Konto mit dem Namen {name}.")


@cache
def _nobodys_hash() -> str:
    return hasher.hash(secrets.token_urlsafe(16))


def _matches(hashed: str, password: str) -> bool:
    try:
        return hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
