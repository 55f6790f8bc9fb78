"""Learning: whether something is left to chance, so that it can be seen what helps."""

from __future__ import annotations

from features.readiness.assessment import Finding, judge
from features.readiness.given import Given

P = "experiments"


def findings(given: Given) -> list[Finding]:
    """Look at the hold-out, at the places drawn by chance, and at logged chances."""
    words, made = given.definitions, given.last("offers_made")
    logged = int(made["propensity"].notna().sum())
    if words.hold_out == 0 and words.exploration == 0 and logged == 0:
        return [
            judge(
                P, "Anything left to chance", met=0, blocks=True,
                evidence="There is no hold-out, no place on a list is drawn by chance, and no chance is logged.",
                action="Set hold_out (0.05 of the prospects) and exploration (0.05 of the places) in definitions.yaml.",
            )
        ]  # fmt: skip
    return [_hold_out(given), _exploration(given), _logged(logged, len(made))]


def _hold_out(given: Given) -> Finding:
    share = given.definitions.hold_out
    open_ = int(given.people["result"].isna().sum())
    return judge(
        P, "Hold-out", met=float(share > 0),
        evidence=f"{share:.0%} of the cohort are never listed ({share * open_:,.0f} of {open_:,} open prospects).",
        action="Set hold_out in definitions.yaml (0.05 is a beginning): without it nobody can say what the list earns.",
    )  # fmt: skip


def _exploration(given: Given) -> Finding:
    share = given.definitions.exploration
    return judge(
        P, "Places drawn by chance", met=float(share > 0),
        evidence=f"{share:.0%} of each list's places are drawn by chance.",
        action="Set exploration in definitions.yaml (0.05): whom nobody calls, nothing is learned of.",
    )  # fmt: skip


def _logged(logged: int, made: int) -> Finding:
    return judge(
        P, "Choices by chance are logged", met=float(logged > 0),
        evidence=f"{logged:,} of {made:,} offers made carry the chance with which they were drawn.",
        action="Draw the offer for a share of the prospects, and log the chance (propensity in offers_made).",
    )  # fmt: skip
