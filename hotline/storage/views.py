"""What readers of the ledger get: frozen rows with aware UTC times."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row


@dataclass(frozen=True, slots=True)
class CallRow:
    id: str
    channel: str
    gateway: str
    config_version: int
    request_type: str | None
    agent: str | None
    how: str | None
    started_at: datetime
    joined_at: datetime | None
    answered_at: datetime | None
    talk_ended_at: datetime | None
    ended_at: datetime | None
    fallback: bool = False
    """For a while, or from beginning to end, Asterisk handled the call without the service."""
    language: str | None = None
    """Key of the further language that the caller has chosen; None for the hotline's own."""


class Step(NamedTuple):
    at: datetime
    kind: str
    agent: str | None
    codes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PastCall:
    """An earlier call as the agent reads it after the identity tick."""

    call_id: str
    at: datetime
    request_type: str | None
    outcome: str | None
    note: str | None
    threat: bool = False
    """An agent pressed the threat button."""
    people: tuple[str, ...] = ()
    """For whom something was promised in that call, by name."""


@dataclass(frozen=True, slots=True)
class PastPromise:
    id: str
    call_id: str
    receipt: str
    request_type: str
    due_at: datetime
    status: str
    kept_at: datetime | None
    how: str | None
    tries: int = 0
    """How often the case worker tried in vain to reach the caller."""
    postponed: int = 0
    handed_on: int = 0
    responsible_name: str | None = None
    """Who is to answer; None once that is erased."""
    undelivered: bool = False
    """A mail to that case worker was refused or came back."""
    person: str | None = None
    """To whom it was promised; None once that is erased."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """All that may be shown before the identity tick."""

    calls: int = 0
    open_promises: int = 0
    people: int = 0
    """How many different people something was promised to under that number."""


@dataclass(frozen=True, slots=True)
class History:
    calls: list[PastCall]
    promises: list[PastPromise]


def call_row(row: Row[Any]) -> CallRow:
    return CallRow(**{field.name: row._mapping[field.name] for field in fields(CallRow)})
