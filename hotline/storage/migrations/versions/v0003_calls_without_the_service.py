"""Which calls Asterisk handled without the service, and how far what it wrote down has been imported."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("fallback", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "imports",
        sa.Column("hotline_id", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("cursor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.UniqueConstraint("hotline_id", "source", name="imports_source_once"),
    )
