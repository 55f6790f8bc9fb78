"""How true the chances are: Brier score, log loss, calibration error. Weights as in `ranking`."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.measures.ranking import Floats, Ints, ratio

SMALLEST: Final = 1e-6
"""Chances are held this far from 0 and 1: nothing that was counted in finite data is certain."""
BINS: Final = 10


def mean(weight: Floats, loss: Floats) -> Floats:
    """Weighted mean of one loss per row, shape (n_draws,)."""
    return ratio(weight @ loss, weight.sum(axis=1))


def brier(label: Floats, chance: Floats) -> Floats:
    """Squared error of each row's chance (Brier, 1950)."""
    return (chance - label) ** 2


def log_loss(label: Floats, chance: Floats) -> Floats:
    """Minus the log of the chance that was given to what happened, each row."""
    held = np.clip(chance, SMALLEST, 1 - SMALLEST)
    return -np.where(label == 1.0, np.log(held), np.log1p(-held))


def equal_mass_bins(chance: Floats, *, bins: int = BINS) -> Ints:
    """Return each row's bin by rank of chance; equal chances share a bin, so there may be fewer bins."""
    edges = np.quantile(chance, np.arange(1, bins) / bins)
    return np.searchsorted(np.unique(edges), chance, side="left").astype(np.int64)


def calibration_error(weight: Floats, label: Floats, *, chance: Floats, bin_of: Ints) -> Floats:
    """Mean absolute difference of mean chance and win rate over the bins, weighted by their rows.

    Noise alone makes it positive: with few wins a perfect forecaster does not reach 0.
    """
    inside = bin_of[:, None] == np.arange(bin_of.max() + 1)
    gap = (weight * (chance - label)) @ inside.astype(np.float64)
    return ratio(np.abs(gap).sum(axis=1), weight.sum(axis=1))
