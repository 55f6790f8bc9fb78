"""The board of channels: `models.evidence.contribution` of everything known on the day."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from models.evidence.contribution import contribution
from models.evidence.paths import NOTHING, journeys
from pipelines.steps.boards.day import Day
from pipelines.steps.training import SEED
from serving.boards.where import Channel, Credit, Where


def board(day: Day) -> Where:
    """Book the wins to the channels on which they were seen; refused in words where nobody is decided yet."""
    known = journeys(day.facts, as_of=day.as_of, definitions=day.definitions)
    if not len(known.won):
        return Where(
            refused="Nothing can be booked to a channel yet: nobody is won, lost, or "
            f"{day.definitions.horizon_days} days old."
        )
    table = contribution(day.facts, as_of=day.as_of, definitions=day.definitions, seed=SEED)
    found = [_channel(str(name), rows) for name, rows in table.groupby("channel", sort=True)]
    priced = int((~np.isnan(known.amount)).sum())
    return Where(
        journeys=len(known.won),
        wins=int(known.won.sum()),
        value=float(np.nansum(known.amount)) if priced else None,
        priced=priced,
        horizon_days=day.definitions.horizon_days,
        channels=tuple(sorted(found, key=_order)),
    )


def _channel(step: str, rows: pd.DataFrame) -> Channel:
    kind, _, name = ("none", "", NOTHING) if step == NOTHING else step.partition(" ")
    credited = rows[rows["share"].notna()].to_dict("records")
    credits = tuple(
        Credit(
            rule=r["rule"], share=r["share"], low=_known(r["low"]), high=_known(r["high"]), wins=r["wins"],
            value=_known(r["value"]),
        )
        for r in credited
    )  # fmt: skip
    return Channel.model_validate({"kind": kind, "name": name, "n": int(rows["n"].iloc[0]), "credits": credits})


def _known(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _order(channel: Channel) -> tuple[float, int, str, str]:
    credit = channel.credit("removal effect")
    return (0.0 if credit is None else -credit.share, -channel.n, channel.kind, channel.name)
