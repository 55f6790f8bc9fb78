"""What the watch reads from the serving store: the lists that counted, their chances, and what was tapped."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from models.evidence.watching.watched import LISTED, LISTS, SPREAD, TAPPED, nothing
from serving.store import feedback
from serving.store.tables import Call, Receipt, Run

SPREAD_DAYS: Final = 30
"""Lists whose whole cohorts are looked at: the newest ones."""
STEPS: Final = 200
"""Chances are counted in steps of one half point: a cohort of a million is 200 rows."""


def counted(before: pd.Timestamp) -> Select[tuple[int]]:
    """Return the run that counted on each day: of several for one day the last, of those made for before a moment."""
    return select(func.max(Run.number)).where(Run.as_of <= before.to_pydatetime()).group_by(Run.day)


def listed(store: Session, before: pd.Timestamp) -> pd.DataFrame:
    """Return every call of the lists that counted, with its chance and the bundle that made it."""
    query = (
        select(Call.prospect_id, Run.as_of, Receipt.chance, Run.bundle_fingerprint)
        .join(Run, Run.number == Call.run)
        .join(Receipt, and_(Receipt.run == Call.run, Receipt.prospect_id == Call.prospect_id))
        .where(Run.number.in_(counted(before)))
    )
    return _table(store, query, LISTED)


def lists(store: Session, before: pd.Timestamp) -> pd.DataFrame:
    """Return each day's list: its calls and the sum of their chances, missing where one says none."""
    query = (
        select(
            Run.as_of, Run.bundle_fingerprint, func.count(Call.prospect_id), func.sum(Receipt.chance),
            func.count(Receipt.chance),
        )
        .join(Call, Call.run == Run.number, isouter=True)
        .join(Receipt, and_(Receipt.run == Call.run, Receipt.prospect_id == Call.prospect_id), isouter=True)
        .where(Run.number.in_(counted(before)))
        .group_by(Run.number, Run.as_of, Run.bundle_fingerprint)
        .order_by(Run.as_of)
    )  # fmt: skip
    rows = _table(store, query, (*LISTS, "known"))
    return rows.assign(expected=rows["expected"].where(rows["known"] == rows["listed"]))[list(LISTS)]


def spread(store: Session, before: pd.Timestamp) -> pd.DataFrame:
    """Return the chances of the newest cohorts, rounded, with how many prospects had each."""
    newest = (
        select(func.max(Run.number).label("number")).where(Run.as_of <= before.to_pydatetime()).group_by(Run.day)
        .order_by(Run.day.desc()).limit(SPREAD_DAYS).subquery()
    )  # fmt: skip
    step = func.round(Receipt.chance * STEPS)
    query = (
        select(Run.as_of, Run.bundle_fingerprint, step, func.count())
        .join(Receipt, Receipt.run == Run.number)
        .where(Run.number.in_(select(newest.c.number)), Receipt.chance.is_not(None))
        .group_by(Run.number, Run.as_of, Run.bundle_fingerprint, step)
    )
    rows = _table(store, query, SPREAD)
    return rows.assign(chance=rows["chance"] / STEPS)


def tapped(store: Session, before: pd.Timestamp) -> pd.DataFrame:
    """Return what was said about a list's call before a moment and not taken back."""
    rows = feedback.said(store)
    return rows.loc[rows["at"] < before, list(TAPPED)].reset_index(drop=True)


def newest_run(store: Session) -> Run | None:
    """Return the run that readers see first."""
    return store.scalar(select(Run).order_by(Run.day.desc(), Run.number.desc()).limit(1))


def _table(store: Session, query: Select[Any], columns: tuple[str, ...]) -> pd.DataFrame:
    rows = pd.DataFrame([tuple(row) for row in store.execute(query)], columns=list(columns), dtype=object)
    types = nothing(columns).dtypes.to_dict() | ({"known": "float64"} if "known" in columns else {})
    rows["as_of"] = pd.to_datetime(rows["as_of"], utc=True)
    return rows.astype(types)
