"""What a call is worth and why it was chosen, what changed since the last receipt, and when the left out come back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBERS = ("value", "amount", "timing", "reach", "propensity")
_TEXTS = ("hours", "offer_id", "offer_words", "timing_words", "worth_words", "drawn")


def upgrade() -> None:
    for name in _NUMBERS:
        op.add_column("call_list", sa.Column(name, sa.Float(), nullable=True))
    for name in _TEXTS:
        op.add_column("call_list", sa.Column(name, sa.String(), nullable=True))
    for name in ("trend", "change"):
        op.add_column("receipts", sa.Column(name, sa.String(), nullable=True))
    op.add_column("left_out", sa.Column("until", sa.Date(), nullable=True))


def downgrade() -> None:
    for name in (*_NUMBERS, *_TEXTS):
        op.drop_column("call_list", name)
    for name in ("trend", "change"):
        op.drop_column("receipts", name)
    op.drop_column("left_out", "until")
