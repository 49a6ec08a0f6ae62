"""Tables of the agents' workplace: several requests in one call, what happens to a promise, notices, alarms, drafts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INDEXES = (
    ("call_persons_by_household", "call_persons", ["household_number"]),
    ("callback_persons_by_household", "callback_persons", ["household_number"]),
    ("callback_persons_by_number", "callback_persons", ["number"]),
    ("callbacks_by_finish", "callbacks", ["finished_at"]),
    ("dispositions_by_time", "dispositions", ["at"]),
    ("offers_by_agent", "offers", ["agent", "made_at"]),
    ("outbox_by_promise", "outbox", ["promise_id"]),
    ("outbox_by_state", "outbox", ["state"]),
    ("promise_details_by_household", "promise_details", ["household_number"]),
    ("promise_details_by_phone", "promise_details", ["phone"]),
    ("promises_by_status", "promises", ["status", "created_at"]),
)
"""On tables of before, by hotline first: for the search, the day's pages and the lead's figures."""


def upgrade() -> None:
    op.create_table(
        "agent_states",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("hotline_id", sa.String(length=40), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("agent_states_by_time", "agent_states", ["hotline_id", "at"], unique=False)
    op.create_table(
        "alarms",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("hotline_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=True),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("seen_by", sa.String(length=40), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alarms_by_time", "alarms", ["hotline_id", "at"], unique=False)
    op.create_table(
        "drafts",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("hotline_id", sa.String(length=40), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("hotline_id", "call_id", "agent", name="drafts_once"),
    )
    op.create_table(
        "erasures",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("hotline_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("row_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("erasures_by_time", "erasures", ["hotline_id", "at"], unique=False)
    op.create_table(
        "knowledge",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("hotline_id", sa.String(length=40), nullable=False),
        sa.Column("request_type", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("knowledge_by_type", "knowledge", ["hotline_id", "request_type", "id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("hotline_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("notices_by_time", "notices", ["hotline_id", "kind", "at"], unique=False)
    op.create_table(
        "promise_events",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("hotline_id", sa.String(length=40), nullable=False),
        sa.Column("promise_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=True),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("promise_events_by_promise", "promise_events", ["hotline_id", "promise_id", "id"], unique=False)
    op.create_table(
        "short_messages",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("hotline_id", sa.String(length=40), nullable=False),
        sa.Column("promise_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("provider_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("short_messages_once", "short_messages", ["hotline_id", "promise_id"], unique=True)
    op.create_table(
        "promise_texts",
        sa.Column("event_id", NUMBER, nullable=False),
        sa.Column("hotline_id", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["promise_events.id"],
        ),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_table(
        "short_message_texts",
        sa.Column("message_id", NUMBER, nullable=False),
        sa.Column("hotline_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["short_messages.id"],
        ),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.add_column("callbacks", sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("callbacks", sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("dispositions", sa.Column("number", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column("dispositions", sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("promises", sa.Column("disposition_id", NUMBER, nullable=True))
    # A call of before has one disposition at most: the one with which its promise was made.
    op.execute(
        "UPDATE promises SET disposition_id = (SELECT id FROM dispositions d"
        " WHERE d.hotline_id = promises.hotline_id AND d.call_id = promises.call_id)"
    )
    op.drop_index(op.f("dispositions_one_per_call"), table_name="dispositions")
    op.create_index(
        "dispositions_one_per_request",
        "dispositions",
        ["hotline_id", "call_id", "number"],
        unique=True,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.add_column("presences", sa.Column("by", sa.String(length=40), nullable=True))
    op.add_column("promises", sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("promises", sa.Column("reminded_for", sa.DateTime(timezone=True), nullable=True))
    op.add_column("promises", sa.Column("escalated_for", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("must_change", sa.Boolean(), server_default=sa.false(), nullable=False))
    for name, table, columns in INDEXES:
        op.create_index(name, table, ["hotline_id", *columns], unique=False)
