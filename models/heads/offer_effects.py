"""What each offer changes in each segment and stage, where chance chose between offers.

Effects of one offer in many places are parallel experiments, each too small: they are read together (`pool`), so that
a place with few draws says what all places say, and one with many says what was seen there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from features.catalog import Catalog
from features.facts.ledger import Facts
from models.heads.offers_seen import Mask, allowed, at_moments
from models.heads.trial import Trial
from models.measures.policy import DEVIATIONS, Logged, mean_of
from models.measures.pooling import pool
from models.measures.ranking import Floats

LEAST_DRAWN: Final = 20
"""Draws of an offer below which no effect is said."""
LEAST_YES: Final = 10
DIFFER: Final = 0.1
"""Effects of one offer differ by about ten points between places: the prior of `pool`."""
FAR: Final = 4.0
"""Standard errors by which draws may miss their logged chances."""
ELSEWHERE: Final = ("", "", "elsewhere")
"""Key of a place in which nothing was drawn."""
COLUMNS: Final = ["offer_id", "segment", "stage", "effect", "low", "high", "n", "accepted"]

Place = tuple[str, str]


@dataclass(frozen=True)
class Effects:
    """Effects against the first offer, the control, as shares (0.06: six points).

    Attributes
    ----------
    arms : tuple of str
        Offer ids that were drawn by chance; the control first. Those with fewer than `LEAST_DRAWN` draws have none.
    here : DataFrame
        `COLUMNS`, one row per offer and place with draws; n draws of the offer there, accepted of them said yes.
    elsewhere : DataFrame
        The same without segment and stage: what is expected in a place without draws, n and accepted over all.
    """

    arms: tuple[str, ...]
    here: pd.DataFrame
    elsewhere: pd.DataFrame

    @property
    def control(self) -> str:
        """What the others are compared with."""
        return self.arms[0]

    @property
    def known(self) -> tuple[str, ...]:
        """Offers that have an effect."""
        return tuple(self.elsewhere["offer_id"])

    def of(self, where: pd.DataFrame) -> pd.DataFrame:
        """Return the effects for each row of (segment, stage): columns are the offers in `known`, NaN nowhere."""
        wide = self.here.pivot(index=["segment", "stage"], columns="offer_id", values="effect")
        found = wide.reindex(pd.MultiIndex.from_frame(where[["segment", "stage"]]))[list(self.known)]
        filled = found.fillna(self.elsewhere.set_index("offer_id")["effect"])
        return filled.reset_index(drop=True)


def drawn_by_chance(seen: pd.DataFrame) -> Mask:
    """Say which offers were chosen by a logged chance that leaves something to chance, and have had their time."""
    chance = seen["propensity"]
    drawn: Mask = (chance.gt(0) & chance.lt(1) & seen["yes"].notna()).to_numpy()
    return drawn


def trial_of(seen: pd.DataFrame, facts: Facts, *, catalog: Catalog, offers: pd.DataFrame) -> Trial | None:
    """Make a randomised trial of the offers that chance chose; None where they are too few for a comparison.

    The offer with the largest chance to be drawn is the control, of equals the first in the table of offers: not the
    one that happened to be drawn most, or effects would be told against another offer after every training. `facts` is
    what is known at training: what was known before each draw is computed from it.
    """
    drawn = seen[drawn_by_chance(seen)].reset_index(drop=True)
    arms = _arms(drawn, offers)
    if len(arms) < 2 or drawn["yes"].sum() < LEAST_YES:
        return None
    arm = drawn["offer_id"].map({a: j for j, a in enumerate(arms)}).to_numpy(dtype=np.int64)
    who = pd.factorize(drawn["prospect_id"], sort=True)[0].astype(np.int64)
    logged = Logged(arm, drawn["propensity"].to_numpy(dtype=np.float64), drawn["yes"].to_numpy(dtype=np.float64), who)
    keys = drawn[["prospect_id"]].assign(as_of=drawn["occurred_at"])
    values = at_moments(facts, keys, catalog).values
    return Trial(values, logged, arms, _could(drawn, arms, arm, offers))


def unlikely_chances(trial: Trial) -> str:
    """Say where the logged chances do not fit what was drawn; empty where they do.

    Each offer must have been drawn about as often as its chances say: one over the chance, over all rows in which it
    could have been drawn, is 1 on average.
    """
    wrong = []
    for j, arm in enumerate(trial.arms):
        there = trial.could[:, j]
        weight = (trial.logged.arm[there] == j) / trial.logged.propensity[there]
        ratio = mean_of(weight)
        error = (ratio.high - ratio.value) / DEVIATIONS
        if abs(ratio.value - 1) > FAR * error:
            wrong.append(f"{arm} was drawn {ratio.value:.2f} times as often as its logged chances say")
    return "; ".join(wrong)


def effects(trial: Trial, points: Floats, where: pd.DataFrame) -> Effects:
    """Estimate what each offer adds to the chance of a yes, in every place with draws and elsewhere.

    Parameters
    ----------
    points : array, shape (n_rows, n_arms)
        Doubly robust scores (`models.heads.uplift.pseudo_outcomes`).
    where : DataFrame, shape (n_rows, 2)
        segment and stage of the rows of the trial.
    """
    size = np.bincount(trial.logged.arm, minlength=len(trial.arms))
    judged = [j for j in range(len(trial.arms)) if size[j] >= LEAST_DRAWN]
    parts = [_arm(trial, points, j, where) for j in judged]
    here = pd.concat([p[0] for p in parts], ignore_index=True)
    return Effects(trial.arms, here, pd.concat([p[1] for p in parts], ignore_index=True))


def _arm(trial: Trial, points: Floats, arm: int, where: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = trial.could[:, arm] & trial.could[:, 0]
    difference = points[rows, arm] - points[rows, 0]
    mine = trial.logged.arm[rows] == arm
    frame = where.loc[rows, ["segment", "stage"]].assign(
        difference=difference, n=mine.astype(np.int64), accepted=(mine * trial.logged.outcome[rows]).astype(np.int64)
    )
    cells = frame.groupby(["segment", "stage"], sort=True)
    table = cells[["n", "accepted"]].sum().assign(effect=cells["difference"].mean(), rows=cells.size()).reset_index()
    overall = pd.DataFrame({"n": [int(mine.sum())], "accepted": [int(frame["accepted"].sum())]})
    if arm == 0:
        table, overall = table.assign(effect=0.0, deviation=0.0), overall.assign(effect=0.0, deviation=0.0)
    else:
        everywhere = mean_of(difference, who=None if trial.logged.who is None else trial.logged.who[rows])
        # one noise per row for all places: places with few rows cannot tell theirs
        noise = (everywhere.high - everywhere.value) / DEVIATIONS * np.sqrt(everywhere.n)
        read = pool(table["effect"].to_numpy(), noise / np.sqrt(table["rows"].to_numpy()), scale=DIFFER)
        table = table.assign(effect=read.mean, deviation=read.deviation)
        overall = overall.assign(effect=read.new_mean, deviation=read.new_deviation)
    return _interval(table, trial.arms[arm]), _interval(overall.assign(segment="", stage=""), trial.arms[arm])


def _arms(drawn: pd.DataFrame, offers: pd.DataFrame) -> tuple[str, ...]:
    """Order the drawn offers, the control first; none where fewer than two were drawn often enough."""
    rank = {offer_id: k for k, offer_id in enumerate(offers["offer_id"])}
    found = drawn.groupby("offer_id")["propensity"].agg(["mean", "size"]).reset_index()
    found["few"] = found["size"] < LEAST_DRAWN
    found["rank"] = found["offer_id"].map(rank).fillna(len(rank))
    found["chance"] = -found["mean"].round(2)
    ordered = found.sort_values(["few", "chance", "rank", "offer_id"])
    return tuple(map(str, ordered["offer_id"])) if (~found["few"]).sum() > 1 else ()


def _interval(table: pd.DataFrame, offer_id: str) -> pd.DataFrame:
    reach = DEVIATIONS * table["deviation"]
    return table.assign(low=table["effect"] - reach, high=table["effect"] + reach, offer_id=offer_id)[COLUMNS]


def _could(drawn: pd.DataFrame, arms: Sequence[str], arm: np.ndarray, offers: pd.DataFrame) -> Mask:
    by_id = offers.set_index("offer_id")
    columns = [
        allowed(by_id.loc[a], drawn, drawn["occurred_at"]) if a in by_id.index else np.ones(len(drawn), dtype=np.bool_)
        for a in arms
    ]
    could = np.column_stack(columns)
    # what was drawn could be drawn, whatever stage the CRM showed at that moment
    could[np.arange(len(drawn)), arm] = True
    return could
