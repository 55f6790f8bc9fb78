"""What the offer head says in plain words; an association is called one in every sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from models.heads.offer_effects import LEAST_DRAWN, LEAST_YES, Effects, drawn_by_chance
from models.heads.offers_seen import NOWHERE


def choice(row: Mapping[str, Any], names: Mapping[str, str], *, control: str | None) -> str:
    """Say what one suggestion rests on; `row` has the offer, its figures, its place, and `may`: offers allowed."""
    if pd.isna(row["offer_id"]):
        if not row["may"]:
            return "no offer may be made now at this stage and in this segment"
        return "every offer that may be made now was turned down lately"
    name, n, where = names[row["offer_id"]], int(row["n"]), _where(row)
    if row["basis"] == "none":
        return f"{name}: never made yet, nothing is known of it"
    if row["basis"] == "association":
        if not n:
            return f"{name}: made too lately to say anything yet"
        who = "of all" if row["of_all_places"] else "like it"
        return f"{name}: {int(row['accepted'])} of {n} {who} said yes (association, not a measured effect)"
    if row["offer_id"] == control:
        return f"offer {name}: no other offer did better {where} where chance chose (n={n}, randomised)"
    effect, low, high = (round(100 * float(row[k])) for k in ("effect", "low", "high"))
    points = f"{effect:+d} points ({low} to {high}) over {names.get(str(control), str(control))}"
    return f"offer {name}: {points} {where} (n={n}, randomised)"


def note(seen: pd.DataFrame, found: Effects | None, *, doubt: str, days: int, answers: bool, data_version: str) -> str:
    """Say what was counted, what was set aside and why there are effects or none."""
    chance = seen["propensity"]
    aside = int((chance.notna() & ~(chance.gt(0) & chance.le(1))).sum())
    certain, early = int(chance.eq(1).sum()), int(seen["yes"].isna().sum())
    yes = (
        "answered with accepted or interested" if answers else "followed by a win (no answer to an offer is on record)"
    )
    parts = [f"{len(seen)} offers made (data {data_version}); yes means {yes} within {days} days"]
    if early:
        parts.append(f"{early} made too lately to count")
    if aside:
        parts.append(f"{aside} with a chance of 0 or less or above 1 set aside from effects")
    if certain:
        parts.append(f"{certain} with a chance of 1 were not drawn and say nothing of effects")
    return "; ".join([*parts, _basis(seen, found, doubt)]) + "."


def _basis(seen: pd.DataFrame, found: Effects | None, doubt: str) -> str:
    drawn = drawn_by_chance(seen)
    if found is not None:
        few = [a for a in found.arms if a not in found.known]
        left = f"; fewer than {LEAST_DRAWN} draws, association only: {', '.join(few)}" if few else ""
        return f"effects from {int(drawn.sum())} draws with a logged chance, against offer {found.control}{left}"
    if doubt:
        return f"association only: the logged chances are not believed, {doubt}"
    if not drawn.any():
        return "association only: no chance was logged, so no effect can be told from who was offered what"
    yes = int(seen.loc[drawn, "yes"].sum())
    return (
        f"association only: {int(drawn.sum())} draws with a logged chance and {yes} yes; an effect needs two offers "
        f"with {LEAST_DRAWN} draws each and {LEAST_YES} yes"
    )


def _where(row: Mapping[str, Any]) -> str:
    if row["of_all_places"]:
        return "over all segments and stages, none drawn in this one"
    known = [str(row[k]) for k in ("segment", "stage") if pd.notna(row[k]) and row[k] != NOWHERE]
    return f"for {', '.join(known)}" if known else "overall"
