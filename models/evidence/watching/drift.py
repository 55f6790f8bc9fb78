"""Whether the champion's order has grown old, told as wins that its list would have lost.

Two ways, for labels come late. Once enough prospects have won since the training, the champion's list is compared with
that of the same kind of model fitted anew on what was known later, on the same days: so many wins the old list would
have lost. Until then the chances themselves are looked at: whether today's cohort is scored as earlier ones were, and
how many wins fewer today's list can expect than the usual one.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from models.evidence.checks.at_capacity import Compared, compare
from models.evidence.watching.rule import Action, CannotTell, Measure, Rule, State
from models.evidence.watching.watched import Later, Watched
from models.heads.encoding import Encoding
from models.heads.ladder import STEPS
from models.heads.rung import Rung
from models.heads.training import Training
from models.measures.ranking import Floats
from models.measures.splits import Mask

LEAST_WINS: Final = 20
ALARM_SHARE: Final = 0.1
"""Share of the wins that the old list would have lost from which on it alarms."""
LEAST_LISTS: Final = 5
FAR: Final = 0.1
"""Distance of two distributions of chances (Kolmogorov-Smirnov) below which no list changes much."""
DEVIATIONS: Final = 4.0
LEAST_CHANGE: Final = 0.2
_MAD: Final = 1.4826
"""The standard deviation of a normal variable in median absolute deviations."""
NEWER: Final = "wins that the list would have lost"
EXPECTED: Final = "wins to be expected of the list"


def drift(given: Watched) -> tuple[Measure, ...]:
    """Answer by both ways how far the champion's order is behind."""
    return (_or_reason(NEWER, lost_wins, given), _or_reason(EXPECTED, expected_wins, given))


def _or_reason(name: str, measure: Any, given: Watched) -> Measure:
    try:
        found: Measure = measure(given)
    except CannotTell as reason:
        return Measure(name, str(reason), State.UNKNOWN)
    return found


def lost_wins(given: Watched) -> Measure:
    """Compare the champion's list with one of the same kind of model fitted on what was known later."""
    rung, trained, later = _champion(given)
    if rung.name not in STEPS or not STEPS[rung.name].least_wins:
        raise CannotTell(f"lists are in the order by {rung.name}, which learns nothing that could grow old")
    since = (later.matrix.keys["as_of"] >= trained).to_numpy() & ~np.isnan(later.label)
    tested = _test_part(later, since)
    learned = _known_before(later, tested, horizon=given.horizon)
    training = Training.of(
        later.matrix.values, np.nan_to_num(later.label), keys=later.matrix.keys,
        encoding=Encoding.fit(later.matrix.values[learned]), horizon=given.horizon, seed=given.seed,
        threads=given.threads,
    ).take(learned)  # fmt: skip
    if training.wins < STEPS[rung.name].least_wins:
        raise CannotTell(f"{training.wins} winning prospects to fit anew on, {STEPS[rung.name].least_wins} needed")
    newer = STEPS[rung.name].fit(training)
    values, keys = later.matrix.values[tested], later.matrix.keys[tested]
    found = compare(
        later.label[tested], newer.margin(values), rung.margin(values), keys=keys, calls=later.capacity, seed=given.seed
    )
    return _told(found, later.capacity, keys)


def _champion(given: Watched) -> tuple[Rung, pd.Timestamp, Later]:
    if given.bundle is None:
        raise CannotTell("there is no champion yet")
    if given.later is None:
        raise CannotTell(given.no_later)
    return given.bundle.rung, given.bundle.trained_as_of, given.later


