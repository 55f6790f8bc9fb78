"""What was said in the pages, as the store has it, with the line of the list that each tap is about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from features.facts.contract import TIME_TYPE
from features.facts.definitions import Definitions
from models.evidence.experiments import in_force
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps import experiment_files
from pipelines.steps.publishing import engine_of
from pipelines.steps.tap_rows import ENTERING
from serving.store.engine import reading
from serving.store.migrations import upgrade
from serving.store.tables import Call, Feedback, Receipt, Run


def said_before(home: Home, before: pd.Timestamp | None = None) -> pd.DataFrame:
    """Return the taps that may become rows, and how they stood at a moment.

    Parameters
    ----------
    before : Timestamp, optional
        UTC: only what was said before it, and only what was taken back before it is taken back.

    Returns
    -------
    DataFrame, index 0 to n - 1, in the order in which it was said
        number (in the store), key, prospect_id, contact_id, channel, kind, until (date), at, undone_at (missing: it
        stands), offer_id (on the list), as_of (of that list; missing: said about no list). Empty where nothing was
        ever published.
    """
    settings = PipelineSettings()
    if not settings.store_url and not (home.path / "store.db").exists():
        return pd.DataFrame(columns=["key"])
    engine = engine_of(home, settings)
    try:
        upgrade(engine)
        with reading(engine) as store:
            said = _read(store)
    finally:
        engine.dispose()
    if before is not None:
        said = said[said["at"] < before]
        said = said.assign(undone_at=said["undone_at"].where(said["undone_at"] < before))
    return said.reset_index(drop=True)


def _read(store: Session) -> pd.DataFrame:
    """Read every tap of a kind that becomes rows, once, in the order in which it was said.

    A person and a channel that were not said are those of the list's line.
    """
    later = aliased(Feedback)
    query = (
        select(
            Feedback.id, Feedback.idempotency_key, Feedback.prospect_id, Feedback.contact_id, Feedback.channel,
            Feedback.kind, Feedback.until, Feedback.at, later.at, Call.contact_id, Call.channel, Call.offer_id,
            Run.as_of,
        )
        .outerjoin(later, (later.undoes == Feedback.idempotency_key) & (later.prospect_id == Feedback.prospect_id))
        .outerjoin(Receipt, Receipt.receipt_id == Feedback.receipt_id)
        .outerjoin(Run, Run.number == Receipt.run)
        .outerjoin(Call, (Call.run == Receipt.run) & (Call.prospect_id == Receipt.prospect_id))
        .where(Feedback.kind.in_(ENTERING))
        .order_by(Feedback.id)
    )  # fmt: skip
    columns = [
        "number", "key", "prospect_id", "contact_id", "channel", "kind", "until", "at", "undone_at", "listed_contact",
        "listed_channel", "offer_id", "as_of",
    ]  # fmt: skip
    found = pd.DataFrame([tuple(row) for row in store.execute(query)], columns=columns).drop_duplicates("key")
    texts = [c for c in columns if c not in ("number", "until", "at", "undone_at", "as_of")]
    times = {c: pd.to_datetime(found[c], utc=True).astype(TIME_TYPE) for c in ("at", "undone_at", "as_of")}
    found = found.astype(dict.fromkeys(texts, "str")).assign(**times)
    return found.assign(
        contact_id=found["contact_id"].fillna(found["listed_contact"]),
        channel=found["channel"].fillna(found["listed_channel"]),
    ).drop(columns=["listed_contact", "listed_channel"])


def randomised(said: pd.DataFrame, home: Home, definitions: Definitions) -> pd.Series[Any]:
    """Return the chance by which an experiment chose the offer of the list; missing where none did.

    Only of experiments in which every arm names an offer: where one arm does as usual, the usual offer may be that of
    another arm, and nobody wrote down what it would have been.
    """
    out = pd.Series(np.nan, index=said.index)
    cards = [c for c in experiment_files.cards(home) if all(arm.offer_id is not None for arm in c.arms)]
    if not cards:
        return out
    joined = experiment_files.assignments(home, cards)
    offers = pd.DataFrame(
        [(c.name, a.name, a.offer_id, a.chance) for c in cards for a in c.arms],
        columns=["experiment", "arm", "offer_id", "same"],
    )
    chances = offers.groupby(["experiment", "offer_id"], as_index=False)["same"].sum()
    offers = offers.drop(columns="same").merge(chances, on=["experiment", "offer_id"])
    for as_of, mine in said[said["offer_id"].notna() & said["as_of"].notna()].groupby("as_of"):
        acted_on = in_force(cards, joined, as_of, definitions).merge(offers, on=["experiment", "arm"])
        chance = acted_on.drop_duplicates(["prospect_id", "offer_id"]).set_index(["prospect_id", "offer_id"])["same"]
        asked = pd.MultiIndex.from_frame(mine[["prospect_id", "offer_id"]])
        out[mine.index] = chance.reindex(asked).to_numpy()
    return out
