"""One meaning: whether the words agree with each other in the data, and no column knows the outcome."""

from __future__ import annotations

from typing import Final

import pandas as pd

from features.errors import DefinitionsError
from features.facts.contract import TABLES
from features.facts.evidence import who
from features.readiness.assessment import Finding, judge, unknown
from features.readiness.given import Given, filled, listed

P = "words"
IMPLIES: Final = (("won", "qualified"), ("won", "contacted"), ("qualified", "contacted"), ("receptive", "contacted"))
"""Who is the one should be the other as well, as most companies use the words."""
EXCLUDES: Final = (("won", "lost"),)
FAR_APART: Final = 0.5
"""Difference of the shares filled from which on a column is taken to be filled with the outcome."""
LEAST: Final = 10
"""Prospects on each side of such a comparison."""


def findings(given: Given) -> list[Finding]:
    """Look at the terms, at columns that know the outcome, and at rows that were set aside."""
    return [*_terms(given), _mapped_too_late(given), *_filled_after(given), *_changed_after(given), *_set_aside(given)]


def _terms(given: Given) -> list[Finding]:
    try:
        people = {term: set(who(given.definitions, given.facts, term)) for term in given.definitions.terms}
    except DefinitionsError as error:
        return [
            judge(
                P, "The words run on the data", met=0, blocks=True, evidence=str(error),
                action="Correct the evidence of this term in definitions.yaml.",
            )
        ]  # fmt: skip
    return [_held(people), *_agree(people), _booked(given, people["won"])]


def _held(people: dict[str, set[str]]) -> Finding:
    names = list(people)
    nobody = [term for term in names if not people[term]]
    same = [b for i, b in enumerate(names) if people[b] and any(people[a] == people[b] for a in names[:i])]
    counted = ", ".join(f"{term} {len(ids):,}" for term, ids in people.items())
    said = [f"nobody is {listed(nobody)}"] if nobody else []
    said += (
        [f"{listed(same)} tell nobody apart, as they hold for the same people as a word before them"] if same else []
    )
    return judge(
        P, "Every word tells somebody apart", met=1 - (len(nobody) + len(same)) / len(people),
        evidence=f"Prospects: {counted}{'; ' + '; '.join(said) if said else ''}.",
        action="Correct the evidence of these words in definitions.yaml, or map the facts that it asks for.",
    )  # fmt: skip


def _agree(people: dict[str, set[str]]) -> list[Finding]:
    found = []
    for one, other in EXCLUDES:
        both = people[one] & people[other]
        found.append(_agreement(f"Nobody is {one} and {other}", both, people[one], f"are {one} and {other} at once"))
    for one, other in IMPLIES:
        without = people[one] - people[other] if people[other] else set()
        found.append(_agreement(f"Who is {one} is {other}", without, people[one], f"are {one} but not {other}"))
    return found


def _agreement(title: str, against: set[str], of: set[str], said: str) -> Finding:
    if not of:
        return unknown(P, title, evidence="Nobody to look at.")
    examples = f", for example {listed(sorted(against), most=3)}" if against else ""
    return judge(
        P, title, met=1 - len(against) / len(of), evidence=f"{len(against):,} of {len(of):,} {said}{examples}.",
        action="Let sales and marketing look at the examples together, and change the definition or the log.",
    )  # fmt: skip


def _booked(given: Given, won: set[str]) -> Finding:
    booked = set(given.people.loc[given.people["result"] == "won", "prospect_id"])
    differ = booked ^ won
    if not booked | won:
        return unknown(P, "The word won is the outcome won", evidence="Nobody has won.")
    return judge(
        P, "The word won is the outcome won", met=1 - len(differ) / len(booked | won),
        evidence=f"{len(booked):,} have the outcome won, the word holds for {len(won):,}; {len(differ):,} differ.",
        action="A model learns the outcome, people speak the word: make the evidence of won and outcomes.sql agree.",
    )  # fmt: skip


