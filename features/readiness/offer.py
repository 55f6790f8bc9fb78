"""Right offer: whether it is logged what was offered to whom, with which chance, and what came of it."""

from __future__ import annotations

from features.readiness.assessment import Finding, judge
from features.readiness.given import Given, filled, listed

P = "offer"


def findings(given: Given) -> list[Finding]:
    """Look at offers, at those made, their answers and their logged chances."""
    offers, made = given.last("offers"), given.last("offers_made")
    if offers.empty or made.empty:
        return [
            judge(
                P, "Offers made", met=0, blocks=True,
                evidence=f"{len(offers):,} offers are known, and {len(made):,} times one was made.",
                action="Map what can be offered (offers.sql), and to whom it was offered when (offers_made.sql).",
            )
        ]  # fmt: skip
    return [_used(given), _answered(given), _chances(given)]


def _used(given: Given) -> Finding:
    offers, made = given.last("offers"), given.last("offers_made")
    idle = sorted(set(offers["offer_id"]) - set(made["offer_id"]))
    return judge(
        P, "Offers are made", met=1 - len(idle) / len(offers),
        evidence=f"{len(offers) - len(idle)} of {len(offers)} offers were made, {len(made):,} times in all"
        f"{'; never: ' + listed(idle) if idle else ''}.",
        action="Nothing can be learned of an offer that is never made: make it, or take it off the list.",
    )  # fmt: skip


def _answered(given: Given) -> Finding:
    made = given.last("offers_made")
    share = filled(made["response"])
    return judge(
        P, "Offers have an answer", met=share,
        evidence=f"{share:.0%} of {len(made):,} offers made have an answer.",
        action="Log the answer to each offer, the refusals too, and close those that never got one.",
    )  # fmt: skip


def _chances(given: Given) -> Finding:
    made = given.last("offers_made")
    logged = made["propensity"].notna()
    return judge(
        P, "Offers were chosen by chance, and the chance is logged", met=float(logged.mean()),
        evidence=f"{int(logged.sum()):,} of {len(made):,} offers made carry the chance with which they were drawn.",
        action="What an offer causes can only be told where it was drawn by chance: run an experiment on offers. Until "
        "then offers are compared as they were given, as an association.",
    )  # fmt: skip
