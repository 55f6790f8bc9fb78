"""What the server is given: the day's run with the people and the past that belong to it, in one value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from features.facts.contract import TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from models.bundle import Bundle
from models.decision.change import changes
from models.decision.contact_choice import people
from models.decision.no_longer import WITHDRAWN
from models.decision.priority import TodaysList, owners
from models.heads.roles import missing_roles
from pipelines.home import Home
from pipelines.progress import stage
from pipelines.settings import PipelineSettings
from serving.store import queries
from serving.store.engine import open_store, reading
from serving.store.migrations import upgrade
from serving.store.publish import PublishedRun, publish

TIMELINE = 60
"""Moments of the past kept per prospect for showing, the latest ones."""
ROLES = 3
"""Missing roles named for one prospect, those that wins speak for most."""
OFFERED = ("prospect_id", "offer_id", "offer_words")
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
"""Chances that the axis of a picture of reasons may name."""


def summary_of(
    keys: pd.DataFrame, today: TodaysList, *, as_of: pd.Timestamp, model_card: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the day's counts, the sentences that stand above the list, and what stands in place of an empty one."""
    summary: dict[str, Any] = {"cohort": len(keys), "listed": len(today.listed), "left_out": len(today.left_out)}
    summary["left_out_by_reason"] = today.left_out["reason"].value_counts().to_dict()
    if not len(keys):
        summary["refused"] = f"Nobody was open on {as_of.date()}: every prospect known by then was closed or too old."
    said = [w for w in (*model_card["warnings"], *today.notes) if not w.startswith("simulated data")]
    return summary | {"notes": [w[0].upper() + w[1:].removesuffix(".") + "." for w in said]}


def assemble(
    facts: Facts, issued: pd.DataFrame, today: TodaysList, *, run_id: str, as_of: pd.Timestamp, bundle: Bundle,
    definitions: Definitions, data_version: str, summary: Mapping[str, Any], model_card: Mapping[str, Any],
    boards: Mapping[str, Any], said: pd.DataFrame,
) -> PublishedRun:  # fmt: skip
    """Put a run together from what was visible at `as_of`; `said` is what the other heads say of the cohort."""
    seen = facts.visible(as_of)
    ids = issued["prospect_id"] if len(issued) else pd.Series([], dtype="str")
    named = (
        issued[["prospect_id", "receipt_id"]] if len(issued) else pd.DataFrame({"prospect_id": ids, "receipt_id": ids})
    )
    return PublishedRun(
        run_id=run_id,
        as_of=as_of.to_pydatetime(),
        company=definitions.company,
        simulated=definitions.simulated,
        horizon_days=definitions.horizon_days,
        currency=definitions.currency,
        timezone=definitions.timezone,
        model_version=f"{bundle.head}-{bundle.rung.name}",
        bundle_fingerprint=bundle.fingerprint,
        definitions_hash=definitions.hash,
        data_version=data_version,
        base_rate=None if np.isnan(bundle.base_rate) else bundle.base_rate,
        receipts=issued,
        call_list=today.listed.merge(named, on="prospect_id"),
        left_out=today.left_out,
        prospects=_everybody(seen, ids, today, as_of=as_of).merge(said[list(OFFERED)], on="prospect_id", how="left"),
        contacts=_contacts(seen, ids, as_of),
        timeline=_timeline(seen, ids),
        summary={**summary, "scale": scale(bundle)},
        definitions=definitions.model_dump(mode="json"),
        model_card=dict(model_card),
        boards=dict(boards),
    )


def with_changes(
    issued: pd.DataFrame, home: Home, *, as_of: pd.Timestamp, bundle: Bundle, definitions: Definitions
) -> pd.DataFrame:
    """Add `trend` and `change`: how each receipt moved since the list of the last day before."""
    if issued.empty:
        return issued
    engine = engine_of(home, PipelineSettings())
    try:
        upgrade(engine)
        with reading(engine) as opened:
            run, rows = queries.receipts_before(opened, as_of.tz_convert(definitions.zone).date())
            columns = ("prospect_id", "chance", "grade", "reasons")
            before = pd.DataFrame([{c: getattr(r, c) for c in columns} for r in rows], columns=list(columns))
            before["day"] = None if run is None else run.day
            same = run is not None and run.bundle_fingerprint == bundle.fingerprint
    finally:
        engine.dispose()
    return issued.assign(**changes(issued, before, same_model=same)[["trend", "change"]])


