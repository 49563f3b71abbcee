"""The entries themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "desk_entries",
        sa.Column("entry_id", sa.Text, primary_key=True),
        sa.Column("claim_key", sa.Text, nullable=False),
        sa.Column("source_system", sa.Text, nullable=False),
        sa.Column("claim_id", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("follow_up_date", sa.Date),
        sa.Column("assigned_to", sa.Text),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("effective_date", sa.Date, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False, unique=True),
    )
    op.create_index("desk_entries_by_claim", "desk_entries", ["claim_key", "sequence"])
