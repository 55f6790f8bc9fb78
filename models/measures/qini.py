"""Does an order find those whom the offer moves? The Qini curve and coefficient (Radcliffe, 2007).

Treated and control people are called in the order of the score. After each step: how many more positive outcomes
among the treated than the controls, scaled to as many people, would have shown. An order by chance is the straight
line; the coefficient is the area between curve and line, as a share of what the best possible order would have
(Radcliffe, "Using control groups to target on predicted lift", Direct Marketing Analytics Journal, 2007).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from models.measures.ranking import Floats

Bools = npt.NDArray[np.bool_]

_CELLS: Final = 2_000_000
"""Weights held in memory at a time."""


def qini_curve(outcome: Floats, treated: Bools, *, score: Floats) -> tuple[Floats, Floats]:
    """Return (called, gained): people called and outcomes gained, both from 0, one point per distinct score.

    Parameters
    ----------
    outcome : float array, shape (n_rows,)
        0/1, or an amount that is not negative.
    treated : bool array, shape (n_rows,)
        Drawn for the offer, with the same chance for everybody; the others are controls.
    score : float array, shape (n_rows,)
        Higher is called first; equal scores are called together.
    """
    called, gained = _curve(np.ones((1, len(outcome))), outcome, treated=treated, score=score)
    return called[0], gained[0]


def qini_coefficient(outcome: Floats, treated: Bools, *, score: Floats, weight: Floats | None = None) -> Floats:
    """Return the coefficient under each row of weights: 0 is an order by chance, 1 the best possible.

    Parameters
    ----------
    weight : array, shape (n_draws, n_rows), optional
        How often each row counts (bootstrap draws); by default once.

    Returns
    -------
    float array, shape (n_draws,)
        NaN where nobody was treated, nobody was a control, or no order can gain anything.
    """
    return qini_coefficients(outcome, treated, scores={"": score}, weight=weight)[""]


def qini_coefficients(
    outcome: Floats, treated: Bools, *, scores: Mapping[str, Floats], weight: Floats | None = None
) -> dict[str, Floats]:
    """Return the coefficients of several orders under the same weights, so that they can be compared in pairs."""
    weight = np.ones((1, len(outcome))) if weight is None else weight
    best = np.where(treated, outcome, -outcome)
    parts: dict[str, list[Floats]] = {name: [] for name in scores}
    for rows in _chunks(weight):
        most = _area(*_curve(rows, outcome, treated=treated, score=best))
        for name, score in scores.items():
            found = _area(*_curve(rows, outcome, treated=treated, score=score))
            parts[name].append(np.divide(found, most, out=np.full(len(found), np.nan), where=most > 0))
    return {name: np.concatenate(part) for name, part in parts.items()}


def _chunks(weight: Floats) -> Iterator[Floats]:
    size = max(1, _CELLS // max(weight.shape[1], 1))
    for start in range(0, len(weight), size):
        yield weight[start : start + size]


def _curve(weight: Floats, outcome: Floats, *, treated: Bools, score: Floats) -> tuple[Floats, Floats]:
    order = np.argsort(-score, kind="stable")
    # one point per distinct score: within a tie the order is arbitrary and must not look like skill
    last = np.flatnonzero(np.append(np.diff(score[order]) != 0, True)[: len(order)])
    sorted_weight = weight[:, order]

    def upto(values: Floats) -> Floats:
        total: Floats = np.cumsum(sorted_weight * values[order], axis=1)[:, last]
        return np.concatenate([np.zeros((len(weight), 1)), total], axis=1)

    got = treated.astype(np.float64)
    n_treated, n_control = upto(got), upto(1 - got)
    scale = np.divide(n_treated, n_control, out=np.zeros_like(n_treated), where=n_control > 0)
    return n_treated + n_control, upto(outcome * got) - upto(outcome * (1 - got)) * scale


def _area(called: Floats, gained: Floats) -> Floats:
    """Return the area between the curve and the straight line to its end, per draw."""
    area: Floats = np.trapezoid(gained, called, axis=1) - gained[:, -1] * called[:, -1] / 2
    return area
