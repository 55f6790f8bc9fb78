"""What changed since the last receipt of a prospect: the chance, its trend, and the reason that moved most.

Two receipts are compared, never two models: where the model is another one, the words say so and name no reason, for
then a change may come from the model and not from the prospect. An effect that a receipt does not show (it was not
among the largest) counts as 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

STEADY: Final = 0.2
"""Log-odds within which a chance is called steady: two points at 10 %, five at 50 %."""
RISING: Final = "rising"
FALLING: Final = "falling"
SAME: Final = "steady"


def changes(now: pd.DataFrame, before: pd.DataFrame, *, same_model: bool) -> pd.DataFrame:
    """Answer for each receipt of today how it moved since the prospect's receipt before.

    Parameters
    ----------
    now, before : DataFrame
        `prospect_id` (unique in each), `chance` (NaN: none was said), `reasons` (lists of dicts with `concept`,
        `effect` and `text`; empty where it was not explained), and in `before` also `day` (date). `grade`, if both
        have it.
    same_model : bool
        Whether both were made by the same bundle.

    Returns
    -------
    DataFrame, shape (n_now, 3), rows as in `now`
        `prospect_id`; `trend`: "rising", "falling", "steady" by `STEADY`, missing where there was no receipt before or
        one of the two has no chance; `change`: words, missing without a trend.
    """
    earlier = before.set_index("prospect_id")
    told = [
        _told(row, earlier.loc[row["prospect_id"]], same_model=same_model)
        if row["prospect_id"] in earlier.index
        else (None, None)
        for row in now.to_dict("records")
    ]
    out = pd.DataFrame(told, columns=["trend", "change"], index=now.index, dtype="str")
    return now[["prospect_id"]].join(out)


def _told(row: Mapping[Any, Any], then: pd.Series, *, same_model: bool) -> tuple[str | None, str | None]:
    if pd.isna(row["chance"]) or pd.isna(then["chance"]):
        return None, None
    moved = _log_odds(row["chance"]) - _log_odds(then["chance"])
    trend = SAME if abs(moved) < STEADY else RISING if moved > 0 else FALLING
    said = f"{_percent(then['chance'])} on {then['day']:%Y-%m-%d}, now {_percent(row['chance'])}{_grades(row, then)}"
    if not same_model:
        return trend, f"{said}; another model than then"
    return trend, said if trend == SAME else said + _why(_effects(row["reasons"]), _effects(then["reasons"]), moved)


def _grades(row: Mapping[Any, Any], then: pd.Series) -> str:
    was, is_now = then.get("grade"), row.get("grade")
    return "" if pd.isna(was) or pd.isna(is_now) or was == is_now else f" (grade {was} to {is_now})"


def _why(now: Mapping[str, tuple[float, str]], then: Mapping[str, tuple[float, str]], moved: float) -> str:
    """Name the concept whose effect moved most in the direction of the chance, by its fact of today and of then."""
    differences = {c: now.get(c, (0.0, ""))[0] - then.get(c, (0.0, ""))[0] for c in sorted({*now, *then})}
    along = {c: d for c, d in differences.items() if d * moved > 0}
    if not along:
        return ""
    concept = max(along, key=lambda c: abs(along[c]))
    if concept not in now:
        # no reasons at all: it was not explained today, and the fact may still hold
        side = "against" if moved > 0 else "for"
        return f": what spoke {side} it no longer does: {then[concept][1]}" if now else ""
    text, was = now[concept][1], then.get(concept, (0.0, ""))[1]
    if text == was:
        return f": {text}, which counts for {'more' if moved > 0 else 'less'} now"
    return f": {text} (then: {was})" if was else f": {text}"


def _effects(reasons: Sequence[Mapping[str, Any]]) -> dict[str, tuple[float, str]]:
    return {reason["concept"]: (float(reason["effect"]), str(reason["text"])) for reason in reasons}


def _log_odds(chance: float) -> float:
    return math.log(chance) - math.log1p(-chance)


def _percent(chance: float) -> str:
    return f"{100 * chance:.0f} %" if chance >= 0.01 else "under 1 %"
