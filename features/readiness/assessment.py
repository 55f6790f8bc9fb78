"""What an assessment says: findings, each with its evidence and the next action, and a score per principle.

The score is an order for work, not a measurement: the mean, over what could be judged of a principle, of the share
that is in place, times 100; 0 where a finding blocks the principle. A principle of which nothing could be judged has
no score (NaN), never 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

Severity = Literal["blocks", "weakens", "unknown", "good"]
SEVERITIES: Final[tuple[Severity, ...]] = ("blocks", "weakens", "unknown", "good")
"""Worst first. `blocks`: the principle's question cannot be answered at all; `unknown`: it could not be judged."""
MEANT: Final = {
    "blocks": "cannot be answered until this is done",
    "weakens": "can be answered, but not well",
    "unknown": "could not be judged from these data",
    "good": "in place",
}
PRINCIPLES: Final = {
    "prospect": "Right prospect: who will sign is learned from those who did and those who did not",
    "person": "Right person: it is known who at the prospect decides, and whom not to call",
    "place": "Right place: it is known by which channel people are reached",
    "time": "Right time: it is known when things happened, and when they were known",
    "offer": "Right offer: it is known what was offered, to whom, by chance or not, and what came of it",
    "words": "One meaning: the words mean the same to everybody, and no column knows the outcome",
    "flow": "Flow: every step from stage to stage is in the log, so that what is stuck can be seen",
    "experiments": "Learning: something is left to chance, so that it can be seen what helps",
}
"""The principles in their order, by name."""
IN_PLACE: Final = 0.9
"""Share from which on a finding is good."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    principle : str
        Key of `PRINCIPLES`.
    title : str
        What was looked at.
    severity : {"blocks", "weakens", "unknown", "good"}
    met : float
        Share of it that is in place, 0 to 1; NaN where it could not be judged.
    evidence : str
        What was counted in the data.
    next_action : str
        What to do next; empty where nothing is to be done.
    """

    principle: str
    title: str
    severity: Severity
    met: float
    evidence: str
    next_action: str


def judge(
    principle: str,
    title: str,
    *,
    met: float,
    evidence: str,
    action: str,
    blocks: bool = False,
    good_at: float = IN_PLACE,
) -> Finding:
    """Make a finding of a share: good from `good_at` on, else it weakens; unknown where the share is NaN.

    Raises
    ------
    ValueError
        The principle is not one of `PRINCIPLES`, or the share is not between 0 and 1.
    """
    if principle not in PRINCIPLES:
        raise ValueError(f"principle: expected one of {', '.join(PRINCIPLES)}, got {principle!r}.")
    if met < 0 or met > 1:
        raise ValueError(f"{title}: expected a share between 0 and 1, got {met}.")
    if math.isnan(met):
        return Finding(principle, title, "unknown", met, evidence, action)
    if blocks:
        return Finding(principle, title, "blocks", 0.0, evidence, action)
    good = met >= good_at
    return Finding(principle, title, "good" if good else "weakens", met, evidence, "" if good else action)


def unknown(principle: str, title: str, *, evidence: str, action: str = "") -> Finding:
    """Make a finding of something that these data say nothing about."""
    return judge(principle, title, met=math.nan, evidence=evidence, action=action)


@dataclass(frozen=True)
class Assessment:
    """What a company's data are good for.

    Attributes
    ----------
    subject : str
        Whose data.
    as_of : Timestamp or None
        The moment (UTC) at which they were looked at; None for a table without times.
    findings : tuple of Finding
        By principle, the worst first.
    """

    subject: str
    as_of: pd.Timestamp | None
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, subject: str, as_of: pd.Timestamp | None, findings: list[Finding]) -> Assessment:
        """Order the findings: by principle, then by severity, then as given."""
        order = {name: i for i, name in enumerate(PRINCIPLES)}
        ordered = sorted(findings, key=lambda f: (order[f.principle], SEVERITIES.index(f.severity)))
        return cls(subject, as_of, tuple(ordered))

    @property
    def scores(self) -> dict[str, float]:
        """Score of each principle, 0 to 100; NaN where nothing could be judged."""
        return {name: self._score(name) for name in PRINCIPLES}

    def of_principle(self, principle: str) -> tuple[Finding, ...]:
        """Return the findings of one principle, the worst first."""
        return tuple(f for f in self.findings if f.principle == principle)

    def _score(self, principle: str) -> float:
        found = [f for f in self.of_principle(principle) if not math.isnan(f.met)]
        if not found:
            return math.nan
        if any(f.severity == "blocks" for f in found):
            return 0.0
        return round(100 * sum(f.met for f in found) / len(found))

    @property
    def first(self) -> tuple[Finding, ...]:
        """What to do first: what blocks, then what weakens most; of several with the same next action the first."""
        worst = sorted(
            (f for f in self.findings if f.next_action and f.severity in ("blocks", "weakens")),
            key=lambda f: (SEVERITIES.index(f.severity), f.met),
        )
        by_action: dict[str, Finding] = {}
        for finding in worst:
            by_action.setdefault(finding.next_action, finding)
        return tuple(by_action.values())
