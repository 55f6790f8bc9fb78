"""What the data are good for: read from the data, not asked in a questionnaire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pandas as pd

from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.readiness import experiments, offer, person, place, prospect, stages, timing, words
from features.readiness.assessment import Assessment, Finding
from features.readiness.given import Given

LOOKS: Final[tuple[Callable[[Given], list[Finding]], ...]] = (
    prospect.findings,
    person.findings,
    place.findings,
    timing.findings,
    offer.findings,
    words.findings,
    stages.findings,
    experiments.findings,
)
"""One per principle, in the order of `assessment.PRINCIPLES`."""


def assess(
    facts: Facts,
    definitions: Definitions,
    as_of: pd.Timestamp,
    *,
    rungs: Mapping[str, int] | None = None,
    set_aside: Mapping[str, tuple[int, int]] | None = None,
) -> Assessment:
    """Answer, for each principle, what is in place, what is missing, and what to do next.

    Parameters
    ----------
    facts : Facts
        Only what is visible at `as_of` is looked at.
    as_of : Timestamp
        UTC.
    rungs : mapping of str to int, optional
        Winning prospects that each rung of the ladder needs.
    set_aside : mapping of str to (int, int), optional
        For each table rows in quarantine, and rows in all.

    Returns
    -------
    Assessment
        The score of a principle is explained in `assessment`.
    """
    given = Given(facts.visible(as_of), definitions, as_of, rungs or {}, set_aside or {})
    return Assessment.of(definitions.company, as_of, [found for look in LOOKS for found in look(given)])
