"""What the case worker writes when confirming, beside the other personal data of a promise."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("promise_details", sa.Column("answer", sa.Text(), nullable=True))
