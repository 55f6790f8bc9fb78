"""Right prospect: whether there is history enough, with wins and losses, and whose prospects they are."""

from __future__ import annotations

import pandas as pd

from features.readiness.assessment import Finding, judge, unknown
from features.readiness.drift import drift
from features.readiness.given import Given, filled, listed

P = "prospect"
SPANS = 4.5
"""Horizons of labelled history that a forward test with two gaps needs: train, gap, calibrate, gap, test."""
STALE = 2
"""Horizons after which a prospect without an outcome should have one."""
OWN_CHANCE = 10
"""Wins below which a share of a segment says little: with 5 of 100, "5 %" may be 2 % or 11 %."""


def findings(given: Given) -> list[Finding]:
    """Look at history, wins, losses, segments, ownership and the base rate."""
    if given.people.empty:
        return [
            judge(
                P, "Prospects", met=0, blocks=True,
                evidence=f"No prospect was known before {given.as_of}.",
                action="Map the prospects (prospects.sql) with the moment at which each was created.",
            )
        ]  # fmt: skip
    return [_history(given), _wins(given), _losses(given), _segments(given), _ownership(given), _base_rate(given)]


def _history(given: Given) -> Finding:
    horizon = given.definitions.horizon_days
    days = max((given.until - (given.since or given.until)) / pd.Timedelta(days=1) - horizon, 0.0)
    needed = SPANS * horizon
    return judge(
        P, "History against the horizon", met=min(days / needed, 1.0), blocks=days < horizon,
        evidence=f"{days:.0f} days can be labelled (created, and watched for the horizon of {horizon} days after); a "
        f"forward test with its two gaps takes {needed:.0f}.",
        action="Load older prospects with their outcomes, or shorten horizon_days in definitions.yaml.",
    )  # fmt: skip


def _wins(given: Given) -> Finding:
    people = given.people
    won, lost = int(people["result"].eq("won").sum()), int(people["result"].eq("lost").sum())
    open_ = len(people) - won - lost
    reached = [name for name, least in given.rungs.items() if won >= 2 * least]
    ahead = {name: least for name, least in given.rungs.items() if won < 2 * least}
    counted = f"{won:,} won, {lost:,} lost, {open_:,} open"
    said = f" Enough for {', '.join(reached) or 'no rung of the ladder'}" if given.rungs else ""
    need = ", ".join(f"{name} {least} in the past and {least} in a later part" for name, least in ahead.items())
    return judge(
        P, "Wins", met=len(reached) / len(given.rungs) if given.rungs else float(won > 0), blocks=won == 0,
        evidence=f"{counted}.{said}{'; still needs: ' + need if need else ''}{'.' if said else ''}",
        action="Until then prospects are ordered by recency, which needs no wins. Load older wins if there are any.",
    )  # fmt: skip


def _losses(given: Given) -> Finding:
    people = given.people
    stale = people["created_at"] + pd.Timedelta(days=STALE * given.definitions.horizon_days) <= given.until
    old = people[stale]
    if old.empty:
        return unknown(
            P, "Old prospects have an outcome",
            evidence=f"No prospect is older than {STALE} horizons ({STALE * given.definitions.horizon_days} days).",
        )  # fmt: skip
    lost = int(people["result"].eq("lost").sum())
    closed = filled(old["result"])
    return judge(
        P, "Old prospects have an outcome", met=closed,
        evidence=f"{old['result'].isna().sum():,} of {len(old):,} prospects created {STALE} horizons ago or earlier "
        f"have no outcome; {lost:,} losses are recorded in all.",
        action="Record losses when they happen, or set max_age_days in definitions.yaml, so that dead prospects leave "
        "the list.",
    )  # fmt: skip


def _segments(given: Given) -> Finding:
    people = given.people
    if people["segment"].isna().all():
        return judge(
            P, "Wins in each segment", met=0, evidence="The column segment is empty.",
            action="Map a segment (size, product, region), so that it can be said for whom the list works.",
        )  # fmt: skip
    by = people.groupby("segment")["result"].agg(won=lambda r: int(r.eq("won").sum()), n="size").sort_index()
    few = by[by["won"] < OWN_CHANCE]
    named = listed([f"{name} ({row.won} of {row.n})" for name, row in few.iterrows()])
    return judge(
        P, "Wins in each segment", met=1 - len(few) / len(by),
        evidence=f"{len(by)} segments; {len(few)} with fewer than {OWN_CHANCE} wins{': ' + named if named else ''}. "
        f"Segment is filled for {filled(people['segment']):.0%}.",
        action="Merge small segments, or expect their chances to be those of all prospects together.",
    )  # fmt: skip


def _ownership(given: Given) -> Finding:
    open_ = given.people[given.people["result"].isna()]
    looked = open_ if len(open_) else given.people
    shares = {name: filled(looked[name]) for name in ("owner_id", "territory", "source")}
    said = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    return judge(
        P, "Owner, territory and source are filled", met=sum(shares.values()) / len(shares),
        evidence=f"Of {len(looked):,} {'open' if len(open_) else 'closed'} prospects are filled: {said}.",
        action="Map owner_id and territory, or every list is one list for one team; map source, or no channel of "
        "marketing can be judged.",
    )  # fmt: skip


def _base_rate(given: Given) -> Finding:
    found = drift(given.labels()["won"].to_numpy())
    title = "Steady base rate"
    if found is None:
        return unknown(P, title, evidence="Too few labelled prospects or wins to say whether the share of wins moves.")
    return judge(
        P, title, met=found.kept if found.moves else 1.0,
        evidence=f"It {'moves' if found.moves else 'holds'}. Of prospects by creation, within "
        f"{given.definitions.horizon_days} days: {found.words}",
        action="Chances learned from the past are too high or too low: calibrate on the newest outcomes, and look at "
        "the calibration check before each list.",
    )  # fmt: skip
