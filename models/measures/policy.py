"""What a way of choosing would have earned, from data in which another way chose and its chances were logged.

Each row is one decision: what was chosen (the arm), with which chance, and what came of it. The rows in which the
new policy would have done the same stand for all rows, weighed by one over their chance (Horvitz & Thompson, 1952;
self-normalised: Hajek, 1971). The doubly robust estimate adds a model of the outcome and is right when either the
chances or the model are (Dudik, Langford & Li, "Doubly robust policy evaluation and learning", ICML 2011).

Worked example, run as a doctest. A coin chose between offers 0 and 1; offer 1 was taken up by both who got it:

>>> seen = Logged(arm=np.array([0, 0, 1, 1]), propensity=np.full(4, 0.5), outcome=np.array([0.0, 1.0, 1.0, 1.0]))
>>> inverse_propensity(seen, always(1, rows=4, arms=2)).value
1.0
>>> inverse_propensity(seen, always(0, rows=4, arms=2)).value
0.5
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from features.errors import TaktError
from models.measures.ranking import Floats, Ints

DEVIATIONS: Final = 1.959964
"""Half of a 95 % normal interval, in standard errors."""


class PolicyError(TaktError):
    """Decisions or a policy from which no value can be computed; the text says which row and why."""


@dataclass(frozen=True, eq=False)
class Logged:
    """Decisions that were drawn by chance.

    Attributes
    ----------
    arm : int array, shape (n_rows,)
        What was chosen, counted from 0.
    propensity : float array, shape (n_rows,)
        The chance with which it was chosen, in (0, 1].
    outcome : float array, shape (n_rows,)
        What came of it; never missing.
    who : int array, shape (n_rows,), optional
        Rows of the same person, which are not independent; by default every row is somebody else.

    Raises
    ------
    PolicyError
        Lengths differ, a chance is outside (0, 1], an outcome is missing.
    """

    arm: Ints
    propensity: Floats
    outcome: Floats
    who: Ints | None = None

    def __post_init__(self) -> None:
        lengths = [len(a) for a in (self.arm, self.propensity, self.outcome, self.who) if a is not None]
        if len(set(lengths)) != 1:
            raise PolicyError(f"arm, propensity, outcome and who must be the same rows; got lengths {lengths}.")
        for name, column, good in (
            ("propensity", self.propensity, (self.propensity > 0) & (self.propensity <= 1)),
            ("outcome", self.outcome, np.isfinite(self.outcome)),
        ):
            if not good.all():
                row = int(np.flatnonzero(~good)[0])
                expected = "a chance above 0 and at most 1" if name == "propensity" else "a finite number"
                raise PolicyError(f"{name}, row {row}: got {column[row]}, expected {expected}; leave such rows out.")

    def __len__(self) -> int:
        return len(self.arm)

    def take(self, rows: npt.NDArray[np.bool_] | Ints) -> Logged:
        """Keep some rows."""
        who = None if self.who is None else self.who[rows]
        return Logged(self.arm[rows], self.propensity[rows], self.outcome[rows], who)


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval, from `n` rows; NaN where it cannot be known."""

    value: float
    low: float
    high: float
    n: int


def always(arm: int, *, rows: int, arms: int) -> Floats:
    """Return the policy that chooses the same for everybody, shape (rows, arms)."""
    return chosen(np.full(rows, arm), arms=arms)


def chosen(arm: Ints, *, arms: int) -> Floats:
    """Return the policy that chooses `arm[i]` in row i, as chances, shape (n_rows, arms)."""
    return np.asarray(arm[:, None] == np.arange(arms), dtype=np.float64)


def inverse_propensity(logged: Logged, policy: Floats) -> Estimate:
    """Answer what the policy earns per decision, unbiased when the chances are true.

    Parameters
    ----------
    policy : array, shape (n_rows, n_arms)
        Chances with which the policy chooses each arm; rows sum to 1.

    Returns
    -------
    Estimate
        With a normal interval. NaN where no row was chosen as the policy would: nothing was seen of it.
    """
    weight = _weight(logged, policy)
    return mean_of(weight * logged.outcome, who=logged.who) if weight.any() else _unknown(logged)


def self_normalised(logged: Logged, policy: Floats) -> Estimate:
    """Answer the same with weights made to sum to one: a little biased in small data, much less variable."""
    weight = _weight(logged, policy)
    if not weight.any():
        return _unknown(logged)
    value = float(weight @ logged.outcome / weight.sum())
    # the delta method: how much each row moves the ratio
    return mean_of(value + weight * (logged.outcome - value) / weight.mean(), who=logged.who)


def doubly_robust(logged: Logged, policy: Floats, *, model: Floats) -> Estimate:
    """Answer the same with a model of the outcome; `model` as in `scores`, fitted on other rows."""
    _weight(logged, policy)
    return mean_of((policy * scores(logged, model)).sum(axis=1), who=logged.who)


def gain(logged: Logged, policy: Floats, *, over: Floats, model: Floats) -> Estimate:
    """Answer how much more the policy earns per decision than another, doubly robust, on the same rows."""
    _weight(logged, policy), _weight(logged, over)
    return mean_of(((policy - over) * scores(logged, model)).sum(axis=1), who=logged.who)


def scores(logged: Logged, model: Floats) -> Floats:
    """Return the doubly robust score of each arm in each row, shape (n_rows, n_arms).

    Parameters
    ----------
    model : array, shape (n_rows, n_arms)
        Expected outcome of each arm in each row, by a model that has not seen the row.
    """
    rows = np.arange(len(logged))
    out = np.array(model, dtype=np.float64)
    out[rows, logged.arm] += (logged.outcome - model[rows, logged.arm]) / logged.propensity
    return out


def mean_of(values: Floats, *, who: Ints | None = None) -> Estimate:
    """Return the mean with a normal interval whose error counts people, not rows (Liang & Zeger, 1986)."""
    n = len(values)
    if not n:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    value = float(values.mean())
    rest = values - value
    if who is not None:
        rest = np.bincount(np.unique(who, return_inverse=True)[1], weights=rest).astype(np.float64)
    groups = len(rest)
    if groups < 2:
        return Estimate(value, float("nan"), float("nan"), n)
    reach = DEVIATIONS * float(np.sqrt((rest @ rest) * groups / (groups - 1))) / n
    return Estimate(value, value - reach, value + reach, n)


def _weight(logged: Logged, policy: Floats) -> Floats:
    """Return how many rows each row stands for under the policy, shape (n_rows,)."""
    if policy.ndim != 2 or len(policy) != len(logged) or (len(logged) and logged.arm.max() >= policy.shape[1]):
        raise PolicyError(
            f"policy: got shape {policy.shape} for {len(logged)} rows; expected one row each and a column per arm."
        )
    wrong = (policy < 0).any(axis=1) | (np.abs(policy.sum(axis=1) - 1) > 1e-9)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise PolicyError(f"policy, row {row}: chances {policy[row].tolist()} must be at least 0 and sum to 1.")
    weight: Floats = policy[np.arange(len(logged)), logged.arm] / logged.propensity
    return weight


def _unknown(logged: Logged) -> Estimate:
    return Estimate(float("nan"), float("nan"), float("nan"), len(logged))