def store(run: PublishedRun, home: Home, settings: PipelineSettings) -> bool:
    """Publish in one transaction; False if this very run is already there."""
    with stage("publishing") as told:
        engine = engine_of(home, settings)
        try:
            new = publish(engine, run)
        finally:
            engine.dispose()
        told.found = f"run {run.run_id}" if new else f"run {run.run_id} was published before, nothing changed"
    return new


def engine_of(home: Home, settings: PipelineSettings) -> Engine:
    """Open the serving store of a home."""
    return open_store(settings.store_url or home.store)


def scale(bundle: Bundle) -> list[list[float]]:
    """Return chances with the margin at which each is reached, the base rate first; empty where none can be said.

    A margin adds up from the effects of facts, a chance does not; pictures of reasons need both. Chances that no
    margin reaches are left out.
    """
    if bundle.calibration is None or np.isnan(bundle.base_rate):
        return []
    told = bundle.calibration.apply(_MARGINS)
    if told[0] == told[-1] or not told[0] <= bundle.base_rate <= told[-1]:
        return []
    reached = [bundle.base_rate, *(c for c in TICKS if told[0] <= c <= told[-1])]
    return [[float(c), round(float(_MARGINS[np.searchsorted(told, c)]), 3)] for c in reached]


_MARGINS = np.linspace(-60.0, 60.0, 120_001)


def _everybody(seen: Facts, ids: pd.Series[str], today: TodaysList, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return the cohort, and who is left out for the record is gone: as last known, without people and touches."""
    rows = _prospects(seen, ids, as_of)
    gone = today.left_out.loc[today.left_out["reason"] == WITHDRAWN, "prospect_id"]
    if gone.empty:
        return rows
    last = seen.withdrawn("prospects")
    last = last[last["prospect_id"].isin(gone)]
    names = current(seen.ever("accounts"), TABLES["accounts"].key).set_index("account_id")["name"]
    last = last.assign(name=last["account_id"].map(names).astype("str"))
    return pd.concat([rows, last.reindex(columns=rows.columns).astype(rows.dtypes.to_dict())], ignore_index=True)


def _prospects(seen: Facts, ids: pd.Series[str], as_of: pd.Timestamp) -> pd.DataFrame:
    columns = ["prospect_id", "account_id", "territory", "segment", "source", "created_at"]
    rows = current(seen.prospects, TABLES["prospects"].key)
    rows = rows.loc[rows["prospect_id"].isin(ids), columns]
    names = current(seen.accounts, TABLES["accounts"].key).set_index("account_id")["name"]
    touches = current(seen.touches, TABLES["touches"].key).sort_values(["occurred_at", "touch_id"], kind="stable")
    last = touches.groupby("prospect_id")[["occurred_at", "stage"]].last()
    found = last.reindex(rows["prospect_id"])
    return rows.assign(
        name=rows["account_id"].map(names).astype("str"),
        owner_id=rows["prospect_id"].map(owners(seen)).astype("str"),
        last_touch_at=found["occurred_at"].array,
        stage=found["stage"].array,
        missing_roles=rows["prospect_id"].map(_missing(seen, ids, as_of)).astype("str"),
    )


def _missing(seen: Facts, ids: pd.Series[str], as_of: pd.Timestamp) -> pd.Series[str]:
    """Return the words for who has not answered yet, one line a role, by prospect; absent where nobody is missing."""
    told = missing_roles(seen, ids, as_of).groupby("prospect_id").head(ROLES)
    return told.groupby("prospect_id")["said"].agg("\n".join)


def _contacts(seen: Facts, ids: pd.Series[str], as_of: pd.Timestamp) -> pd.DataFrame:
    rows = people(seen, as_of)
    return rows[rows["prospect_id"].isin(ids)].rename(columns={"refuses": "do_not_contact"})


def _timeline(seen: Facts, ids: pd.Series[str]) -> pd.DataFrame:
    rows = current(seen.touches, TABLES["touches"].key)
    rows = rows[rows["prospect_id"].isin(ids)].sort_values(["occurred_at", "touch_id"], kind="stable")
    rows = rows.groupby("prospect_id").tail(TIMELINE)
    return rows.assign(text=rows["stage"])
