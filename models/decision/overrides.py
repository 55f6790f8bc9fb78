"""A person's own judgement beside the list, graded when the horizon has passed: "your overrides won 22 %".

Somebody who knows better than the list says so: call this one all the same, or leave that one out. Both are kept with
the receipt they were said about. What came of them is compared with what came of the list in the same weeks. It is a
comparison of judgements and not of the effect of a call: an override that is called gets a call that others did not.

A prospect counts once in each group, on the first day: the same prospect on ten lists is not ten prospects, and a
judgement repeated when the order is on the table is not foresight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from features.facts.contract import TIME_TYPE
from features.facts.ledger import Facts
from features.time.labels import won_within
from models.decision.errors import DecisionError
from models.measures.likeness import wilson
from models.measures.ranking import Floats

CALL: Final = "override_call"
"""Kind of feedback: call this one, although the list does not."""
LEAVE: Final = "override_leave"
"""Kind of feedback: do not call this one, although the list does."""
LIST: Final = "list"
KINDS: Final = {CALL: "your overrides", LEAVE: "those you left out"}
LEAST: Final = 20
"""Prospects in each of two groups below which they are not compared: too few to say."""
_COLUMNS: Final = ("group", "n", "won", "share", "low", "high", "waiting")


@dataclass(frozen=True)
class Graded:
    """What came of overrides and of the list.

    Attributes
    ----------
    groups : DataFrame, shape (3, 7)
        `group` ("override_call", "override_leave", "list"), `n` (prospects whose horizon has passed), `won`, `share`
        with its Wilson interval `low`, `high` (95 %; NaN where n is 0), `waiting` (prospects whose horizon has not).
    agreed : int
        Overrides that asked for what the list did anyway; they are no overrides and are not counted.
    said : str
        In words.
    """

    groups: pd.DataFrame
    agreed: int
    said: str


def grade_overrides(
    overrides: pd.DataFrame, listed: pd.DataFrame, facts: Facts, *, days: int, observed_until: pd.Timestamp
) -> Graded:
    """Answer whether the overrides of a person (or a team) won more often than the list of the same time.

    Parameters
    ----------
    overrides : DataFrame
        `prospect_id`, `kind` (others than `KINDS` are left away: they are no overrides), `as_of` (of the receipt it was
        said about, UTC), `at` (when it was said, UTC). Said twice about one receipt, the last one counts.
    listed : DataFrame
        `prospect_id`, `as_of`: the calls of each published list; those from the first override to the last count.
    facts : Facts
        Everything known now, for what came after.
    days : int
        The horizon: won in `[as_of, as_of + days)`.
    observed_until : Timestamp
        Outcomes before it are known; a horizon that ends later is waiting, never lost.

    Raises
    ------
    DecisionError
        A column is missing.
    """
    overrides = _typed(overrides, ("prospect_id", "kind", "as_of", "at"), "overrides")
    listed = _typed(listed, ("prospect_id", "as_of"), "listed")
    own, agreed = _real(_last_said(overrides), listed)
    span = listed[listed["as_of"].between(own["as_of"].min(), own["as_of"].max())]
    parts = {
        CALL: own[own["kind"] == CALL],
        LEAVE: own[own["kind"] == LEAVE],
        LIST: _without(span, own[own["kind"] == LEAVE]),
    }
    rows = [_counted(name, p, facts, days=days, observed_until=observed_until) for name, p in parts.items()]
    groups = pd.DataFrame(rows, columns=list(_COLUMNS))
    return Graded(groups, agreed, _said(groups.set_index("group").to_dict("index")))


def newcombe(won: tuple[int, int], n: tuple[int, int], *, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of the first share minus the second, from two Wilson intervals; NaN where an n is 0.

    Source: Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine
    17 (1998), method 10.
    """
    counts, sizes = np.array(won), np.array(n)
    low, high = wilson(counts, sizes, level=level)
    share: Floats = counts / np.where(sizes > 0, sizes, np.nan)
    difference = share[0] - share[1]
    below = np.hypot(share[0] - low[0], high[1] - share[1])
    above = np.hypot(high[0] - share[0], share[1] - low[1])
    return float(difference - below), float(difference + above)


def _last_said(overrides: pd.DataFrame) -> pd.DataFrame:
    """Keep the overrides, of each receipt the last one said."""
    own = overrides[overrides["kind"].isin(list(KINDS))].sort_values("at", kind="stable")
    return own.drop_duplicates(["prospect_id", "as_of"], keep="last")


def _real(own: pd.DataFrame, listed: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Leave away those that asked for what the list did anyway, and return how many those were."""
    keys = ["prospect_id", "as_of"]
    on_list = pd.MultiIndex.from_frame(own[keys]).isin(pd.MultiIndex.from_frame(listed[keys]))
    real = (own["kind"] == LEAVE).to_numpy() == on_list
    return own[real], int((~real).sum())


def _without(span: pd.DataFrame, left: pd.DataFrame) -> pd.DataFrame:
    """Return the list's own calls, without those that the person took off it."""
    taken = pd.MultiIndex.from_frame(span[["prospect_id", "as_of"]]).isin(
        pd.MultiIndex.from_frame(left[["prospect_id", "as_of"]])
    )
    return span[~taken]


def _counted(
    name: str, part: pd.DataFrame, facts: Facts, *, days: int, observed_until: pd.Timestamp
) -> tuple[Any, ...]:
    first = part.sort_values("as_of", kind="stable").drop_duplicates("prospect_id")[["prospect_id", "as_of"]]
    label = won_within(facts, first.reset_index(drop=True), days=days, observed_until=observed_until)
    n, won = int(label.notna().sum()), int(label.sum())
    low, high = wilson(np.array([won]), np.array([n]))
    return name, n, won, won / n if n else np.nan, low[0], high[0], int(label.isna().sum())


def _said(groups: Mapping[Any, Mapping[Any, Any]]) -> str:
    """Compare each kind of override with the list, or say that there are too few."""
    told = [_compared(groups, kind) for kind in KINDS if groups[kind]["n"] + groups[kind]["waiting"]]
    return "; ".join(told) or "no overrides so far"


def _compared(groups: Mapping[Any, Mapping[Any, Any]], kind: str) -> str:
    own, listed, name = groups[kind], groups[LIST], KINDS[kind]
    if min(own["n"], listed["n"]) < LEAST:
        later = f"; still open: {own['waiting']}" if own["waiting"] else ""
        return (
            f"{name}: too few to say: {own['n']} are old enough to judge (the list: {listed['n']}), {LEAST} of each "
            f"are needed{later}"
        )
    low, high = newcombe((own["won"], listed["won"]), (own["n"], listed["n"]))
    verdict = "more than chance would do" if low > 0 or high < 0 else "a difference that chance could make"
    return f"{name} won {_share(own)}, the list {_share(listed)}: {verdict}"


def _share(group: Mapping[Any, Any]) -> str:
    return f"{100 * group['share']:.0f} % ({group['won']} of {group['n']})"


def _typed(frame: pd.DataFrame, columns: tuple[str, ...], name: str) -> pd.DataFrame:
    """Return these columns with their types, which a table without rows may lack."""
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise DecisionError(f"{name}: no column {missing} among {list(frame.columns)}; every row needs them.")
    return frame[list(columns)].astype({c: TIME_TYPE if c in ("as_of", "at") else "str" for c in columns})
