"""What each acquisition channel contributes to wins and value: first touch, last touch, removal effect.

A journey is the steps of one prospect in order: its source, then the touches before its end, each named by direction
and channel (by its kind where it has no channel; work of our own is no step). It ends in a win or in none.

The *removal effect* of a channel (Anderl, Becker, von Wangenheim & Schumann, 2016, "Mapping the customer journey:
Lessons learned from graph-based online attribution modeling", International Journal of Research in Marketing 33) is
the part of the chance to win that is lost if every step onto that channel ends the journey instead. Journeys are
taken as a first-order absorbing Markov chain: start, channels, won, nothing. Effects overlap, so they are scaled to
sum to 1 before wins are divided by them.

All three are bookkeeping: they say on which channels won prospects were seen, not what would happen to the wins if a
channel were closed. Only an experiment says that.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from models.evidence.paths import Journeys, journeys
from models.measures.metrics import resamples
from models.measures.ranking import Floats, ratio

RULES: Final = ("first touch", "last touch", "removal effect")
COLUMNS: Final = ("channel", "rule", "wins", "value", "share", "low", "high", "n")


def contribution(
    facts: Facts, *, as_of: pd.Timestamp, definitions: Definitions, seed: int = 7, draws: int = 200
) -> pd.DataFrame:
    """Answer what each channel contributes, by three rules.

    Parameters
    ----------
    as_of : Timestamp
        UTC; only what was recorded before it is looked at.
    definitions : Definitions
        Prospects without an outcome count as not won from `horizon_days` after their creation on, and are left out
        before. A `source` that is known only after the outcome is no step.
    draws : int
        Bootstrap draws of whole prospects, for the 95 % intervals of the share.

    Returns
    -------
    DataFrame, one row per channel and rule, the largest share of each rule first
        `COLUMNS`: `share` of all wins (`low` to `high`), `wins` and `value` that this is (value in the company's
        currency; NaN where no amount of a win is known), `n`: prospects at which the channel was seen. Shares are
        NaN without a win. Empty without a journey.
    """
    known = journeys(facts.visible(as_of), as_of=as_of, definitions=definitions)
    if not len(known.won):
        return pd.DataFrame(columns=list(COLUMNS))
    keys = pd.DataFrame({"prospect_id": np.arange(len(known.won))})
    once, worth = _shares(known, np.ones((1, len(known.won)))), _values(known)
    drawn = [_shares(known, weight) for weight in resamples(keys, seed=seed, draws=draws)]
    tables = [
        _table(known, rule, once[rule][0], worth=worth.get(rule), draws=np.vstack([d[rule] for d in drawn]))
        for rule in RULES
    ]
    return pd.concat(tables, ignore_index=True)


def _shares(known: Journeys, weight: Floats) -> dict[str, Floats]:
    """Return each rule's shares of the wins, shape (n_draws, n_channels); NaN in draws without a win."""
    first, last = known.bounds()
    won, one_of = weight * known.won, np.eye(len(known.channels))
    parts = zip(RULES, (won @ one_of[first], won @ one_of[last], removal_effects(known, weight)), strict=True)
    return {rule: ratio(p, np.broadcast_to(p.sum(axis=1, keepdims=True), p.shape)) for rule, p in parts}


def _values(known: Journeys) -> dict[str, Floats]:
    """Return the amounts of the wins by their first and their last channel, shape (n_channels,) each."""
    amount, size = np.nan_to_num(known.amount), len(known.channels)
    first, last = known.bounds()
    values: dict[str, Floats] = {}
    for rule, at in zip(RULES[:2], (first, last), strict=True):
        values[rule] = np.bincount(at, amount, size).astype(np.float64)
    return values


def removal_effects(known: Journeys, weight: Floats) -> Floats:
    """Return what part of the chance to win is lost without each channel.

    Parameters
    ----------
    weight : array, shape (n_draws, n_prospects)
        How often each journey counts.

    Returns
    -------
    array, shape (n_draws, n_channels)
        0 (nothing is lost) to 1 (everything); 0 where nobody won.
    """
    size = len(known.channels)
    moves = _moves(known, weight)
    # a channel that was not drawn has no way out: its row stays 0, and nobody comes there
    chances = np.nan_to_num(ratio(moves, np.broadcast_to(moves.sum(axis=2, keepdims=True), moves.shape)))
    among, to_win = chances[:, :, : size + 1], chances[:, :, size + 1 : size + 2]
    whole = _absorbed(among, to_win)
    lost = np.zeros((len(weight), size))
    for channel in range(size):
        without = among.copy()
        without[:, :, channel + 1] = 0.0
        lost[:, channel] = whole - _absorbed(without, to_win)
    effects: Floats = np.divide(lost, whole[:, None], out=np.zeros_like(lost), where=whole[:, None] > 0)
    return np.clip(effects, 0.0, 1.0)


def _moves(known: Journeys, weight: Floats) -> Floats:
    """Count moves from start (0) and channels (1 ...) to start, channels, won and nothing, by draw."""
    size = len(known.channels)
    starts = np.diff(known.who, prepend=-1) != 0
    ends = np.diff(known.who, append=len(known.won)) != 0
    source = np.where(starts, 0, np.roll(known.step, 1) + 1)
    final = np.where(known.won[known.who[ends]] == 1.0, size + 1, size + 2)
    cell = np.concatenate([source * (size + 3) + known.step + 1, (known.step[ends] + 1) * (size + 3) + final])
    who = np.concatenate([known.who, known.who[ends]])
    shape = (len(known.won), (size + 1) * (size + 3))
    counts = csr_array((np.ones(len(cell)), (who, cell)), shape=shape)
    moves: Floats = np.asarray((counts.T @ weight.T).T)
    return moves.reshape(len(weight), size + 1, size + 3)


def _absorbed(among: Floats, to_win: Floats) -> Floats:
    """Return the chance to end in a win from the start, shape (n_draws,): solve (I - Q) x = r."""
    solved = np.linalg.solve(np.eye(among.shape[1]) - among, to_win)
    chance: Floats = solved[:, 0, 0].astype(np.float64)
    return chance


def _table(known: Journeys, rule: str, share: Floats, *, worth: Floats | None, draws: Floats) -> pd.DataFrame:
    """Lay out one rule; `worth` is the value of each channel, where it is not its share of all value."""
    total = np.nan if np.isnan(known.amount).all() else np.nansum(known.amount)
    counted = draws[~np.isnan(draws).any(axis=1)]
    low, high = np.quantile(counted, [0.025, 0.975], axis=0) if len(counted) else np.full((2, len(share)), np.nan)
    table = pd.DataFrame(
        {
            "channel": known.channels, "rule": rule, "wins": np.nan_to_num(share) * known.won.sum(),
            "value": total * share if worth is None or np.isnan(total) else worth,
            "share": share, "low": low, "high": high, "n": known.seen(),
        }
    )  # fmt: skip
    return table.sort_values(["share", "channel"], ascending=[False, True], ignore_index=True)[list(COLUMNS)]
