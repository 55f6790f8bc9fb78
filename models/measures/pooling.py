"""Parallel small experiments read together: each keeps what its own data show, as far as they differ at all.

The effect of an offer is measured in every segment and stage; each measurement is noisy, and the effects are alike.
Each one is drawn towards their common mean, the more the noisier it is and the less the effects are found to differ.
How much they differ is not fixed but averaged over what the data leave possible, so that intervals do not become
too narrow where the measured effects happen to agree (Rubin, "Estimation in parallel randomized experiments", 1981;
Gelman et al., Bayesian Data Analysis, 3rd ed., section 5.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.measures.ranking import Floats

STEPS: Final = 200
WIDEST: Final = 4.0
"""Spread is looked at up to this many times its prior scale."""


@dataclass(frozen=True, eq=False)
class Pooled:
    """Posterior mean and standard deviation of each experiment's effect, and of an experiment not yet made."""

    mean: Floats
    deviation: Floats
    new_mean: float
    new_deviation: float


def pool(effect: Floats, error: Floats, *, scale: float) -> Pooled:
    """Read parallel experiments together.

    Parameters
    ----------
    effect, error : array, shape (n_experiments,)
        Measured effects and their standard errors (above 0).
    scale : float
        By about how much true effects may differ between experiments: the spread has a half-normal prior of this
        scale, the common mean a flat one.

    Returns
    -------
    Pooled
        NaN for the new experiment where there is none to learn from.
    """
    if not len(effect):
        return Pooled(np.zeros(0), np.zeros(0), float("nan"), float("nan"))
    spread = np.linspace(0, WIDEST * scale, STEPS + 1)[:, None]
    precision = 1 / (error**2 + spread**2)
    common_var = 1 / precision.sum(axis=1, keepdims=True)
    common = common_var * (precision * effect).sum(axis=1, keepdims=True)
    log_post = -0.5 * (spread[:, 0] / scale) ** 2 + 0.5 * np.log(common_var[:, 0])
    log_post += 0.5 * np.log(precision).sum(axis=1) - 0.5 * (precision * (effect - common) ** 2).sum(axis=1)
    chance = np.exp(log_post - log_post.max())
    chance /= chance.sum()
    own = spread**2 * precision
    mean = own * effect + (1 - own) * common
    var = own * error**2 + (1 - own) ** 2 * common_var
    new_mean, new_deviation = _mixed(chance, common, common_var + spread**2)
    return Pooled(*_mixed(chance, mean, var), float(new_mean[0]), float(new_deviation[0]))


def _mixed(chance: Floats, mean: Floats, var: Floats) -> tuple[Floats, Floats]:
    """Return mean and deviation of a mixture over the first axis."""
    middle: Floats = chance @ mean
    return middle, np.sqrt(chance @ (var + (mean - middle) ** 2))
