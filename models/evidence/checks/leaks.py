"""Whether a feature knows the outcome. Behaviour is looked at, not names of columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from features.matrix import Matrix
from models.evidence.checks.canary import plant
from models.evidence.checks.check import Check, NotApplicable, Seen, Severity
from models.evidence.checks.given import Given, Part
from models.evidence.checks.parts import LEAST_WINS, later_data, split_of
from models.measures import ranking
from models.measures.ranking import Floats, Ranking

TOO_GOOD: Final = 0.95
"""AUC of one feature alone; published honest models of lead scoring reach 0.6 to 0.75 with all of theirs."""
NEARLY_ALL: Final = 0.95
FAR_APART: Final = 0.90
SAMPLE: Final = 100
"""Prospects whose features are computed again for the canary."""


def future_canary(given: Given) -> Seen | None:
    """Answer whether a feature changes when facts are added or taken away that were not yet known."""
    if given.facts is None or given.rebuild is None:
        raise NotApplicable("no facts were given, or no way to compute features from them")
    keys = _keys(given.matrix)
    moment = keys["as_of"].iloc[0]
    facts = given.facts.of_prospects(pd.Index(keys["prospect_id"]))
    plain = given.rebuild(facts, keys)
    planted = _differ(plain, given.rebuild(plant(facts, pd.Index(keys["prospect_id"]), moment), keys))
    cut = _differ(plain, given.rebuild(facts.visible(moment), keys))
    found = sorted({*planted, *cut})
    if not found:
        return None
    return Seen(
        f"{len(found)} of {plain.values.shape[1]} features of {moment.date()} change when facts recorded on that day "
        f"or later are added or left out: {_listed(found)}",
        {"features": float(len(found))},
    )


def one_feature_decides(given: Given) -> Seen | None:
    """Answer whether one feature alone tells the wins on later data nearly without error."""
    part = later_data(given)
    early = given.part(split_of(given).train)
    found = {name: auc for name, auc in _alone(early, part) if auc > TOO_GOOD}
    if not found:
        return None
    best = sorted(found, key=lambda name: -found[name])
    return Seen(
        f"alone, {_listed([f'{name} (AUC {found[name]:.3f})' for name in best])} tells who wins on later data "
        f"({part.wins} winning prospects)",
        {"auc": found[best[0]], "feature": best[0]},
    )


def filled_for_wins(given: Given) -> Seen | None:
    """Answer whether it is nearly decided by a field being filled, or empty, whether the prospect wins."""
    rows = ~np.isnan(given.label)
    part = given.part(rows)
    if part.wins < LEAST_WINS:
        raise NotApplicable(f"{part.wins} winning prospects are labelled, {LEAST_WINS} needed")
    if part.label.all():
        raise NotApplicable("all labelled snapshots won")
    gaps = part.matrix.values.isna()
    names = [name for name in gaps.columns if gaps[name].any() and not gaps[name].all()]
    if not names:
        raise NotApplicable("no feature is missing for some and known for others")
    found = [said for name in names for said in _decided(name, ~gaps[name].to_numpy(), part)]
    return Seen("; ".join(found), {"features": float(len(found))}) if found else None


def _keys(matrix: Matrix) -> pd.DataFrame:
    """Return up to `SAMPLE` keys of the middle one of the snapshot days: there is a past and a future around it."""
    days = np.sort(matrix.keys["as_of"].unique())
    if not len(days):
        raise NotApplicable("there is no snapshot")
    keys = matrix.keys[matrix.keys["as_of"] == days[len(days) // 2]].sort_values("prospect_id")
    chosen = np.unique(np.linspace(0, len(keys) - 1, min(SAMPLE, len(keys))).astype(int))
    return keys.iloc[chosen].reset_index(drop=True)


def _differ(one: Matrix, other: Matrix) -> list[str]:
    return [name for name in one.values.columns if not _same(one.values[name], other.values[name])]


def _same(one: pd.Series, other: pd.Series) -> bool:
    # categories are compared by their words: a level that only the other has is no difference of these rows
    if isinstance(one.dtype, pd.CategoricalDtype):
        one, other = one.astype("object"), other.astype("object")
    return bool(((one == other) | (one.isna() & other.isna())).all())


def _alone(early: Part, part: Part) -> Iterator[tuple[str, float]]:
    """Yield the AUC of each feature, the better way round; a missing value stands below all others, or above."""
    for name in part.matrix.values.columns:
        column = part.matrix.values[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            yield name, _auc(_win_rate(name, early, part), part.label)
            continue
        numbers = column.to_numpy(dtype=np.float64)
        gaps = np.nanmin(numbers, initial=0.0) - 1, np.nanmax(numbers, initial=0.0) + 1
        aucs = [_auc(np.nan_to_num(numbers, nan=gap), part.label) for gap in gaps]
        yield name, max(max(auc, 1 - auc) for auc in aucs)


def _win_rate(name: str, early: Part, part: Part) -> Floats:
    """Order levels by how often they won in the training part; a level not seen there stands at its base rate."""
    levels = early.matrix.values[name].astype("object").fillna("")
    rates = pd.Series(early.label).groupby(levels.to_numpy()).mean()
    asked = part.matrix.values[name].astype("object").fillna("")
    found: Floats = asked.map(rates).astype("float64").fillna(float(early.label.mean())).to_numpy()
    return found


def _auc(score: Floats, label: Floats) -> float:
    sums = Ranking.of(score, label == 1.0).sums(np.ones((1, len(label))))
    return float(ranking.auc(*sums)[0])


def _decided(name: str, filled: np.ndarray, part: Part) -> Iterator[str]:
    won = part.label == 1.0
    among_won, among_rest = float(filled[won].mean()), float(filled[~won].mean())
    who = part.matrix.keys["prospect_id"]
    if abs(among_won - among_rest) >= FAR_APART:
        yield f"{name} is filled for {among_won:.0%} of the snapshots that won and {among_rest:.0%} of the others"
    elif won[filled].mean() >= NEARLY_ALL and part.label.mean() <= 0.5 and who[filled & won].nunique() >= LEAST_WINS:
        yield f"where {name} is filled, {won[filled].mean():.0%} of the snapshots won, of all {part.label.mean():.0%}"


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


CHECKS: Final = (
    Check(
        "TK001", "Future facts change features", Severity.BLOCKING,
        "A feature of a past day changes when facts recorded on that day or later are planted or left out.",
        "Correct the feature, or the `recorded_at` that its source maps; then build and train again.",
        future_canary,
    ),
    Check(
        "TK002", "One feature alone decides", Severity.BLOCKING,
        f"One feature alone has an AUC above {TOO_GOOD} on later data with at least {LEAST_WINS} winning prospects.",
        "Ask when this field is filled. If with the outcome, list it under `known_only_after` in definitions.yaml.",
        one_feature_decides,
    ),
    Check(
        "TK003", "Filled only for wins", Severity.BLOCKING,
        f"The shares of won and of other snapshots in which a field is filled lie {100 * FAR_APART:.0f} points or more "
        f"apart; or {100 * NEARLY_ALL:.0f} % or more of the snapshots where it is filled won, {LEAST_WINS} winning "
        "prospects among them, while most of all did not.",
        "Ask who fills the field and when. If after the outcome, list it under `known_only_after` in definitions.yaml.",
        filled_for_wins,
    ),
)  # fmt: skip
