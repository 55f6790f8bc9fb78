"""Whom to ask for and how: one contact and one channel per prospect, with the reason in words.

A plain rule until the person and place heads decide: the contact who answered last, else the most senior one
known; the channel on which the prospect answered last, else the telephone. Do-not-contact is never suggested.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from features.facts.contract import ANSWERED, SENIORITIES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from models.heads import contactable
from models.heads.outreach import REACHABLE

USEFUL_ANSWERS: Final = tuple(r for r in ANSWERED if r not in ("do_not_contact", "wrong_person"))
BY: Final = {"phone": "by phone", "email": "by e-mail", "in_person": "in person"}


def people(facts: Facts, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return who belongs to which prospect, and who must not be contacted.

    Parameters
    ----------
    facts : Facts
        Only what was visible at `as_of`.
    as_of : Timestamp
        UTC; a `do_not_contact_since` at or before it counts.

    Returns
    -------
    DataFrame
        One row per (prospect_id, contact_id) with the contact's columns and the bool `refuses`: the contact's row
        says so, or the contact asked for it in a touch.
    """
    known = contactable.people(facts, as_of)
    return known.assign(refuses=known["why_not"].eq(contactable.REFUSES).fillna(False).astype("bool"))


def suggest(
    prospect_id: pd.Series[Any], facts: Facts, as_of: pd.Timestamp, *, definitions: Definitions
) -> pd.DataFrame:
    """Answer whom to ask for, on which channel, and why.

    Parameters
    ----------
    prospect_id : Series of str, shape (n,)
        Unique; the result keeps this order.
    facts : Facts
        Only what was visible at `as_of`.

    Returns
    -------
    DataFrame, shape (n, 4)
        `prospect_id`, `contact_id` (missing when nobody may be contacted or is known), `channel` (never missing),
        `why_contact` (words; dates in the company's time zone).
    """
    willing = people(facts, as_of)
    willing = willing[willing["prospect_id"].isin(prospect_id) & ~willing["refuses"]]
    answers = _answers(facts.touches)
    best = _best(willing, answers).reindex(prospect_id)
    channel = answers.drop_duplicates("prospect_id").set_index("prospect_id")["channel"].reindex(prospect_id)
    rows = zip(prospect_id, channel, best.to_dict("records"), strict=True)
    return pd.DataFrame(
        [_words(who, on, person, definitions=definitions) for who, on, person in rows],
        columns=["prospect_id", "contact_id", "channel", "why_contact"],
    ).astype("str")


def _answers(touches: pd.DataFrame) -> pd.DataFrame:
    """Return the touches in which somebody answered on a channel we can use, latest first."""
    useful = touches["result"].isin(USEFUL_ANSWERS) & touches["channel"].isin(REACHABLE)
    return touches[useful].sort_values(["occurred_at", "touch_id"], ascending=False)


def _best(willing: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return one contact per prospect, index prospect_id: last who answered, else most senior, else by id."""
    last = answers.dropna(subset="contact_id").drop_duplicates(["prospect_id", "contact_id"])
    last = last[["prospect_id", "contact_id", "occurred_at", "channel"]].rename(
        columns={"occurred_at": "answered_at", "channel": "answered_on"}
    )
    ranked = willing.merge(last, on=["prospect_id", "contact_id"], how="left")
    rank = ranked["seniority"].map({name: place for place, name in enumerate(SENIORITIES)})
    ranked = ranked.assign(place=rank.fillna(len(SENIORITIES)))
    ranked = ranked.sort_values(
        ["answered_at", "place", "contact_id"], ascending=[False, True, True], na_position="last"
    )
    return ranked.drop_duplicates("prospect_id").set_index("prospect_id")


def _words(
    prospect_id: str, channel: Any, person: dict[str, Any], *, definitions: Definitions
) -> tuple[str, Any, str, str]:
    if pd.isna(person["contact_id"]):
        on = "phone" if pd.isna(channel) else channel
        return prospect_id, None, on, "no contact on record: ask for the person in charge"
    only_mail = pd.isna(person["phone"]) and pd.notna(person["email"])
    on = channel if pd.notna(channel) else "email" if only_mail else "phone"
    if pd.notna(person["answered_at"]):
        day = person["answered_at"].tz_convert(definitions.zone)
        by = BY.get(person["answered_on"], f"by {person['answered_on']}")
        return (
            prospect_id,
            person["contact_id"],
            on,
            f"{_name(person)} answered last, {by} on {day.day} {day:%B %Y}",
        )
    if pd.notna(person["seniority"]):
        why = f"nobody has answered yet; {_name(person)} is the most senior contact"
    else:
        why = f"nobody has answered yet; {_name(person)} is on record"
    return prospect_id, person["contact_id"], on, why


def _name(person: dict[str, Any]) -> str:
    """Return name and role, what of them is known; else the contact's id."""
    known = [str(person[c]) for c in ("name", "role") if pd.notna(person[c])]
    return ", ".join(known) or f"contact {person['contact_id']}"
