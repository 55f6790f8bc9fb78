"""One day's list with everything that belongs to it, published in one transaction.

A reader sees the earlier list or the new one, never half of either. Publishing the same run twice changes
nothing. A later run for the same day supersedes the earlier one, which stays in the store with its receipts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select

from serving.errors import RunRefused
from serving.store.engine import writing
from serving.store.migrations import upgrade
from serving.store.records import plain, records
from serving.store.tables import Base, Board, Call, Contact, LeftOut, ModelCard, Moment, Prospect, Receipt, Run

_Rows = dict[type[Base], list[dict[str, Any]]]
_CURRENT: Final = (Prospect, Contact, Moment)
"""Tables that hold the last published state; in this order, for the others point at the first."""


@dataclass(frozen=True, kw_only=True)
class PublishedRun:
    """What the daily flow hands to the server. Tables may have further columns, which are not kept.

    Attributes
    ----------
    run_id : str
        Names the run; publishing it again changes nothing, so it should be made from the run's inputs.
    as_of : datetime with zone
        Everything known before this moment was used.
    base_rate : float or None
        Share of won snapshots in training; None without any.
    summary : dict
        Figures of the run, shown as they are. Two keys are sentences for the person who reads the list:
        `notes` (list of str, above the list, such as "Ranked by recency: only 4 wins so far") and `refused`
        (str, in place of an empty list: why no ranking was made).
    definitions : dict
        The operational definitions, for showing.
    receipts : DataFrame
        receipt_id, prospect_id, state ("scored" or why not), chance, low, high, like_n, like_won, margin,
        grade, reasons (list of dicts: text, direction "for" / "against", effect, concept, question,
        counts_n, counts_won), trend? ("rising" / "steady" / "falling"), change? (words). One row per prospect of the
        cohort.
    call_list : DataFrame
        rank, owner_id?, prospect_id, receipt_id, contact_id?, channel?, why_contact?, value?, amount?, timing?,
        reach?, hours?, offer_id?, offer_words?, timing_words?, worth_words?, drawn?, propensity?; rows in list order.
    left_out : DataFrame
        prospect_id, reason, words, until? (date).
    prospects : DataFrame
        prospect_id, name?, account_id?, owner_id?, territory?, segment?, source?, created_at, last_touch_at?, stage?,
        offer_id?, offer_words?, missing_roles?.
    contacts : DataFrame
        contact_id, prospect_id, name?, role?, seniority?, email?, phone?, timezone?, do_not_contact (bool).
    timeline : DataFrame
        prospect_id, occurred_at, recorded_at, kind, channel?, direction?, result?, text?.
    boards : dict of name to dict
        What the pages beside the list show, in the shapes of `serving.boards`.
    """

    run_id: str
    as_of: dt.datetime
    company: str
    simulated: bool
    horizon_days: int
    currency: str
    timezone: str
    model_version: str
    bundle_fingerprint: str
    definitions_hash: str
    data_version: str
    base_rate: float | None
    receipts: pd.DataFrame
    call_list: pd.DataFrame
    left_out: pd.DataFrame
    prospects: pd.DataFrame
    contacts: pd.DataFrame
    timeline: pd.DataFrame
    summary: dict[str, Any] = field(default_factory=dict)
    definitions: dict[str, Any] = field(default_factory=dict)
    model_card: dict[str, Any] = field(default_factory=dict)
    boards: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def day(self) -> dt.date:
        """The day this list is for: the date of `as_of` in the company's time zone."""
        return self.as_of.astimezone(ZoneInfo(self.timezone)).date()


def publish(engine: Engine, run: PublishedRun) -> bool:
    """Write one run; False when it is in the store already (then nothing is changed).

    `prospects`, `contacts` and `timeline` of these prospects are replaced, unless a later day was published
    before: then an old state never overwrites a newer one.

    Raises
    ------
    RunRefused
        A column is missing, or a listed prospect has no receipt, or no row in prospects.
    """
    rows = {table: records(table, frame) for table, frame in _tables(run).items()}
    _check(run)
    upgrade(engine)
    with writing(engine) as connection:
        if connection.scalar(select(Run.number).where(Run.run_id == run.run_id)):
            return False
        newest = connection.scalar(select(func.max(Run.day)))
        number = _insert_run(connection, run)
        for table in (Receipt, Call, LeftOut):
            _insert(connection, table, [{"run": number, **row} for row in rows[table]])
        kept = set() if newest is None or run.day >= newest else _known(connection)
        current: _Rows = {t: [r for r in rows[t] if r["prospect_id"] not in kept] for t in _CURRENT}
        _replace_state(connection, current)
    return True


def _tables(run: PublishedRun) -> dict[type[Base], pd.DataFrame]:
    return {
        Receipt: run.receipts,
        Call: run.call_list.assign(position=range(1, len(run.call_list) + 1)),
        LeftOut: run.left_out,
        Prospect: run.prospects,
        Contact: run.contacts,
        Moment: run.timeline,
    }


def _check(run: PublishedRun) -> None:
    """Refuse a run whose tables do not fit together, before the store is touched."""
    if run.as_of.tzinfo is None:
        raise RunRefused(f"run {run.run_id}: as_of {run.as_of} has no time zone; give it in UTC.")
    described = set(run.prospects["prospect_id"])
    for name in ("receipts", "call_list", "left_out", "contacts", "timeline"):
        ids = set(getattr(run, name)["prospect_id"]) - described
        if ids:
            raise RunRefused(
                f"run {run.run_id}: {len(ids)} prospect(s) of {name} are not in prospects, "
                f"for example {sorted(ids)[:3]}; every prospect needs its row there."
            )
    pair = ["prospect_id", "receipt_id"]
    listed = run.call_list.reindex(columns=pair).itertuples(index=False, name=None)
    lost = sorted(set(listed) - set(run.receipts[pair].itertuples(index=False, name=None)))
    if lost:
        raise RunRefused(
            f"run {run.run_id}: {len(lost)} listed prospect(s) without their receipt, for example {lost[0]}."
        )


def _insert_run(connection: Connection, run: PublishedRun) -> int:
    names = {c.key for c in Run.__table__.columns} - {"number"}
    values = {name: plain(getattr(run, name)) for name in names}
    number: int = connection.execute(insert(Run).values(values).returning(Run.number)).scalar_one()
    connection.execute(insert(ModelCard).values(run=number, card=plain(run.model_card)))
    boards = [{"run": number, "name": name, "content": plain(content)} for name, content in run.boards.items()]
    _insert(connection, Board, boards)
    return number


def _insert(connection: Connection, table: type[Base], rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _known(connection: Connection) -> set[str]:
    return set(connection.scalars(select(Prospect.prospect_id)))


def _replace_state(connection: Connection, rows: _Rows) -> None:
    gone = [{"gone": row["prospect_id"]} for row in rows[Prospect]]
    if gone:  # their contacts and timeline go with them
        connection.execute(delete(Prospect).where(Prospect.prospect_id == bindparam("gone")), gone)
    for table in _CURRENT:
        _insert(connection, table, rows[table])
