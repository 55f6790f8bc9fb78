"""What is said of a choice: how often it was tried and answered, and what became of tries like it."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pandas as pd

from models.heads.contactable import REFUSES

TRIED = {
    "phone": ("call", "calls"),
    "email": ("e-mail", "e-mails"),
    "in_person": ("visit", "visits"),
    "chat": ("chat message", "chat messages"),
    "social": ("message on a social network", "messages on social networks"),
    "post": ("letter", "letters"),
}
BY = {
    "phone": "by phone", "email": "by e-mail", "in_person": "in person", "chat": "by chat",
    "social": "on social networks", "post": "by post",
}  # fmt: skip
NOBODY = "no contact on record: ask for the person in charge"


def spoken(rows: pd.DataFrame, *, used: Sequence[str], heard: Sequence[str]) -> list[str]:
    """Return a sentence for each choice.

    Parameters
    ----------
    rows : DataFrame, shape (n, >= 9)
        `contact_id`, `channel`, `instead` (words on why nobody is named, may be missing), `past` (all tries of the
        person in words), `tried`, `chance`, `like_n`, `like_yes`.
    used, heard : sequence of str
        Channels that anybody was ever tried by, and those of which it is recorded whether anybody answers.
    """
    columns = ["contact_id", "channel", "instead", "past", "tried", "chance", "like_n", "like_yes"]
    silent = {c: f"whether anybody answers {BY[c]} is not recorded, so no chance is said" for c in used}
    silent |= {c: f"nobody was ever tried {BY[c]}, so no chance is said" for c in BY if c not in used}
    silent = {c: words for c, words in silent.items() if c not in heard}
    return [_sentence(dict(zip(columns, row, strict=True)), silent) for row in rows[columns].itertuples(index=False)]


def _sentence(row: dict[str, object], silent: dict[str, str]) -> str:
    channel = str(row["channel"])
    parts = [] if pd.notna(row["contact_id"]) else [NOBODY if pd.isna(row["instead"]) else str(row["instead"])]
    if not row["past"]:
        parts.append("not tried yet")
    elif not row["tried"]:
        parts.append(f"not tried {BY[channel]} yet; {row['past']}")
    else:
        parts.append(str(row["past"]))
    if channel in silent:
        parts.append(silent[channel])
    elif pd.isna(row["chance"]):
        parts.append("too few positive replies so far to say a chance")
    elif row["like_n"]:
        parts.append(f"{row['like_yes']} of {row['like_n']} tried like this gave a positive reply")
    return "; ".join(parts)


def past(counts: pd.DataFrame) -> pd.Series:
    """Say what each person was tried by and answered: "answered 3 of 5 e-mails, 0 of 4 calls".

    Parameters
    ----------
    counts : DataFrame
        `person`, `channel`, `tried` (at least 1), `answered`.

    Returns
    -------
    Series of str, index person
        Most answered first.
    """
    ordered = counts.sort_values(["person", "answered", "tried", "channel"], ascending=[True, False, False, True])
    pieces = [
        f"{answered} of {tried} {TRIED[channel][tried != 1]}"
        for channel, tried, answered in ordered[["channel", "tried", "answered"]].itertuples(index=False)
    ]
    words = pd.Series(pieces, index=ordered.index, dtype="str").groupby(ordered["person"]).agg(", ".join)
    return "answered " + words


def excluded(people: pd.DataFrame, nameless: pd.Index, *, zone: ZoneInfo) -> pd.DataFrame:
    """Say why people are not asked.

    Parameters
    ----------
    people : DataFrame
        As `contactable.people`, those with a `why_not`.
    nameless : Index
        Prospects at which somebody who is not named wants no contact.
    zone : ZoneInfo
        Of the days that are said.

    Returns
    -------
    DataFrame
        prospect_id, contact_id, reason, said.
    """
    rows = [
        {"prospect_id": p.prospect_id, "contact_id": p.contact_id, "reason": p.why_not,
         "said": _excuse(called(p.name, p.role, p.contact_id), p.why_not, _day(p.since, zone))}
        for p in people[["prospect_id", "contact_id", "name", "role", "why_not", "since"]].itertuples(index=False)
    ]  # fmt: skip
    words = "somebody asked not to be contacted, and the record does not say who: settle that first"
    rows += [{"prospect_id": p, "contact_id": None, "reason": REFUSES, "said": words} for p in nameless]
    return pd.DataFrame(rows, columns=["prospect_id", "contact_id", "reason", "said"])


def called(name: object, role: object, contact_id: object) -> str:
    """Return name and role, what of them is known; else the contact's id."""
    return ", ".join(str(part) for part in (name, role) if pd.notna(part)) or f"contact {contact_id}"


def _excuse(who: str, why: object, day: str) -> str:
    if why == REFUSES:
        return f"{who} wants no contact, since {day}"
    return f"{who} is not the right person: said so on {day}"


def _day(moment: pd.Timestamp, zone: ZoneInfo) -> str:
    local = moment.tz_convert(zone)
    return f"{local.day} {local:%B %Y}"
