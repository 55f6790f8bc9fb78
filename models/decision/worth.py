"""What a call now is worth: the chance, made larger or smaller by timing and reach, x amount, less the call's cost.

No evidence is counted twice. The chance of a win within the horizon already contains how soon this prospect is
likely to decide and how well people like these can be reached on average; it must not be multiplied by another
chance. The two other factors are therefore *ratios* around 1, and multiply the *odds* of the chance, so that what comes
out is a chance again and no call is worth more than what it may win:

- `timing`: the chance in the next 14 days, relative to what 14 days would bring at the prospect's own steady pace. It
  says whether this fortnight is better than any other of the same prospect, and nothing about the prospect.
- `reach`: the chance of a positive reply by the chosen person and channel, relative to the average of the day. It says
  whether this call is easier or harder to place than usual.

The product orders calls. It is no forecast of one call: ratios are not bounded, and a likely win at its best moment can
come out above its amount.

A factor that is not known is neutral (timing and reach 1, the amount the average of those known), stays missing in the
result, and is named in words.
"""

from __future__ import annotations

import math
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from features.facts.definitions import Definitions
from models.decision.errors import DecisionError
from models.measures.ranking import Floats

Form = Literal["chance", "chance_amount", "full"]
"""What is multiplied: the chance alone; chance and amount; all four."""
Factors: TypeAlias = pd.DataFrame
"""One row per prospect: `prospect_id` and any of `amount` (currency of the definitions), `timing`, `reach` (ratios, not
below 0), `contact_id`, `channel`, `why_contact`. An absent column, row or value is not known."""

USED: Final[dict[Form, tuple[str, ...]]] = {
    "chance": (),
    "chance_amount": ("amount",),
    "full": ("amount", "timing", "reach"),
}
NUMBERS: Final = ("amount", "timing", "reach")
RATIOS: Final = ("timing", "reach")
TEXTS: Final = ("contact_id", "channel", "why_contact")


def worth(
    scores: pd.DataFrame, factors: Factors | None, *, definitions: Definitions, form: Form = "full"
) -> pd.DataFrame:
    """Answer what a call to each prospect is worth today.

    Parameters
    ----------
    scores : DataFrame, shape (n, ...)
        `prospect_id` (unique), `chance` (NaN: not known), `margin`.
    factors : Factors or None
        None: nothing but the chance is known.
    form : {"chance", "chance_amount", "full"}
        A choice, so that a backtest can say which form earns most.

    Returns
    -------
    DataFrame, shape (n, 10), rows and index as in `scores`
        `prospect_id`, `chance`; `amount`, `timing`, `reach` as given (NaN: not known); `cost`; `value`, in currency
        (without any known amount in units of chance, and then without cost), NaN without a chance; `in_money` (bool);
        `unknown`, the names of factors that the form asks for and that were taken as neutral; `weight`, by which the
        list is chosen: the value, or where there is only an order the share of margins not above this one, scaled
        below every positive value; NaN where nothing is known.

    Raises
    ------
    DecisionError
        Factors name a prospect twice or one that is not scored; a ratio is negative; a factor is infinite.
    """
    known = _known(scores["prospect_id"], factors)
    used = USED[form]
    in_money = "amount" in used and bool(known["amount"].notna().any())
    neutral = {"amount": known["amount"].mean() if in_money else 1.0, "timing": 1.0, "reach": 1.0}
    ratio = math.prod((known[name].fillna(neutral[name]) for name in used if name in RATIOS), start=1.0)
    value = times_odds(scores["chance"].astype("float64"), ratio)
    if "amount" in used:
        value = value * known["amount"].fillna(neutral["amount"])
    cost = definitions.cost_per_call if in_money else 0.0
    value = value - cost
    unknown = _unknown(known[list(used)])
    out = {"cost": cost, "value": value, "in_money": in_money, "unknown": unknown, "weight": _weight(value, scores)}
    return scores[["prospect_id", "chance"]].assign(**{n: known[n] for n in NUMBERS}, **out)


def times_odds(chance: pd.Series[Any], ratio: pd.Series[Any] | float) -> pd.Series[Any]:
    """Return the chance whose odds are `ratio` times those of `chance`; a ratio of 0 leaves no chance."""
    with np.errstate(invalid="ignore"):
        now = chance * ratio / (1.0 - chance + chance * ratio)
    return now.mask((chance == 1.0) & (now.isna()), 0.0)


def describe(row: Any, definitions: Definitions, form: Form = "full") -> str:
    """Write one row of `worth` as a sum to follow: "12 % (16 % now: timing x 1.40) x 4,200 EUR = 673 EUR"."""
    if np.isnan(row.value):
        return "no chance is known: ordered by what happened last"
    ratios = {name: getattr(row, name) for name in RATIOS if name in USED[form] and not np.isnan(getattr(row, name))}
    said = f"{100 * row.chance:.0f} %"
    if ratios:
        now = times_odds(pd.Series([row.chance]), math.prod(ratios.values()))[0]
        said += f" ({100 * now:.0f} % now: {', '.join(f'{name} x {ratio:.2f}' for name, ratio in ratios.items())})"
    if "amount" in USED[form] and row.in_money:
        said += f" x {'the average amount' if np.isnan(row.amount) else money(row.amount, definitions)}"
    said += f" - {money(row.cost, definitions)} for the call" if row.cost else ""
    if ratios or row.in_money:
        said += f" = {amount_of(row.value, row.in_money, definitions)}"
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
    for name in USED[form]:
        missing = int(worths[name].isna().sum())
        if missing:
            who = "any" if missing == len(worths) else f"{missing:,}"
            said.append(f"{name} is not known for {who} of the prospects and counts as average there")
    if definitions.cost_per_call and len(worths) and not worths["in_money"].iloc[0]:
        said.append("without amounts a value is a share of a win, and the cost of a call is not taken off")
    return tuple(said)


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


def _weight(value: pd.Series[Any], scores: pd.DataFrame) -> Floats:
    """Return the value; for rows that have an order but no chance, their place among margins, behind all values."""
    known = value.notna()
    ordered = ~known & scores["margin"].notna()
    place = scores["margin"].where(ordered).rank(method="max", pct=True)
    positive = value[value > 0]
    least = positive.min() / 2 if len(positive) else 1.0
    out: Floats = np.where(known, value, place * least)
    return out
