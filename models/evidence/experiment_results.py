"""Check and act: what came of each arm, how sure that is, and whether the change is kept.

Everybody counts in the arm that was drawn, called or not (intention to treat), once the measure's days have passed.
Each arm is compared with the first one by a confidence sequence (`models.measures.sequential`), so the table may be
looked at every day and the experiment ended on any of them: the chance of ever keeping a change that does nothing stays
below `alpha`, which several arms share evenly (Bonferroni).

A comparison is refused, not weakened, where the arms did not fill as drawn (chi-square, `MISMATCH`; Fabijan et al.,
"Diagnosing sample ratio mismatch in online controlled experiments", KDD 2019): something else than the draw then
decides who is in which arm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from scipy.stats import chisquare

from features.facts.contract import TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from features.facts.tables import POSITIVE
from features.time.labels import observed_until, won_within
from models.evidence.experiment_card import Card
from models.measures.likeness import wilson
from models.measures.ranking import Floats
from models.measures.sequential import LEAST, compare

State = Literal["planned", "running", "waiting", "finished"]
Decision = Literal["keep", "drop", "go on", "cannot say"]
MISMATCH: Final = 0.001
"""p-value below which the arms' sizes are not those of the draw."""
UNEQUAL: Final = "the arms did not fill as drawn"
ARMS: Final = ("arm", "chance", "assigned", "gone", "waiting", "n", "successes", "share", "low", "high")
CONTRASTS: Final = ("arm", "against", "effect", "low", "high", "p", "decision", "said")


@dataclass(frozen=True)
class Result:
    """An experiment as it stands.

    Attributes
    ----------
    state : str
        "planned" (before its start), "running" (prospects join), "waiting" (nobody joins any more, the measure's days
        of some have not passed), "finished" (also from the day on which somebody ended it early: what is not known
        by then never counts).
    arms : DataFrame
        `assigned`; of them `gone` (no such prospect any more), `waiting` (not yet known what came of them) and `n`
        (known); `successes`, `share` with its Wilson interval (95 %, for one look).
    contrasts : DataFrame
        By arm but the first: `effect` (share minus that of the first arm) from `low` to `high` (a confidence
        sequence), `p` (always valid), `decision`, `said` (why, in words).
    problem : str
        Why nothing can be compared; else empty.
    """

    card: Card
    state: State
    arms: pd.DataFrame
    contrasts: pd.DataFrame
    problem: str

    @property
    def decision(self) -> Decision:
        """Of several arms: keep if one is kept, else go on while one is undecided."""
        made = set(self.contrasts["decision"])
        order: tuple[Decision, ...] = ("keep", "go on", "cannot say", "drop")
        return next(decision for decision in order if decision in made)


def result(card: Card, assigned: pd.DataFrame, facts: Facts, as_of: pd.Timestamp, definitions: Definitions) -> Result:
    """Answer how an experiment stands at a moment.

    Parameters
    ----------
    assigned : DataFrame
        Those of `models.evidence.experiments.COLUMNS`; other experiments' rows and later ones are left away.
    facts : Facts
        Give `facts.visible(as_of)`.
    """
    own = assigned[(assigned["experiment"] == card.name) & (assigned["first_seen"] <= as_of)]
    here = own["prospect_id"].isin(facts.prospects["prospect_id"])
    until = observed_until(facts, as_of, definitions=definitions)
    if card.stopped is not None:
        # whoever was still on the way when it was ended was not treated to the end
        until = min(until, card.ends(definitions))
    known = own[here].reset_index(drop=True)
    known = known.assign(success=success(card, known, facts, until))
    arms = _arms(card, own, known)
    state = _state(card, known, as_of, definitions)
    problem = _problem(arms, state)
    return Result(card, state, arms, _contrasts(card, arms, state, problem=problem), problem)


def success(card: Card, assigned: pd.DataFrame, facts: Facts, until: pd.Timestamp) -> pd.Series:
    """Return 1.0 or 0.0 by the card's measure in `[first_seen, first_seen + days)`; NaN where that ends after `until`.

    `assigned` has `prospect_id` and `first_seen`.
    """
    keys = assigned[["prospect_id"]].assign(as_of=assigned["first_seen"])
    days = card.measure.days
    if card.measure.kind == "won":
        if keys.empty:
            return pd.Series([], dtype="float64")
        return won_within(facts, keys, days=days, observed_until=until)
    events = _events(card.measure.kind, current(facts.touches, TABLES["touches"].key))
    pairs = keys.reset_index().merge(events, on="prospect_id")
    end = pairs["as_of"] + pd.Timedelta(days=days)
    inside = (pairs["as_of"] <= pairs["occurred_at"]) & (pairs["occurred_at"] < end)
    hit = pd.Series(keys.index.isin(pairs.loc[inside, "index"]), index=keys.index).astype("float64")
    return hit.where(keys["as_of"] + pd.Timedelta(days=days) <= until)


