"""What a call is worth, in money that anybody can check, and the weight by which the list is chosen.

The two are not the same. The **value** is what is to be expected of the prospect: the calibrated chance of a win within
the horizon x the amount, less the cost of the call. The **weight** orders calls; depending on the form it is the same,
or made larger or smaller by timing and reach, which say where a call *today* does more than usual:

- `timing`: the chance in the next 14 days, relative to what 14 days would bring at the prospect's own steady pace. It
  says whether this fortnight is better than any other of the same prospect, and nothing about the prospect.
- `reach`: the chance of a positive reply by the chosen person and channel, relative to the average of the day. It says
  whether this call is easier or harder to place than usual.

No evidence is counted twice: the chance already contains how soon this prospect is likely to decide and how well people
like these can be reached on average, so both are *ratios* around 1. They multiply the odds, not the chance, and are
never shown as money: a prospect with a chance of 24 % is worth 24 % of the amount, however good the moment is. What
they did to the order stands beside it, in words.

A factor that is not known is neutral (timing and reach 1, the amount the average of those known), stays missing in the
result, and is named in words. Which form earns most was measured: docs/adr/0011.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from features.facts.definitions import Definitions
from models.decision.errors import DecisionError
from models.measures.ranking import Floats

Form = Literal["chance", "chance_amount", "damped", "full"]
"""What orders calls: the chance alone; chance and amount; both with the square roots of timing and reach; with all."""
Factors: TypeAlias = pd.DataFrame
"""One row per prospect: `prospect_id` and any of `amount` (currency of the definitions), `timing`, `reach` (ratios, not
below 0), `contact_id`, `channel`, `why_contact`. An absent column, row or value is not known."""

POWERS: Final[dict[Form, float]] = {"chance": 0.0, "chance_amount": 0.0, "damped": 0.5, "full": 1.0}
"""To which power timing and reach move the odds."""
FORMS: Final[tuple[Form, ...]] = tuple(POWERS)
DEFAULT: Final[Form] = "full"
NUMBERS: Final = ("amount", "timing", "reach")
RATIOS: Final = ("timing", "reach")
TEXTS: Final = ("contact_id", "channel", "why_contact")
MOVES: Final = 1.05
"""Ratio of the odds from which on (or below its inverse) the words say that a call was moved."""


def worth(
    scores: pd.DataFrame, factors: Factors | None, *, definitions: Definitions, form: Form = DEFAULT
) -> pd.DataFrame:
    """Answer what a call to each prospect is worth, and what it weighs in today's order.

    Parameters
    ----------
    scores : DataFrame, shape (n, ...)
        `prospect_id` (unique), `chance` (NaN: not known), `margin`.
    factors : Factors or None
        None: nothing but the chance is known.
    form : {"chance", "chance_amount", "damped", "full"}
        A choice, so that a backtest can say which form earns most. It changes the weight and never the value.

    Returns
    -------
    DataFrame, shape (n, 11), rows and index as in `scores`
        `prospect_id`, `chance`; `amount`, `timing`, `reach` as given (NaN: not known); `cost`; `value`, chance x amount
        - cost, in currency (without any known amount the chance, and then without cost), NaN without a chance;
        `in_money` (bool); `unknown`, the names of factors that are asked for and were taken as neutral; `moved`, what
        timing and reach did to the order, in words, empty where they did little; `weight`, by which the list is chosen,
        or where there is only an order the share of margins not above this one, scaled below every positive weight; NaN
        where nothing is known.

    Raises
    ------
    DecisionError
        Factors name a prospect twice or one that is not scored; a ratio is negative; a factor is infinite.
    """
    known = _known(scores["prospect_id"], factors)
    in_money = bool(known["amount"].notna().any())
    amount = known["amount"].fillna(known["amount"].mean() if in_money else 1.0)
    cost = definitions.cost_per_call if in_money else 0.0
    chance = scores["chance"].astype("float64")
    ratio = (known["timing"].fillna(1.0) * known["reach"].fillna(1.0)) ** POWERS[form]
    order = chance if form == "chance" else times_odds(chance, ratio) * amount - cost
    out = {
        "cost": cost, "value": chance * amount - cost, "in_money": in_money, "unknown": _unknown(known[_asked(form)]),
        "moved": _moved(known, ratio), "weight": _weight(order, scores),
    }  # fmt: skip
    return scores[["prospect_id", "chance"]].assign(**{n: known[n] for n in NUMBERS}, **out)


def times_odds(chance: pd.Series[Any], ratio: pd.Series[Any] | float) -> pd.Series[Any]:
    """Return the chance whose odds are `ratio` times those of `chance`; a ratio of 0 leaves no chance."""
    with np.errstate(invalid="ignore"):
        now = chance * ratio / (1.0 - chance + chance * ratio)
    return now.mask((chance == 1.0) & (now.isna()), 0.0)


def describe(row: Any, definitions: Definitions) -> str:
    """Write one row of `worth` as a product to check, and what moved it: "24 % x 4,200 EUR = 1,008 EUR; moved up: ...".

    The row needs the columns chance, amount, value, cost, in_money, unknown and moved.
    """
    if np.isnan(row.value):
        return "no chance is known: ordered by what happened last"
    said = f"{100 * row.chance:.0f} %"
    if row.in_money:
        said += f" x {'the average amount' if np.isnan(row.amount) else money(row.amount, definitions)}"
        said += f" - {money(row.cost, definitions)} for the call" if row.cost else ""
        said += f" = {money(row.value, definitions)}"
    said += f"; {row.moved}" if row.moved else ""
    return f"{said} ({row.unknown} not known, taken as average)" if row.unknown else said


def amount_of(value: float, in_money: bool, definitions: Definitions) -> str:
    """Write a value: money, or where no amount is known the share of a win."""
    return money(value, definitions) if in_money else f"{value:.3f} of a win"


def money(value: float, definitions: Definitions) -> str:
    """Write an amount in the company's currency, without cents from 100 on."""
    return f"{value:,.0f} {definitions.currency}" if abs(value) >= 100 else f"{value:,.2f} {definitions.currency}"


