"""The board of offers: what the offer head knows by segment and stage, put together for a segment as a whole."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from features.facts.contract import TABLES
from features.facts.ledger import current
from models.heads.offer import Offer
from models.heads.offers_seen import NOWHERE, places
from pipelines.steps.boards.day import Day
from pipelines.steps.boards.offer_cells import cells_of
from pipelines.steps.boards.offer_choice import choose
from pipelines.steps.boards.segment_bases import bases, weekly
from serving.boards.offers import ALL, NO_SEGMENT, Offered, Offers, Segment


def board(day: Day) -> Offers:
    """Say which offer does what in which segment, what may be recommended, and how sure that is."""
    offers = current(day.facts.offers, TABLES["offers"].key).sort_values("offer_id", ignore_index=True)
    head, today = day.heads.offer, day.as_of.tz_convert(day.definitions.zone).date()
    offered = tuple(_offered(row, day) for row in offers.to_dict("records"))
    people = _people(day)
    known = head.by_segment.assign(
        segment=head.by_segment["segment"].fillna(NO_SEGMENT), stage=head.by_segment["stage"].fillna(NOWHERE)
    )
    names = sorted({*people["segment"], *known["segment"]}, key=lambda name: (name == NO_SEGMENT, name))
    stages = _stages(day, known)
    cells = cells_of(known, offered, control=head.control, segments=names, stages=stages, today=today)
    shares, coming = bases(day, names), weekly(day, names)
    segments = []
    for name in (ALL, *names):
        here = people if name == ALL else people[people["segment"] == name]
        said = choose(name, offered, cells, control=head.control, today=today)
        segments.append(
            Segment(
                name=name, open=len(here), weekly=coming[name], bases=shares[name],
                suggested=_counts(here["offer_id"]), stages=_counts(here["stage"]),
                recommended=said.offer_id, strength=said.strength, said=said.words,
            )
        )  # fmt: skip
    return Offers(
        control=head.control, horizon_days=head.horizon_days, note=head.note, later=_later(head), offers=offered,
        stages=stages, segments=tuple(segments), cells=cells, filed=day.proposals,
    )  # fmt: skip


def _people(day: Day) -> pd.DataFrame:
    """Return prospect_id, segment, stage and the suggested offer of the cohort."""
    rows = current(day.facts.prospects, TABLES["prospects"].key).set_index("prospect_id")["segment"]
    said = day.factors[["prospect_id", "offer_id"]]
    stage = places(day.matrix)["stage"].to_numpy()
    return said.assign(segment=said["prospect_id"].map(rows).fillna(NO_SEGMENT).astype("str"), stage=stage)


def _counts(values: pd.Series[Any]) -> dict[str, int]:
    return {str(k): int(n) for k, n in values.value_counts().sort_index().items()}


def _stages(day: Day, known: pd.DataFrame) -> tuple[str, ...]:
    """Return the declared stages in order, then others that were seen, the unknown one (`NOWHERE`) last."""
    seen = set(known["stage"])
    further = sorted(seen - set(day.definitions.stages) - {NOWHERE})
    return (*(s for s in day.definitions.stages if s in seen), *further, *((NOWHERE,) if NOWHERE in seen else ()))


def _offered(row: dict[str, Any], day: Day) -> Offered:
    def local(value: Any) -> dt.date | None:
        found: dt.date | None = None if pd.isna(value) else value.tz_convert(day.definitions.zone).date()
        return found

    def names(value: Any) -> tuple[str, ...]:
        return () if pd.isna(value) else tuple(part.strip() for part in str(value).split(",") if part.strip())

    return Offered(
        offer_id=row["offer_id"], name=row["name"],
        description=None if pd.isna(row["description"]) else row["description"],
        valid_from=local(row["valid_from"]), valid_to=local(row["valid_to"]),
        segments=names(row["segments"]), stages=names(row["stages"]),
    )  # fmt: skip


def _later(head: Offer) -> str:
    """Say what choosing by segment and stage earned on later draws; empty where no offer was drawn."""
    rows = head.report[head.report["model"] == "takt"]
    gain = rows[rows["metric"] == "over_best_single"]
    if len(gain) and not np.isnan(gain["value"].iloc[0]):
        value, low, high = (f"{100 * float(gain[k].iloc[0]):+.1f}" for k in ("value", "low", "high"))
        return (
            f"On later draws, choosing by segment and stage earned {value} points of yes per offer ({low} to {high}) "
            "against making the best single offer to everybody."
        )
    reasons = [r for r in rows["reason"].dropna() if r]
    return f"Not tested on later draws: {reasons[0]}." if reasons else ""
