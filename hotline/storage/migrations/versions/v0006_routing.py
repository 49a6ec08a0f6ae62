"""Drafts of the configuration and reasons of changes; callbacks that keep their place; the caller's language."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "config_drafts",
        sa.Column("hotline_id", sa.String(length=40), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("hotline_id", name="config_drafts_once"),
    )
    op.add_column("config_versions", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("agent_name", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("calls", sa.Column("language", sa.String(length=40), nullable=True))
    op.add_column("callbacks", sa.Column("language", sa.String(length=40), nullable=True))
    for name in ("place_at", "not_before", "not_after"):
        op.add_column("callbacks", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
