"""The first tables."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[dt.datetime]:
    return sa.Column(name, sa.DateTime(), nullable=nullable)


def upgrade() -> None:
    _runs()
    _receipts()
    _lists()
    _state()
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        _text("idempotency_key", nullable=False),
        _text("prospect_id", nullable=False),
        _text("receipt_id"),
        _text("kind", nullable=False),
        _text("note"),
        _time("at"),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("idempotency_key", name="uq_feedback_idempotency_key"),
    )
    op.create_index("ix_feedback_prospect_id", "feedback", ["prospect_id"])


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        _text("run_id", nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        _time("as_of"),
        _text("company", nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        _text("currency", nullable=False),
        _text("timezone", nullable=False),
        _text("model_version", nullable=False),
        _text("bundle_fingerprint", nullable=False),
        _text("definitions_hash", nullable=False),
        _text("data_version", nullable=False),
        sa.Column("base_rate", sa.Float(), nullable=True),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("definitions", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_runs"),
        sa.UniqueConstraint("run_id", name="uq_runs_run_id"),
    )
    op.create_index("ix_runs_day_number", "runs", ["day", "number"])
    op.create_table(
        "model_cards",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name="fk_model_cards_run"),
        sa.PrimaryKeyConstraint("run", name="pk_model_cards"),
    )


def _receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("run", sa.Integer(), nullable=False),
        _text("prospect_id", nullable=False),
        _text("receipt_id", nullable=False),
        _text("state", nullable=False),
        sa.Column("chance", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("like_n", sa.Integer(), nullable=True),
        sa.Column("like_won", sa.Integer(), nullable=True),
        sa.Column("margin", sa.Float(), nullable=True),
        _text("grade"),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name="fk_receipts_run"),
        sa.PrimaryKeyConstraint("run", "prospect_id", name="pk_receipts"),
    )
    op.create_index("ix_receipts_prospect_id", "receipts", ["prospect_id"])
    op.create_index("ix_receipts_receipt_id", "receipts", ["receipt_id"])


def _lists() -> None:
    op.create_table(
        "call_list",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        _text("owner_id"),
        _text("prospect_id", nullable=False),
        _text("contact_id"),
        _text("channel"),
        _text("why_contact"),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name="fk_call_list_run"),
        sa.ForeignKeyConstraint(
            ["run", "prospect_id"],
            ["receipts.run", "receipts.prospect_id"],
            name="fk_call_list_run_prospect_id",
        ),
        sa.PrimaryKeyConstraint("run", "position", name="pk_call_list"),
        sa.UniqueConstraint("run", "prospect_id", name="uq_call_list_run_prospect_id"),
    )
    op.create_table(
        "left_out",
        sa.Column("run", sa.Integer(), nullable=False),
        _text("prospect_id", nullable=False),
        _text("reason", nullable=False),
        _text("words", nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name="fk_left_out_run"),
        sa.PrimaryKeyConstraint("run", "prospect_id", name="pk_left_out"),
    )


def _state() -> None:
    op.create_table(
        "prospects",
        _text("prospect_id", nullable=False),
        *map(_text, ("name", "account_id", "owner_id", "territory", "segment", "source")),
        _time("created_at"),
        _time("last_touch_at", nullable=True),
        sa.PrimaryKeyConstraint("prospect_id", name="pk_prospects"),
    )
    op.create_table(
        "contacts",
        _text("prospect_id", nullable=False),
        _text("contact_id", nullable=False),
        *map(_text, ("name", "role", "seniority", "email", "phone", "timezone")),
        sa.Column("do_not_contact", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["prospect_id"], ["prospects.prospect_id"], name="fk_contacts_prospect_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("prospect_id", "contact_id", name="pk_contacts"),
    )
    op.create_table(
        "timeline",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        _text("prospect_id", nullable=False),
        _time("occurred_at"),
        _time("recorded_at"),
        _text("kind", nullable=False),
        *map(_text, ("channel", "direction", "result", "text")),
        sa.ForeignKeyConstraint(
            ["prospect_id"], ["prospects.prospect_id"], name="fk_timeline_prospect_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_timeline"),
    )
    op.create_index("ix_timeline_prospect_id_occurred_at", "timeline", ["prospect_id", "occurred_at"])


def downgrade() -> None:
    for table in (
        "feedback",
        "timeline",
        "contacts",
        "prospects",
        "left_out",
        "call_list",
        "receipts",
        "model_cards",
        "runs",
    ):
        op.drop_table(table)