def _test_part(later: Later, since: Mask) -> Mask:
    """Return the later half of the days since the training; earlier ones too where that holds too few wins."""
    keys = later.matrix.keys
    won = keys["prospect_id"].where(later.label == 1.0)
    wins = won[since].nunique()
    if wins < LEAST_WINS:
        raise CannotTell(
            f"{wins} prospects are known to have won after being open on a day since the champion was trained, "
            f"{LEAST_WINS} needed"
        )
    for day in sorted(keys["as_of"][since].unique(), reverse=True):
        part: Mask = since & (keys["as_of"] >= day).to_numpy()
        if won[part].nunique() >= max(LEAST_WINS, wins // 2):
            return part
    return since


def _known_before(later: Later, tested: Mask, *, horizon: pd.Timedelta) -> Mask:
    first = later.matrix.keys["as_of"][tested].min()
    known: Mask = (later.matrix.keys["as_of"] + horizon <= first).to_numpy() & ~np.isnan(later.label)
    if not known.any():
        raise CannotTell("no snapshot was labelled before these days, so nothing can be fitted anew")
    return known


def _told(found: Compared, calls: int, keys: pd.DataFrame) -> Measure:
    first = f"{keys['as_of'].min():%-d %B %Y}"
    ends = (found.low, found.high) if found.value >= 0 else (-found.high, -found.low)
    says = (
        f"at {calls} calls a day the list would have {'lost' if found.value >= 0 else 'had'} {abs(found.value):.1f} "
        f"[{ends[0]:.1f}, {ends[1]:.1f}] {'' if found.value >= 0 else 'more '}of {found.won} wins since {first} "
        "against the same kind of model fitted on newer outcomes"
    )
    state = State.GOOD
    if found.low > 0:
        state = State.ALARMS if found.value >= ALARM_SHARE * found.won else State.WARNS
    return Measure(
        NEWER, says, state, value=found.value, usual=0.0, low=found.low, high=found.high, n=found.won, unit="wins"
    )


def expected_wins(given: Watched) -> Measure:
    """Compare the chances of the newest list and its cohort with those of earlier lists of the same model."""
    lists = given.lists.dropna(subset=["expected"]).sort_values("as_of")
    if given.bundle is not None:
        lists = lists[lists["bundle"] == given.bundle.fingerprint]
    lists = lists[lists["listed"] > 0]
    if len(lists) <= LEAST_LISTS:
        raise CannotTell(
            f"{len(lists)} lists with chances of this champion so far, {LEAST_LISTS + 1} needed to compare one"
        )
    newest, earlier = lists.iloc[-1], lists.iloc[:-1]
    usual, low, high = _usual(earlier["expected"] / earlier["listed"])
    per_call = newest["expected"] / newest["listed"]
    apart, bound, moved = _apart(given.spread, newest["as_of"], set(earlier["as_of"]))
    lost = (usual - per_call) * newest["listed"]
    strange = not low <= per_call <= high and abs(per_call - usual) > LEAST_CHANGE * usual
    state = State.GOOD
    if apart > bound:
        state = State.ALARMS if strange else State.WARNS
    says = (
        f"the newest list, of {newest['listed']:.0f} calls, can expect {newest['expected']:.1f} wins, "
        f"{abs(lost):.1f} {'fewer' if lost > 0 else 'more'} than the usual list of that length; chances of its cohort "
        f"lie {apart:.2f} from earlier ones (Kolmogorov-Smirnov; {bound:.2f} is near), moved by {moved:.1%} on average"
    )
    size = float(newest["listed"])
    return Measure(
        EXPECTED, says, state, value=float(newest["expected"]), usual=usual * size, low=low * size, high=high * size,
        n=len(earlier), unit="wins",
    )  # fmt: skip


def _usual(values: pd.Series[Any]) -> tuple[float, float, float]:
    """Return the median and the bounds around it, robustly."""
    median = float(values.median())
    reach = DEVIATIONS * _MAD * float((values - median).abs().median())
    return median, max(0.0, median - reach), median + reach


def _apart(spread: pd.DataFrame, newest: pd.Timestamp, earlier: set[pd.Timestamp]) -> tuple[float, float, float]:
    """Return how far the newest cohort's chances lie from the earlier ones, the bound, and how far they moved.

    The bound is twice the farthest that an earlier list lay from the others, at least `FAR`: cohorts share most of
    their prospects, so no p-value is right, but they say themselves how much they vary.
    """
    tables = {day: rows for day, rows in spread.groupby("as_of") if day in earlier or day == newest}
    if newest not in tables or len(tables) <= LEAST_LISTS:
        raise CannotTell("chances of earlier cohorts are not in the store")
    pooled = _pooled(list(tables[day] for day in tables if day != newest))
    now = tables.pop(newest)
    among = [_ks(rows, pooled) for rows in tables.values()]
    moved = stats.wasserstein_distance(now["chance"], pooled["chance"], now["n"], pooled["n"])
    return _ks(now, pooled), max(2 * max(among), FAR), float(moved)


def _pooled(tables: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables).groupby("chance", as_index=False)["n"].sum()


def _ks(one: pd.DataFrame, other: pd.DataFrame) -> float:
    """Return the largest distance of two distributions given as counts of values."""
    at = np.union1d(one["chance"], other["chance"])
    return float(np.abs(_below(one, at) - _below(other, at)).max())


def _below(rows: pd.DataFrame, at: Floats) -> Floats:
    ordered = rows.sort_values("chance")
    share = np.append(0.0, np.cumsum(ordered["n"].to_numpy(np.float64)) / ordered["n"].sum())
    found: Floats = share[np.searchsorted(ordered["chance"].to_numpy(np.float64), at, side="right")]
    return found


RULES: Final = (
    Rule(
        "TW006", "The order grows old", Action.RETRAIN,
        f"Since the training at least {LEAST_WINS} prospects are known to have won. Warns when the list would surely "
        "have lost wins (95 % interval) against the same kind of model fitted on newer outcomes, alarms when these are "
        f"{ALARM_SHARE:.0%} of the wins or more. Before that: warns when the chances of the newest cohort lie farther "
        f"from those of earlier lists of the same champion than twice what these vary (and above {FAR}), alarms when "
        f"its list also expects wins outside {DEVIATIONS:.0f} robust deviations and {LEAST_CHANGE:.0%} off the usual.",
        "Train again (`takt train`): the new model takes over if it surely finds more wins. If the chances moved in a "
        "day, look first at TW002 and TW003: a feed that changed is no reason to learn from it.",
        drift,
    ),
)  # fmt: skip
