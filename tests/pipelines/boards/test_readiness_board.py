"""The board of readiness: the assessment of the day's facts, as it is."""

from __future__ import annotations

from pathlib import Path

from features.readiness.assess import assess
from features.readiness.assessment import PRINCIPLES
from pipelines.steps.assessing import RUNGS
from pipelines.steps.boards.readiness import board
from tests.models.decision.days import AS_OF
from tests.pipelines.boards.small_days import day_of, known, said


def test_it_says_what_the_assessment_says_and_never_a_score_that_is_none(tmp_path: Path) -> None:
    day = day_of(known(closed=3), said(), tmp_path)
    found, told = board(day), assess(day.facts, day.definitions, AS_OF, rungs=RUNGS)
    assert [p.name for p in found.principles] == list(PRINCIPLES)
    assert [f.title for p in found.principles for f in p.findings] == [f.title for f in told.findings]
    assert {p.name: p.score for p in found.principles} == {
        name: None if score != score else round(score) for name, score in told.scores.items()
    }
    assert [f.next_action for f in found.first] == [f.next_action for f in told.first]
    order = ["blocks", "weakens"]
    severities = [f.severity for f in found.first]
    assert severities == sorted(severities, key=order.index), "what blocks comes first"
