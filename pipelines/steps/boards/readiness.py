"""The board of readiness: what the facts of the day are good for."""

from __future__ import annotations

import math

from features.readiness.assess import assess
from features.readiness.assessment import MEANT, PRINCIPLES, Assessment
from features.readiness.assessment import Finding as Found
from pipelines.steps.assessing import RUNGS
from pipelines.steps.boards.day import Day
from serving.boards.readiness import Finding, Principle, Readiness


def board(day: Day) -> Readiness:
    """Assess what was known on the day; rows set aside at the ingest are not counted here."""
    found = assess(day.facts, day.definitions, day.as_of, rungs=RUNGS)
    return Readiness(
        principles=tuple(_principle(name, found) for name in PRINCIPLES),
        first=tuple(_finding(each) for each in found.first),
    )


def _principle(name: str, found: Assessment) -> Principle:
    title, _, says = PRINCIPLES[name].partition(": ")
    score = found.scores[name]
    return Principle(
        name=name, title=title, says=says, score=None if math.isnan(score) else round(score),
        findings=tuple(_finding(each) for each in found.of_principle(name)),
    )  # fmt: skip


def _finding(found: Found) -> Finding:
    return Finding(
        title=found.title, severity=found.severity, meant=MEANT[found.severity], evidence=found.evidence,
        next_action=found.next_action,
    )  # fmt: skip
