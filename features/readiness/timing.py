"""Right time: whether it is known when things happened, and when the company knew."""

from __future__ import annotations

import pandas as pd

from features.readiness.assessment import Finding, judge, unknown
from features.readiness.given import Given

P = "time"
LATE = pd.Timedelta(days=1)
DATED = ("touches", "offers_made", "outcomes")
"""Tables of things that happen."""


def findings(given: Given) -> list[Finding]:
    """Look at recorded times, at how late they are, and at the time of the day."""
    facts = {name: frame for name in DATED if len(frame := given.last(name))}
    if not facts:
        return [
            judge(
                P, "Times of what happened", met=0, blocks=True,
                evidence="There is no touch, no offer made and no outcome with a time.",
                action="Map what happened (touches.sql, outcomes.sql) with the moment at which it did.",
            )
        ]  # fmt: skip
    return [_recorded(given, facts), _late(given, facts), _hours(given, facts)]


def _recorded(given: Given, facts: dict[str, pd.DataFrame]) -> Finding:
    title = "When it became known is recorded"
    equal = {name: float((f["recorded_at"] == f["occurred_at"]).mean()) for name, f in facts.items()}
    said = ", ".join(f"{name} {share:.0%}" for name, share in equal.items())
    if given.definitions.recorded_at == "occurred_at":
        return judge(
            P, title, met=0,
            evidence=f"definitions.yaml says that it is not: of all {sum(map(len, facts.values())):,} facts the moment "
            "at which they happened is assumed. Measured on such data, a forecast may use what nobody knew yet.",
            action="Export the date on which each row was entered, and map it to recorded_at.",
        )  # fmt: skip
    always = all(share == 1.0 for share in equal.values())
    return judge(
        P, title, met=0.5 if always else 1.0,
        evidence=f"Recorded in the very moment: {said}.",
        action="Every fact was recorded in the moment it happened: make sure that this column is when the row was "
        "entered, and not a copy.",
    )  # fmt: skip


def _late(given: Given, facts: dict[str, pd.DataFrame]) -> Finding:
    title = "Facts are recorded within a day"
    if given.definitions.recorded_at == "occurred_at":
        return unknown(P, title, evidence="The source does not know when a fact was recorded, so not how late.")
    lag = {name: f["recorded_at"] - f["occurred_at"] for name, f in facts.items()}
    late, n = sum(int((one > LATE).sum()) for one in lag.values()), sum(map(len, lag.values()))
    said = "; ".join(
        f"{name}: {(one > LATE).mean():.1%} later than a day, 85 % within {_days(one.quantile(0.85))} days"
        for name, one in lag.items()
    )
    return judge(
        P, title, met=1 - late / n, evidence=f"{said}.",
        action="Enter calls and outcomes on the day they happen: what is entered later was not there for the list.",
    )  # fmt: skip


def _hours(given: Given, facts: dict[str, pd.DataFrame]) -> Finding:
    times = pd.concat([f["occurred_at"] for f in facts.values()])
    # without the zone: where a clock change skips midnight, that midnight cannot be written with it
    times = times.dt.tz_convert(given.definitions.zone).dt.tz_localize(None)
    midnight = float((times == times.dt.normalize()).mean())
    return judge(
        P, "Times have an hour", met=1 - midnight,
        evidence=f"{midnight:.0%} of {len(times):,} facts happened at midnight sharp ({given.definitions.timezone}).",
        action="Export the time of the day with the date: without it no good hour to call can be found.",
    )  # fmt: skip


def _days(lag: pd.Timedelta) -> str:
    return f"{max(lag / pd.Timedelta(days=1), 0.0):.1f}"
