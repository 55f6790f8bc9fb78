"""Whether the world moved: wins that the old list would have lost, and a cohort unlike the one learned from."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.model_selection import GroupKFold, cross_val_predict

from models.evidence.checks.at_capacity import compare
from models.evidence.checks.check import Check, NotApplicable, Seen, Severity
from models.evidence.checks.given import Given
from models.evidence.checks.parts import LEAST_WINS, split_of
from models.heads.encoding import Encoded
from models.measures import ranking
from models.measures.metrics import resamples
from models.measures.ranking import Floats, Ranking

TOLD_APART: Final = 0.75
LARGE_PSI: Final = 0.25
SAMPLE: Final = 2000
FOLDS: Final = 5
LEAST_PROSPECTS: Final = 50
DRAWS: Final = 200


def old_list_loses(given: Given) -> Seen | None:
    """Answer how many wins the champion's list would have lost against this model's, on the newest labelled data."""
    old, new = given.champion, given.bundle
    if old is None:
        raise NotApplicable("there is no champion")
    if old.fingerprint == new.fingerprint:
        raise NotApplicable("this model is the champion")
    if old.catalog_hash != new.catalog_hash:
        raise NotApplicable("the champion was trained with other features")
    rows = split_of(given).test & (given.matrix.keys["as_of"] >= old.trained_as_of).to_numpy()
    part = given.part(rows)
    if part.wins < LEAST_WINS:
        raise NotApplicable(f"{part.wins} wins since the champion was trained, {LEAST_WINS} needed")
    margins = [bundle.rung.margin(part.matrix.values) for bundle in (new, old)]
    found = compare(part.label, *margins, keys=part.matrix.keys, calls=given.capacity, seed=given.seed)
    if found.low <= 0:
        return None
    return Seen(
        f"at {given.capacity} calls a day the champion's list would have lost {found.value:.1f} "
        f"[{found.low:.1f}, {found.high:.1f}] of {found.won} wins against this model's",
        {"lost": found.value, "low": found.low, "high": found.high, "wins": float(found.won)},
    )


def cohort_shift(given: Given) -> Seen | None:
    """Answer whether a classifier can tell today's cohort from the training cohort, and by which features.

    Prospects that are in both are kept together in the folds, so that nobody is told by being recognised.
    """
    if given.today is None:
        raise NotApplicable("today's cohort was not given")
    past = ~np.isnan(given.label) if given.split is None else given.split.train
    learned = given.matrix.where(past)
    few = min(m.keys["prospect_id"].nunique() for m in (learned, given.today))
    if few < LEAST_PROSPECTS:
        raise NotApplicable(f"{few} prospects in one of the cohorts, {LEAST_PROSPECTS} needed")
    rng = np.random.default_rng(given.seed)
    parts = [m.where(_sample(len(m), rng)) for m in (learned, given.today)]
    then, now = (given.bundle.rung.encoding.apply(m.values) for m in parts)
    keys = pd.concat([m.keys for m in parts], ignore_index=True)
    auc, low, high = _told_apart(then, now, keys, given=given)
    if low <= TOLD_APART:
        return None
    moved = _most_moved(then, now, given)
    return Seen(
        f"a classifier tells today's cohort from the training cohort with AUC {auc:.2f} [{low:.2f}, {high:.2f}]; "
        f"most moved: {moved}",
        {"auc": auc, "low": low, "high": high},
    )


def stability(then: Floats, now: Floats, *, category: bool = False, bins: int = 10) -> float:
    """Return the population stability index of one feature: sum of (p - q) ln(p / q) over bins (Siddiqi, 2006).

    A number is cut at the deciles of `then`, missing is a bin of its own; half a row is added to each bin.
    """
    both = np.concatenate([then, now])
    edges = np.unique(both) if category else np.unique(np.nanquantile(then, np.arange(1, bins) / bins))
    counts = [
        np.bincount(
            np.where(np.isnan(x), len(edges) + 1, np.searchsorted(edges, x, side="right")), minlength=len(edges) + 2
        )
        for x in (then, now)
    ]
    seen = (counts[0] + counts[1]) > 0
    p, q = ((c[seen] + 0.5) / (c[seen] + 0.5).sum() for c in counts)
    return float(((p - q) * np.log(p / q)).sum())


def _sample(n: int, rng: np.random.Generator) -> np.ndarray:
    return np.sort(rng.choice(n, SAMPLE, replace=False)) if n > SAMPLE else np.arange(n)


def _told_apart(then: Encoded, now: Encoded, keys: pd.DataFrame, *, given: Given) -> tuple[float, float, float]:
    x = np.concatenate([then, now]).astype(np.float64)
    is_now = np.repeat([0, 1], [len(then), len(now)])
    model = LGBMClassifier(
        n_estimators=30, num_leaves=8, random_state=given.seed, n_jobs=given.threads, deterministic=True,
        force_row_wise=True, verbosity=-1,
    )  # fmt: skip
    folds = GroupKFold(FOLDS, shuffle=True, random_state=given.seed)
    score = cross_val_predict(
        model, x, is_now, groups=pd.factorize(keys["prospect_id"])[0], cv=folds, method="predict_proba"
    )[:, 1]
    found = Ranking.of(score, is_now == 1)
    value = float(ranking.auc(*found.sums(np.ones((1, len(x)))))[0])
    drawn = np.concatenate([ranking.auc(*found.sums(w)) for w in resamples(keys, seed=given.seed, draws=DRAWS)])
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return value, float(low), float(high)


def _most_moved(then: Encoded, now: Encoded, given: Given) -> str:
    names, levels = given.bundle.features, given.bundle.levels
    index = {
        name: stability(then[:, j].astype(np.float64), now[:, j].astype(np.float64), category=name in levels)
        for j, name in enumerate(names)
        if not np.isnan(then[:, j]).all()
    }
    most = sorted(index, key=lambda name: (-index[name], name))[:3]
    large = [f"{name} (PSI {index[name]:.2f})" for name in most if index[name] > LARGE_PSI]
    return ", ".join(large) or f"no single feature (largest PSI {index[most[0]]:.2f}), but features together"


CHECKS: Final = (
    Check(
        "TK007", "The old list loses wins", Severity.WARNING,
        "On the newest labelled data the champion's list has fewer wins at the team's capacity than this model's, and "
        "the 95 % interval of the difference leaves 0 out.",
        "Let the new model take over, unless a blocking check fires; then clear that first.",
        old_list_loses,
    ),
    Check(
        "TK008", "Today's cohort is another one", Severity.WARNING,
        f"A classifier tells today's cohort from the training cohort with an AUC above {TOLD_APART}, with its whole "
        f"95 % interval; features with a stability index above {LARGE_PSI} are named.",
        "Look at the features named: a source that stopped, a new territory, a field filled differently. Train again "
        "when outcomes of such prospects are known.",
        cohort_shift,
    ),
)  # fmt: skip