def notes(worths: pd.DataFrame, definitions: Definitions, form: Form) -> tuple[str, ...]:
    """Say of a whole day which factors are known for nobody, or not for everybody."""
    said = []
    for name in _asked(form):
        missing = int(worths[name].isna().sum())
        if missing:
            who = "any" if missing == len(worths) else f"{missing:,}"
            said.append(f"{name} is not known for {who} of the prospects and counts as average there")
    if definitions.cost_per_call and len(worths) and not worths["in_money"].iloc[0]:
        said.append("without amounts a value is a share of a win, and the cost of a call is not taken off")
    return tuple(said)


def _asked(form: Form) -> list[str]:
    """Return the factors that the value and the order of this form are made of."""
    return list(NUMBERS if POWERS[form] else NUMBERS[:1])


def _moved(known: pd.DataFrame, ratio: pd.Series[Any]) -> pd.Series[Any]:
    """Say where the odds were moved by a twentieth or more, and by what."""
    said = pd.Series("", index=known.index, dtype="str")
    up, down = ratio >= MOVES, ratio <= 1 / MOVES
    for rows, head in ((up, "moved up"), (down, "moved down")):
        reasons = [_reasons(t, r) for t, r in known.loc[rows, list(RATIOS)].itertuples(index=False)]
        said[rows] = [f"{head}: {why}" for why in reasons]
    return said


def _reasons(timing: float, reach: float) -> str:
    """Say "a better fortnight than their usual one (timing x 1.40), harder to reach than most (reach x 0.80)"."""
    better = "a better fortnight than their usual one" if timing > 1 else "a worse fortnight than their usual one"
    easier = "easier to reach than most" if reach > 1 else "harder to reach than most"
    said = ((better, "timing", timing), (easier, "reach", reach))
    return ", ".join(f"{words} ({name} x {x:.2f})" for words, name, x in said if not (np.isnan(x) or x == 1.0))


def _known(prospect_id: pd.Series[Any], factors: Factors | None) -> pd.DataFrame:
    given = pd.DataFrame({"prospect_id": []}) if factors is None else factors
    _refuse_wrong(prospect_id, given)
    rows = given.set_index(given["prospect_id"].astype("str")).reindex(prospect_id)
    numbers = {n: rows[n].to_numpy(np.float64, na_value=np.nan) if n in rows else np.nan for n in NUMBERS}
    return pd.DataFrame(numbers, index=prospect_id.index, dtype="float64")


def _refuse_wrong(prospect_id: pd.Series[Any], given: Factors) -> None:
    twice = given["prospect_id"].duplicated()
    if twice.any():
        who = given.loc[twice, "prospect_id"].iloc[0]
        raise DecisionError(f"factors name prospect {who} twice; give one row each.")
    strange = ~given["prospect_id"].isin(prospect_id)
    if strange.any():
        who = given.loc[strange, "prospect_id"].iloc[0]
        raise DecisionError(f"factors name prospect {who}, which is not scored; give factors of the day's cohort.")
    for name in (n for n in NUMBERS if n in given):
        values = given[name].to_numpy(np.float64, na_value=np.nan)
        wrong = np.isinf(values) | ((values < 0) & (name != "amount"))
        if wrong.any():
            who = given.loc[wrong, "prospect_id"].iloc[0]
            expected = "a finite number" if name == "amount" else "a finite ratio not below 0"
            raise DecisionError(f"factors: {name} of prospect {who} is {values[wrong][0]}, expected {expected}.")


def _unknown(used: pd.DataFrame) -> pd.Series[Any]:
    """Return the names of the missing factors, as "amount, reach"; empty where all are known."""
    said = pd.Series("", index=used.index, dtype="str")
    for name in used.columns:
        missing = used[name].isna()
        said = said.where(~missing, said + ", " + name)
    return said.str.removeprefix(", ")


def _weight(order: pd.Series[Any], scores: pd.DataFrame) -> Floats:
    """Return the order; for rows with a margin but no chance, their place among margins, behind all of it."""
    known = order.notna()
    ordered = ~known & scores["margin"].notna()
    place = scores["margin"].where(ordered).rank(method="max", pct=True)
    positive = order[order > 0]
    least = positive.min() / 2 if len(positive) else 1.0
    out: Floats = np.where(known, order, place * least)
    return out