def _events(kind: str, touches: pd.DataFrame) -> pd.DataFrame:
    if kind == "positive_reply":
        rows = touches["result"].isin(POSITIVE) & touches["direction"].eq("outbound")
    else:
        rows = touches["result"].eq("meeting_booked") | touches["kind"].eq("meeting")
    return touches.loc[rows, ["prospect_id", "occurred_at"]]


def _arms(card: Card, own: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    names = [arm.name for arm in card.arms]
    all_of = own["arm"].value_counts().reindex(names, fill_value=0).to_numpy()
    labels = known.groupby("arm")["success"]
    n = labels.count().reindex(names, fill_value=0).to_numpy()
    won = labels.sum().reindex(names, fill_value=0).to_numpy().astype(np.int64)
    there = labels.size().reindex(names, fill_value=0).to_numpy()
    low, high = wilson(won, n)
    with np.errstate(invalid="ignore"):
        share = won / n
    columns = (names, [a.chance for a in card.arms], all_of, all_of - there, there - n, n, won, share, low, high)
    return pd.DataFrame(dict(zip(ARMS, columns, strict=True)))


def _state(card: Card, known: pd.DataFrame, as_of: pd.Timestamp, definitions: Definitions) -> State:
    if as_of < card.begins(definitions):
        return "planned"
    if as_of < card.ends(definitions):
        return "running"
    return "waiting" if known["success"].isna().any() and card.stopped is None else "finished"


def _problem(arms: pd.DataFrame, state: State) -> str:
    there = (arms["assigned"] - arms["gone"]).to_numpy().astype(np.float64)
    if state == "planned":
        return "it has not begun"
    if not arms["assigned"].sum():
        return "nobody was eligible so far"
    empty = arms.loc[there == 0, "arm"].tolist()
    expected = there.sum() * arms["chance"].to_numpy()
    p = float(chisquare(there, expected * there.sum() / expected.sum()).pvalue) if there.sum() else 1.0
    if p < MISMATCH:
        sizes = ", ".join(f"{name} {n:.0f} of {e:.0f}" for name, n, e in zip(arms["arm"], there, expected, strict=True))
        return f"{UNEQUAL} (there, expected: {sizes}; p = {p:.1g}): find out why before comparing"
    return f"nobody in {', '.join(empty)}" if empty else ""


def _contrasts(card: Card, arms: pd.DataFrame, state: State, *, problem: str) -> pd.DataFrame:
    won, n = (arms[c].to_numpy().astype(np.float64) for c in ("successes", "n"))
    alpha = card.alpha / (len(arms) - 1)
    rows = []
    for i in range(1, len(arms)):
        pair = np.array([0, i])
        told = compare(won[pair], n[pair], scale=card.worthwhile, alpha=alpha)
        numbers = [float(x) for x in (told.effect, told.low, told.high, told.p)]
        if problem:
            numbers = [np.nan] * 4
        decision, why = _decided(card, np.array(numbers[:3]), state, problem=problem)
        rows.append((card.arms[i].name, card.arms[0].name, *numbers, decision, why))
    return pd.DataFrame(rows, columns=list(CONTRASTS))


def _decided(card: Card, told: Floats, state: State, *, problem: str) -> tuple[Decision, str]:
    """Apply the keep rule; what is not shown by the end is not kept."""
    effect, low, high = told
    over = state == "finished"
    if problem:
        return ("cannot say" if over or problem.startswith(UNEQUAL) else "go on"), problem
    if np.isnan(effect):
        return ("cannot say" if over else "go on"), f"fewer than {LEAST} prospects with a known end in an arm"
    said = f"{_points(effect)} points ({_points(low)} to {_points(high)})"
    if low > card.keep_above:
        return "keep", f"{said}: above {_points(card.keep_above)}, whenever one looks"
    if high < card.worthwhile:
        return "drop", f"{said}: the best it can be is less than the {_points(card.worthwhile)} worth having"
    if over:
        return "drop", f"{said}: not shown to be above {_points(card.keep_above)} by the end"
    return "go on", f"{said}: not settled yet"


def _points(share: Any) -> str:
    return f"{100 * share:+.1f}"
