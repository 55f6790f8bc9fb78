"""Alembic's entry: runs the revisions on the connection it is handed (see `upgrade`)."""

from __future__ import annotations

from alembic import context

from serving.store import audit, people  # noqa: F401 - declare their tables
from serving.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