def _mapped_too_late(given: Given) -> Finding:
    names = {*given.facts.prospects.columns, *given.facts.accounts.columns, *given.facts.attribute_changes["name"]}
    names -= {column for table in ("prospects", "accounts") for column in TABLES[table].columns}
    late = sorted(names & set(given.definitions.known_only_after))
    declared = len(given.definitions.known_only_after)
    return judge(
        P, "Columns known only after the outcome are left out", good_at=1.0,
        met=1 - len(late) / declared if declared else 0.5,
        evidence=f"{declared} columns are listed under known_only_after; {len(late)} of them are mapped"
        f"{': ' + listed(late) if late else ''}.",
        action="Features may not use them; take them out of the .sql, so that nobody else does either." if late else
        "Ask of each column when it is filled, and list those that come with the outcome under known_only_after.",
    )  # fmt: skip


def _filled_after(given: Given) -> list[Finding]:
    title = "No column is filled with the outcome"
    people = given.people
    sides = {name: people[mask] for name, mask in _sides(people).items() if mask.sum() >= LEAST}
    kept = (*TABLES["prospects"].key, "created_at", "recorded_at", "result", "ended_at")
    columns = [c for c in people.columns if c not in kept and people[c].isna().any() and people[c].notna().any()]
    if len(sides) < 2 or not columns:
        return []
    suspect = []
    for column in columns:
        shares = {name: filled(part[column]) for name, part in sides.items()}
        if max(shares.values()) - min(shares.values()) >= FAR_APART:
            suspect.append(f"{column} ({', '.join(f'{n} {s:.0%}' for n, s in shares.items())})")
    return [
        judge(
            P, title, met=1 - len(suspect) / len(columns), good_at=1.0,
            evidence=f"{len(columns)} columns of prospects have gaps; filled very differently by outcome: "
            f"{listed(suspect) if suspect else 'none'}.",
            action="Ask who fills them and when. If with the outcome, list them under known_only_after.",
        )
    ]  # fmt: skip


def _sides(people: pd.DataFrame) -> dict[str, pd.Series]:
    return {"won": people["result"].eq("won"), "lost": people["result"].eq("lost"), "open": people["result"].isna()}


def _changed_after(given: Given) -> list[Finding]:
    changes = given.last("attribute_changes")
    changes = changes[changes["entity"] == "prospect"]
    ended = given.people.dropna(subset=["ended_at"]).set_index("prospect_id")["ended_at"]
    changes = changes.assign(ended_at=ended.reindex(changes["id"]).to_numpy()).dropna(subset=["ended_at"])
    if changes.empty:
        return []
    late = changes["occurred_at"] >= changes["ended_at"].astype(changes["occurred_at"].dtype)
    by = late.groupby(changes["name"]).agg(["mean", "size"])
    suspect = [
        f"{name} ({row['mean']:.0%} of {row['size']:.0f})" for name, row in by[by["mean"] >= FAR_APART].iterrows()
    ]
    return [
        judge(
            P, "Fields change before the outcome", met=1 - len(suspect) / len(by), good_at=1.0,
            evidence=f"Of closed prospects {len(by)} fields have changed; mostly at or after the outcome: "
            f"{listed(suspect) if suspect else 'none'}.",
            action="List the fields that are filled when a deal is closed under known_only_after.",
        )
    ]  # fmt: skip


def _set_aside(given: Given) -> list[Finding]:
    rows = {name: (bad, n) for name, (bad, n) in given.set_aside.items() if n}
    if not rows:
        return []
    bad, n = (sum(part[i] for part in rows.values()) for i in (0, 1))
    said = ", ".join(f"{name} {b:,} of {m:,}" for name, (b, m) in rows.items() if b)
    return [
        judge(
            P, "Rows keep the contract", met=min(part for part in (1 - b / m for b, m in rows.values())),
            evidence=f"{bad:,} of {n:,} rows were set aside{': ' + said if said else ''}.",
            action="Run takt ingest to read the reasons, and correct the source.",
        )
    ]  # fmt: skip
