"""Right place: whether it is logged by which channel somebody was tried, and what came of it."""

from __future__ import annotations

from features.facts.contract import ANSWERED, POSITIVE
from features.readiness.assessment import Finding, judge
from features.readiness.given import Given, filled

P = "place"
ENOUGH = 30
"""Outbound touches of a channel from which on its share of answers is worth a comparison."""
CHANNELS = 2


def findings(given: Given) -> list[Finding]:
    """Look at the channels of outbound touches and at their results."""
    tried = given.outbound
    if tried.empty:
        return [
            judge(
                P, "Outbound touches", met=0, blocks=True,
                evidence="There is no outbound touch: nobody is known to have been called or written to.",
                action="Map calls and e-mails (touches.sql) with channel, direction and result.",
            )
        ]  # fmt: skip
    return [_channel(given), _result(given), _choice(given)]


def _channel(given: Given) -> Finding:
    share = filled(given.outbound["channel"])
    return judge(
        P, "Touches name the channel", met=share,
        evidence=f"{share:.0%} of {len(given.outbound):,} outbound touches name their channel.",
        action="Map the channel of each touch.",
    )  # fmt: skip


def _result(given: Given) -> Finding:
    result = given.outbound["result"]
    share, answered = filled(result), int(result.isin(ANSWERED).sum())
    return judge(
        P, "Touches have a result", met=share, blocks=answered == 0,
        evidence=f"{share:.0%} of {len(result):,} outbound touches have a result; {answered:,} were answered, "
        f"{int(result.isin(POSITIVE).sum()):,} of them with interest.",
        action="Log for each call whether somebody picked up and what they said: a reply can only be learned from "
        "replies.",
    )  # fmt: skip


def _choice(given: Given) -> Finding:
    counts = given.outbound.dropna(subset=["result"])["channel"].value_counts()
    enough = counts[counts >= ENOUGH]
    said = ", ".join(f"{name} {n:,}" for name, n in counts.sort_index().items())
    return judge(
        P, "Channels to choose from", met=min(len(enough) / CHANNELS, 1.0),
        evidence=f"Outbound touches with a result by channel: {said or 'none'}; {ENOUGH} make a comparison.",
        action="Try a second channel now and then, and log what comes of it.",
    )  # fmt: skip
