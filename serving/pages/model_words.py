"""The evidence of a model told in sentences: what it found at the team's capacity, and whether its chances hold."""

from __future__ import annotations

from typing import Final

from serving.boards.model import AtCapacity, Evidence, Figure, Model
from serving.pages.words import Words

ANY: Final = "any order"
LOWEST: Final = "recency"
SHORT: Final = {
    "recency": "recency", "frequency": "naive Bayes", "blended": "mean of three models", "logistic": "logistic",
    "boosted": "LightGBM", ANY: ANY,
}  # fmt: skip
"""What rungs are called where there is little room."""


def short(rung: str) -> str:
    """Return what a rung is called in a table or a picture."""
    return SHORT.get(rung, rung)


def orders(evidence: Evidence) -> dict[str, str]:
    """Return the orders that are compared and what they are called: the one that serves first, any order last."""
    names = {evidence.kept: "recency" if evidence.kept == LOWEST else "this model"}
    if evidence.refused is not None and evidence.refused != evidence.kept:
        names[evidence.refused] = "refused model"
    return {**names, **({} if evidence.kept == LOWEST else {LOWEST: "recency"}), ANY: ANY}


def figure(one: Figure, say: Words, *, times: float = 1.0, digits: int = 1) -> str:
    """Write a figure with its interval, "12.3 (9.8 to 15.1)"; "not known" without one."""
    if one.value is None:
        return "not known"
    # adding zero turns a "-0" into a "0"
    parts = (one.value, one.low or 0.0, one.high or 0.0)
    value, low, high = (say.number(round(times * part, digits) + 0.0) for part in parts)
    return value if one.low is None else f"{value} ({low} to {high})"


def own(evidence: Evidence) -> AtCapacity | None:
    """Return what was found at the team's own capacity."""
    return next((one for one in evidence.at_capacity if one.calls == evidence.capacity), None)


def at_capacity(board: Model, say: Words) -> tuple[str, ...]:
    """Tell what a morning's calls found by the order that serves, by recency, and by any order."""
    found = None if board.evidence is None else own(board.evidence)
    if board.evidence is None or found is None:
        return ()
    calls = f"{say.number(found.calls)} calls a day"
    if found.calls_all:
        return (f"With {calls} the team reaches everybody who is open: whatever the order, nobody is missed.",)
    kept, lists = board.evidence.kept, found.lists
    each = {name: say.number(round(held.calls_to_winners.value or 0.0, 1)) for name, held in lists.items()}
    first = (
        f"Of {say.number(round(found.called))} calls of a morning, {each[kept]} went to prospects who signed within "
        f"{say.number(board.horizon_days)} days"
    )
    if kept == LOWEST:
        said = [f"{first}. In any order it would have been {each[ANY]}."]
        refused = board.evidence.refused
        if refused in each:
            said.append(f"The model that was refused ({short(refused)}) would have had {each[refused]}.")
        return tuple(said)
    had = {name: say.number(round(held.prospects, 1)) for name, held in lists.items()}
    return (
        f"{first}. By recency, calling first whom something happened to last, it would have been {each[LOWEST]}, "
        f"in any order {each[ANY]}.",
        f"Of {say.number(found.won)} prospects who signed, the list had {had[kept]}, the one by recency "
        f"{had[LOWEST]}; each counts by the share of its open days on which it was listed. {_sure(found, say)}",
    )


def _sure(found: AtCapacity, say: Words) -> str:
    over = found.over_recency
    if over.value is None or over.low is None or over.high is None:
        return ""
    more, low, high = (say.number(round(part, 1)) for part in (over.value, over.low, over.high))
    interval = f"(95 % interval {low} to {high})"
    if over.low > 0:
        return f"That is {more} more, beyond chance {interval}."
    if over.high < 0:
        return f"That is {more.lstrip('-')} fewer, beyond chance {interval}."
    return f"The difference of {more} may be chance {interval}."


def calibration(evidence: Evidence, say: Words) -> str:
    """Tell how many of the bins observed what was foretold, within their intervals."""
    held = sum(one.low <= one.foretold <= one.high for one in evidence.calibration)
    bins = len(evidence.calibration)
    often = "all" if held == bins else f"{say.number(held)} of {say.number(bins)}"
    return (
        f"Prospects of the test period in {say.number(bins)} groups by the chance that was said. In {often} groups "
        "the chance lies within the interval of the share that signed; one in twenty misses by luck."
    )
