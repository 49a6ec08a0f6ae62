"""Which tables there are, and which of their rows are personal and can be erased.

Ledger tables hold ids, times and codes. Whatever names or describes a person stands in a table of `PERSONAL`,
one row beside the ledger row it belongs to: erasing it leaves the statistics whole. Ledger rows do not point
at `calls` with foreign keys: what an agent wrote is kept even if the start of the call could not be stored.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.engine import Dialect

metadata = MetaData()


class UtcTime(TypeDecorator[datetime]):
    """Aware datetimes in and out, UTC in the database; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Counts up by itself on both databases."""
ID = String(64)
CODE = String(40)


def _table(name: str, *parts: Any) -> Table:
    return Table(name, metadata, *parts)


def _hotline() -> Column[str]:
    return Column("hotline_id", String(40), nullable=False)


def _time(name: str, *, required: bool = False) -> Column[datetime]:
    return Column(name, UtcTime, nullable=not required)


calls = _table(
    "calls",
    Column("id", ID, primary_key=True),
    _hotline(),
    Column("channel", Text, nullable=False),
    Column("gateway", CODE, nullable=False),
    Column("config_version", Integer, nullable=False),
    Column("request_type", CODE),
    Column("agent", CODE),
    Column("how", CODE),
    Column("language", CODE),
    Column("fallback", Boolean, nullable=False, server_default=false()),
    _time("started_at", required=True),
    _time("joined_at"),
    _time("answered_at"),
    _time("talk_ended_at"),
    _time("ended_at"),
    Index("calls_by_start", "hotline_id", "started_at"),
    Index(
        "calls_unended",
        "hotline_id",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

call_events = _table(
    "call_events",
    Column("id", NUMBER, primary_key=True),
    _hotline(),
    Column("call_id", ID, nullable=False),
    _time("at", required=True),
    Column("kind", CODE, nullable=False),
    Column("agent", CODE),
    Column("codes", JSON, nullable=False),
    Index("call_events_by_call", "hotline_id", "call_id", "id"),
)

offers = _table(
    "offers",
    Column("id", ID, primary_key=True),
    _hotline(),
    Column("call_id", ID, nullable=False),
    Column("agent", CODE, nullable=False),
    Column("outcome", CODE),
    _time("made_at", required=True),
    _time("shown_at"),
    _time("closed_at"),
    Index("offers_by_call", "hotline_id", "call_id"),
    Index("offers_by_agent", "hotline_id", "agent", "made_at"),
    Index(
        "offers_one_open_per_agent",
        "hotline_id",
        "agent",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
    Index(
        "offers_one_open_per_call",
        "hotline_id",
        "call_id",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)

dispositions = _table(
    "dispositions",
    Column("id", NUMBER, primary_key=True),
    _hotline(),
    Column("call_id", ID, nullable=False),
    Column("agent", CODE, nullable=False),
    Column("outcome", CODE, nullable=False),
    Column("request_type", CODE, nullable=False),
    Column("number", Integer, nullable=False, server_default=text("1")),
    _time("at", required=True),
    _time("replaced_at"),
    Index("dispositions_by_time", "hotline_id", "at"),
    Index(
        "dispositions_one_per_request",
        "hotline_id",
        "call_id",
        "number",
        unique=True,
        sqlite_where=text("replaced_at IS NULL"),
        postgresql_where=text("replaced_at IS NULL"),
    ),
)

promises = _table(
    "promises",
    Column("id", ID, primary_key=True),
    _hotline(),
    Column("call_id", ID, nullable=False),
    Column("receipt", String(20), nullable=False),
    Column("request_type", CODE, nullable=False),
    Column("agent", CODE, nullable=False),
    Column("status", CODE, nullable=False),
    Column("how", CODE),
    _time("created_at", required=True),
    Column("disposition_id", NUMBER),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    _time("due_at", required=True),
    _time("kept_at"),
    _time("reminded_for"),
    _time("escalated_for"),
    UniqueConstraint("hotline_id", "receipt", name="promises_receipt_once"),
    Index("promises_by_call", "hotline_id", "call_id"),
    Index("promises_by_status", "hotline_id", "status", "created_at"),
    Index(
        "promises_open",
        "hotline_id",
        "due_at",
        sqlite_where=text("status = 'open'"),
        postgresql_where=text("status = 'open'"),
    ),
)

outbox = _table(
    "outbox",
    Column("id", NUMBER, primary_key=True),
    _hotline(),
    Column("promise_id", ID),
    Column("message_id", String(200), nullable=False, unique=True),
    Column("state", CODE, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("code", CODE),
    _time("created_at", required=True),
    _time("next_try", required=True),
    _time("sent_at"),
    Index("outbox_by_promise", "hotline_id", "promise_id"),
    Index("outbox_by_state", "hotline_id", "state"),
    Index(
        "outbox_due",
        "hotline_id",
        "next_try",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

callbacks = _table(
    "callbacks",
    Column("id", NUMBER, primary_key=True),
    _hotline(),
    Column("call_id", ID, nullable=False),
    Column("request_type", CODE),
    Column("taken_by", CODE),
    Column("outcome", CODE),
    Column("language", CODE),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    _time("requested_at", required=True),
    _time("due_at", required=True),
    _time("place_at"),
    _time("not_before"),
    _time("not_after"),
    _time("next_try_at"),
    _time("taken_at"),
    _time("finished_at"),
    Index("callbacks_by_call", "hotline_id", "call_id"),
    Index("callbacks_by_finish", "hotline_id", "finished_at"),
    Index(
        "callbacks_open",
        "hotline_id",
        "due_at",
        sqlite_where=text("finished_at IS NULL"),
        postgresql_where=text("finished_at IS NULL"),
    ),
)

presences = _table(
    "presences",
    Column("id", NUMBER, primary_key=True),
    _hotline(),
    Column("agent", CODE, nullable=False),
    Column("intent", CODE, nullable=False),
    Column("reason", Text),
    Column("by", CODE),
    _time("at", required=True),
    Index("presences_by_agent", "hotline_id", "agent", "id"),
)

users = _table(
    "users",
    _hotline(),
    Column("name", CODE, nullable=False),
    Column("role", CODE, nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("must_change", Boolean, nullable=False, server_default=false()),
    Column("agent_name", Text),
    _time("left_at"),
    _time("changed_at", required=True),
    UniqueConstraint("hotline_id", "name", name="users_name_once"),
)

sessions = _table(
    "sessions",
    Column("token_hash", String(64), primary_key=True),
    _hotline(),
    Column("user_name", CODE, nullable=False),
    _time("opened_at", required=True),
    _time("expires_at", required=True),
    Index("sessions_by_user", "hotline_id", "user_name"),
)

config_versions = _table(
    "config_versions",
    _hotline(),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("author", CODE, nullable=False),
    Column("reason", Text),
    _time("at", required=True),
    UniqueConstraint("hotline_id", "version", name="config_versions_once"),
)

config_drafts = _table(
    "config_drafts",
    _hotline(),
    Column("revision", Integer, nullable=False),
    Column("base_version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("author", CODE, nullable=False),
    _time("at", required=True),
    UniqueConstraint("hotline_id", name="config_drafts_once"),
)

audit = _table(
    "audit",
    Column("id", NUMBER, primary_key=True),
    _hotline(),
    _time("at", required=True),
    Column("who", CODE, nullable=False),
    Column("action", CODE, nullable=False),
    Column("subject", ID),
    Index("audit_by_time", "hotline_id", "at"),
)

promise_events = _table(
    "promise_events",
    Column("id", NUMBER, primary_key=True),
    _hotline(),
    Column("promise_id", ID, nullable=False),
    _time("at", required=True),
    Column("kind", CODE, nullable=False),
    Column("who", CODE),
    Column("codes", JSON, nullable=False),
    Index("promise_events_by_promise", "hotline_id", "promise_id", "id"),
)

agent_states = _table(
    "agent_states",
    Column("id", NUMBER, primary_key=True),
    _hotline(),
    Column("agent", CODE, nullable=False),
    _time("at", required=True),
    Column("state", CODE, nullable=False),
    Column("cause", CODE, nullable=False),
    Column("by", CODE),
    Index("agent_states_by_time", "hotline_id", "at"),
)

alarms = _table(
    "alarms",
    Column("id", NUMBER, primary_key=True),
    _hotline(),
    Column("kind", CODE, nullable=False),
    Column("call_id", ID),
    Column("agent", CODE, nullable=False),
    Column("seen_by", CODE),
    _time("at", required=True),
    _time("seen_at"),
    _time("mailed_at"),
    Index("alarms_by_time", "hotline_id", "at"),
)

notices = _table(
    "notices",
    Column("id", NUMBER, primary_key=True),
    _hotline(),
    Column("kind", CODE, nullable=False),
    Column("text", Text, nullable=False),
    Column("author", CODE, nullable=False),
    _time("at", required=True),
    _time("until"),
    _time("ended_at"),
    Column("ended_by", CODE),
    Index("notices_by_time", "hotline_id", "kind", "at"),
)

knowledge = _table(
    "knowledge",
    Column("id", NUMBER, primary_key=True),
    _hotline(),
    Column("request_type", CODE, nullable=False),
    Column("text", Text, nullable=False),
    Column("author", CODE, nullable=False),
    _time("at", required=True),
    Index("knowledge_by_type", "hotline_id", "request_type", "id"),
)

erasures = _table(
    "erasures",
    Column("id", NUMBER, primary_key=True),
    _hotline(),
    _time("at", required=True),
    Column("who", CODE, nullable=False),
    Column("kind", CODE, nullable=False),
    Column("row_id", ID, nullable=False),
    Index("erasures_by_time", "hotline_id", "at"),
)

short_messages = _table(
    "short_messages",
    Column("id", NUMBER, primary_key=True),
    _hotline(),
    Column("promise_id", ID, nullable=False),
    Column("state", CODE, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("code", CODE),
    Column("provider_id", String(64)),
    _time("created_at", required=True),
    _time("next_try", required=True),
    _time("sent_at"),
    Index("short_messages_once", "hotline_id", "promise_id", unique=True),
)

imports = _table(
    "imports",
    _hotline(),
    Column("source", String(64), nullable=False),
    Column("cursor", NUMBER, nullable=False),
    UniqueConstraint("hotline_id", "source", name="imports_source_once"),
)

# Personal data: each row can be erased without touching the ledger.

call_persons = _table(
    "call_persons",
    Column("call_id", ID, primary_key=True),
    _hotline(),
    Column("caller", Text),
    Column("household_number", Text),
    Index("call_persons_by_caller", "hotline_id", "caller"),
    Index("call_persons_by_household", "hotline_id", "household_number"),
)

disposition_details = _table(
    "disposition_details",
    Column("disposition_id", NUMBER, ForeignKey("dispositions.id"), primary_key=True),
    _hotline(),
    Column("note", Text),
    Column("form", JSON, nullable=False),
)

promise_details = _table(
    "promise_details",
    Column("promise_id", ID, ForeignKey("promises.id"), primary_key=True),
    _hotline(),
    Column("responsible_name", Text, nullable=False),
    Column("responsible_email", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("family_name", Text, nullable=False),
    Column("given_name", Text, nullable=False),
    Column("household_number", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("best_time", Text, nullable=False),
    Column("form", JSON, nullable=False),
    Column("note", Text),
    Column("answer", Text),
    Index("promise_details_by_phone", "hotline_id", "phone"),
    Index("promise_details_by_household", "hotline_id", "household_number"),
)

outbox_mails = _table(
    "outbox_mails",
    Column("outbox_id", NUMBER, ForeignKey("outbox.id"), primary_key=True),
    _hotline(),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
)

callback_persons = _table(
    "callback_persons",
    Column("callback_id", NUMBER, ForeignKey("callbacks.id"), primary_key=True),
    _hotline(),
    Column("number", Text, nullable=False),
    Column("household_number", Text),
    Column("note", Text),
    Index("callback_persons_by_number", "hotline_id", "number"),
    Index("callback_persons_by_household", "hotline_id", "household_number"),
)

call_handovers = _table(
    "call_handovers",
    Column("call_id", ID, primary_key=True),
    _hotline(),
    Column("agent", CODE, nullable=False),
    Column("how", CODE, nullable=False),
    Column("note", Text),
    Column("form", JSON, nullable=False),
)

drafts = _table(
    "drafts",
    Column("call_id", ID, nullable=False),
    _hotline(),
    Column("agent", CODE, nullable=False),
    Column("number", Integer, nullable=False, server_default=text("1")),
    Column("fields", JSON, nullable=False),
    _time("saved_at", required=True),
    UniqueConstraint("hotline_id", "call_id", "agent", name="drafts_once"),
)

promise_texts = _table(
    "promise_texts",
    Column("event_id", NUMBER, ForeignKey("promise_events.id"), primary_key=True),
    _hotline(),
    Column("text", Text, nullable=False),
)

short_message_texts = _table(
    "short_message_texts",
    Column("message_id", NUMBER, ForeignKey("short_messages.id"), primary_key=True),
    _hotline(),
    Column("number", Text, nullable=False),
    Column("text", Text, nullable=False),
)

PERSONAL = (
    call_persons,
    call_handovers,
    disposition_details,
    drafts,
    promise_details,
    promise_texts,
    outbox_mails,
    callback_persons,
    short_message_texts,
)
