"""Who saw or changed which prospect; rows are appended, and deleted only while a retention runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("prospect_id", sa.String(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=True),
        sa.Column("places", sa.String(), nullable=True),
        sa.Column("prospects", sa.String(), nullable=True),
        sa.Column("change", sa.String(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    for column in ("at", "prospect_id", "run"):
        op.create_index(f"ix_audit_{column}", "audit", [column])
    op.create_table(
        "audit_retention",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("running", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_retention"),
    )
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function takt_audit_only_grows() cascade")
        op.execute("drop function takt_retention_stays() cascade")
    op.drop_table("audit_retention")
    op.drop_table("audit")


_SQLITE = (
    "create trigger audit_no_update before update on audit begin "
    "select raise(abort, 'the audit is only appended to'); end",
    "create trigger audit_no_delete before delete on audit when not exists "
    "(select 1 from audit_retention r where r.running and old.at < r.until) begin "
    "select raise(abort, 'the audit is only appended to; see takt audit retain'); end",
    "create trigger audit_retention_no_update before update on audit_retention when not "
    "(old.running and not new.running and old.until = new.until and old.at = new.at and old.who = new.who) begin "
    "select raise(abort, 'what was deleted from the audit stays written down'); end",
    "create trigger audit_retention_no_delete before delete on audit_retention begin "
    "select raise(abort, 'what was deleted from the audit stays written down'); end",
)
_POSTGRESQL = (
    "create function takt_audit_only_grows() returns trigger language plpgsql as $$ begin "
    "if tg_op = 'DELETE' then "
    "if exists (select 1 from audit_retention r where r.running and old.at < r.until) then return old; end if; "
    "end if; "
    "raise exception 'the audit is only appended to; see takt audit retain'; end $$",
    "create trigger audit_only_grows before update or delete on audit "
    "for each row execute function takt_audit_only_grows()",
    "create function takt_retention_stays() returns trigger language plpgsql as $$ begin "
    "if tg_op = 'UPDATE' then "
    "if old.running and not new.running and old.until = new.until and old.at = new.at and old.who = new.who then "
    "return new; end if; end if; "
    "raise exception 'what was deleted from the audit stays written down'; end $$",
    "create trigger retention_stays before update or delete on audit_retention "
    "for each row execute function takt_retention_stays()",
    "create trigger audit_no_truncate before truncate on audit "
    "for each statement execute function takt_audit_only_grows()",
    "create trigger retention_no_truncate before truncate on audit_retention "
    "for each statement execute function takt_retention_stays()",
)
