"""What an agent writes down for the next one when handing a caller on."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_handovers",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("hotline_id", sa.String(length=40), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("how", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("form", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("call_id"),
    )
