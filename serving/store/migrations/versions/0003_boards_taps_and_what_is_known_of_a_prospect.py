"""Boards for marketing, managers and doubters; taps with whom, until when and what they take back; faster lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SAID = ("contact_id", "channel", "said_by", "undoes")
_KNOWN = ("stage", "offer_id", "offer_words", "missing_roles")


def upgrade() -> None:
    op.create_table(
        "boards",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name="fk_boards_run"),
        sa.PrimaryKeyConstraint("run", "name", name="pk_boards"),
    )
    op.create_table(
        "proposals",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_proposals"),
    )
    for name in _SAID:
        op.add_column("feedback", sa.Column(name, sa.String(), nullable=True))
    op.add_column("feedback", sa.Column("until", sa.Date(), nullable=True))
    for name in _KNOWN:
        op.add_column("prospects", sa.Column(name, sa.String(), nullable=True))
    op.create_index("ix_call_list_run_owner_id_position", "call_list", ["run", "owner_id", "position"])
    op.create_index("ix_prospects_name", "prospects", ["name"])
    op.create_index("ix_feedback_contact_id", "feedback", ["contact_id"])


def downgrade() -> None:
    op.drop_index("ix_feedback_contact_id", "feedback")
    op.drop_index("ix_prospects_name", "prospects")
    op.drop_index("ix_call_list_run_owner_id_position", "call_list")
    for name in _KNOWN:
        op.drop_column("prospects", name)
    op.drop_column("feedback", "until")
    for name in _SAID:
        op.drop_column("feedback", name)
    op.drop_table("proposals")
    op.drop_table("boards")
