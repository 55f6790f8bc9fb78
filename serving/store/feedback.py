"""What people say about a call: appended once, read by the next ingest and by whoever grades it."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from serving.store.engine import writing
from serving.store.migrations import upgrade
from serving.store.tables import Call, Feedback, Receipt, Run


def say(
    engine: Engine, *, key: str, receipt: Receipt, kind: str, at: dt.datetime, note: str | None = None
) -> bool:  # fmt: skip
    """Keep what was said about a receipt; False if this `key` was said before, then nothing is stored twice."""
    upgrade(engine)
    with writing(engine) as connection:
        if connection.scalar(select(Feedback.id).where(Feedback.idempotency_key == key)):
            return False
        row = {"idempotency_key": key, "prospect_id": receipt.prospect_id, "receipt_id": receipt.receipt_id}
        connection.execute(insert(Feedback).values(**row, kind=kind, note=note, at=at))
    return True


def said(store: Session) -> pd.DataFrame:
    """Return everything said about a receipt: prospect_id, kind, at, and the receipt's `as_of` (UTC)."""
    query = (
        select(Feedback.prospect_id, Feedback.kind, Feedback.at, Run.as_of)
        .join(Receipt, Receipt.receipt_id == Feedback.receipt_id)
        .join(Run, Run.number == Receipt.run)
        .order_by(Feedback.id)
    )
    rows = list(store.execute(query))
    return _utc(pd.DataFrame(rows, columns=["prospect_id", "kind", "at", "as_of"]), "at", "as_of")


def listed(store: Session) -> pd.DataFrame:
    """Return every call of every published list: prospect_id and the list's `as_of` (UTC)."""
    query = select(Call.prospect_id, Run.as_of).join(Run, Run.number == Call.run)
    return _utc(pd.DataFrame(list(store.execute(query)), columns=["prospect_id", "as_of"]), "as_of")


def _utc(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    times = {name: pd.to_datetime(rows[name], utc=True).astype("datetime64[us, UTC]") for name in columns}
    return rows.assign(**times).astype({"prospect_id": "str"})
