"""All checks, in the order of their codes: run them, and write down what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from models.evidence.checks import calibration, delay, drift, evidence, leaks
from models.evidence.checks.check import Check, Finding, NotApplicable
from models.evidence.checks.given import Given

CHECKS: Final = tuple(
    sorted(
        (*leaks.CHECKS, *delay.CHECKS, *calibration.CHECKS, *drift.CHECKS, *evidence.CHECKS),
        key=lambda check: check.code,
    )
)
FIRES: Final = "fires"
QUIET: Final = "quiet"
NOT_APPLICABLE: Final = "not applicable"


@dataclass(frozen=True)
class Results:
    """What the checks said.

    Attributes
    ----------
    findings : tuple of Finding
        Those that fired, by code.
    quiet : tuple of Check
    not_applicable : mapping of code to reason
    """

    findings: tuple[Finding, ...]
    quiet: tuple[Check, ...]
    not_applicable: Mapping[str, str]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """Findings with which a model may not serve."""
        return tuple(finding for finding in self.findings if finding.blocking)

    def table(self, checks: Sequence[Check] = CHECKS) -> pd.DataFrame:
        """Return code, title, severity, state (fires, quiet, not applicable), says, do: one row per check."""
        fired = {finding.code: finding for finding in self.findings}
        rows = []
        for check in checks:
            finding = fired.get(check.code)
            reason = self.not_applicable.get(check.code)
            state = FIRES if finding else QUIET if reason is None else NOT_APPLICABLE
            says = finding.says if finding else reason or ""
            rows.append((check.code, check.title, str(check.severity), state, says, finding.do if finding else ""))
        return pd.DataFrame(rows, columns=["code", "title", "severity", "state", "says", "do"])


def run_checks(given: Given, checks: Sequence[Check] = CHECKS) -> Results:
    """Run every check; one that cannot be made is kept with its reason, never counted as passed."""
    findings, quiet, not_applicable = [], [], {}
    for check in checks:
        try:
            finding = check.run(given)
        except NotApplicable as reason:
            not_applicable[check.code] = str(reason)
            continue
        if finding is None:
            quiet.append(check)
        else:
            findings.append(finding)
    return Results(tuple(findings), tuple(quiet), not_applicable)


def document() -> str:
    """Return docs/CHECKS.md: what each check is, from the checks themselves."""
    rows = [f"| {c.code} | {c.title} | {c.severity} | {c.when} | {c.do} |" for c in CHECKS]
    return "\n".join([*_HEAD, *rows, ""])


_HEAD: Final = (
    "# Checks",
    "",
    "Written by `models.evidence.checks.run.document()`; a test compares. Each training is checked. A check fires, is",
    "quiet, or is not applicable (with the reason). While a blocking one fires the model does not serve: the champion",
    "stays, and where there is none the order by recency is served. A warning is shown beside the list.",
    "",
    "| code | title | severity | fires when | what to do |",
    "|---|---|---|---|---|",
)
