"""The columns of a table without times: which know the outcome, which say nothing, which are empty in disguise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from features.readiness.assessment import Finding, judge
from features.readiness.columns import Alone, Floats
from features.readiness.given import listed

P = "words"
DECIDES: Final = 0.9
"""AUC of one column alone from which on it is taken to know the outcome."""
STRONG: Final = 0.7
"""AUC of one column alone from which on somebody should say when it is filled."""
FAR_APART: Final = 0.15
"""Difference of the shares filled among winners and others that asks for the same."""
COVERS: Final = 0.02
"""Share of the rows that deciding values must cover to be told."""
SAME: Final = 0.99
PERIOD: Final = 0.6
"""AUC within tenths of the rows below which a strong column tells the period only."""
ASK = (
    "Ask who fills these columns, and when. If after the outcome or on the way to it, list them under known_only_after."
)


@dataclass(frozen=True)
class Columns:
    """All columns, each looked at alone; `declared` are those that are known only after the outcome."""

    every: tuple[Alone, ...]
    declared: frozenset[str]
    rows: int
    won: Floats
    ordered: bool

    @property
    def asked(self) -> tuple[Alone, ...]:
        """Those that are not declared: the ones that a model would be given."""
        return tuple(c for c in self.every if c.name not in self.declared)

    def share_but(self, suspects: list[Alone]) -> float:
        """Return the share of the columns that are not among the suspects."""
        return 1 - len(suspects) / len(self.asked) if self.asked else 1.0


def findings(given: Columns) -> list[Finding]:
    """Look at every column alone and at what is empty."""
    return [
        _declared(given), _decide(given), _strong(given), _values(given), _filled_apart(given), _together(given),
        _constant(given), _disguised(given), *_period(given),
    ]  # fmt: skip


def _declared(given: Columns) -> Finding:
    late = sorted((c for c in given.every if c.name in given.declared), key=lambda c: -c.auc)
    absent = sorted(given.declared - {c.name for c in given.every})
    named = listed([f"{c.name} (alone AUC {c.auc:.2f})" for c in late], most=12)
    return judge(
        P, "Columns known only after the outcome are named",
        met=1 - len(absent) / len(given.declared) if given.declared else 0.5,
        evidence=f"{len(late)} columns are declared as known only after the outcome: {named or 'none'}. They must not "
        f"be used.{' Not in the table: ' + listed(absent) + '.' if absent else ''}",
        action="List under known_only_after what is filled after the outcome, by its name in the table.",
    )  # fmt: skip


def _decide(given: Columns) -> Finding:
    found = [c for c in given.asked if c.auc >= DECIDES]
    return judge(
        P, "No column knows the outcome", met=given.share_but(found), good_at=1.0, blocks=bool(found),
        evidence=f"Alone at AUC {DECIDES} or more, so that it looks like the outcome itself: {_aucs(found)}.",
        action=ASK,
    )  # fmt: skip


def _strong(given: Columns) -> Finding:
    found = [c for c in given.asked if STRONG <= c.auc < DECIDES and not _tells_period(c)]
    return judge(
        P, "No column is suspiciously strong", met=given.share_but(found), good_at=1.0,
        evidence=f"Alone at AUC {STRONG} to {DECIDES}: {_aucs(found)}.",
        action=ASK,
    )  # fmt: skip


def _values(given: Columns) -> Finding:
    found = [c for c in given.asked if c.decided >= COVERS * given.rows]
    said = [
        f"{c.name} ({', '.join(f'{level!r}: {share:.0%} of {n:,} won' for level, n, share in c.deciding[:2])})"
        for c in found
    ]
    return judge(
        P, "No value decides the outcome", met=given.share_but(found), good_at=1.0,
        evidence=f"Values of which nearly all or nearly none won: {listed(said) if said else 'none'}.",
        action=ASK,
    )  # fmt: skip


def _filled_apart(given: Columns) -> Finding:
    found = [c for c in given.asked if abs(c.filled_won - c.filled_rest) >= FAR_APART]
    found.sort(key=lambda c: -abs(c.filled_won - c.filled_rest))
    said = [f"{c.name} ({c.filled_won:.0%} of the won, {c.filled_rest:.0%} of the others)" for c in found]
    return judge(
        P, "Columns are filled alike for won and not won", met=given.share_but(found), good_at=1.0,
        evidence=f"Filled {100 * FAR_APART:.0f} points or more apart: {listed(said, most=6) if said else 'none'}.",
        action=ASK,
    )  # fmt: skip


def _together(given: Columns) -> Finding:
    groups: dict[str, list[Alone]] = {}
    for column in given.asked:
        if column.gaps and column.usual < SAME:
            groups.setdefault(column.gaps, []).append(column)
    found = [c for group in groups.values() if len(group) > 1 for c in group]
    said = "; ".join(f"{_names(g)} ({g[0].missing:,} rows)" for g in groups.values() if len(g) > 1)
    return judge(
        P, "Columns are filled one by one", met=given.share_but(found), good_at=1.0,
        evidence=f"Empty in exactly the same rows, so filled in one go: {said or 'none'}.",
        action="Ask at which step they are filled, and by whom. If after the first contact, list them under "
        "known_only_after.",
    )  # fmt: skip


def _names(group: list[Alone]) -> str:
    return listed([c.name for c in group], most=6)


def _constant(given: Columns) -> Finding:
    found = [c for c in given.every if c.usual >= SAME]
    said = [c.name for c in sorted(found, key=lambda c: -c.usual)]
    return judge(
        P, "Columns say something", met=1 - len(found) / len(given.every) if given.every else 1.0,
        evidence=f"{len(found)} of {len(given.every)} columns have one value in {100 * SAME:.0f} % of the rows: "
        f"{listed(said, most=12) if said else 'none'}.",
        action="Leave them out, or find out why nobody fills them.",
    )  # fmt: skip


def _disguised(given: Columns) -> Finding:
    found = [c for c in given.every if c.disguised]
    found.sort(key=lambda c: -max(n for _, n in c.disguised))
    said = [f"{c.name} ({', '.join(f'{w!r} in {n:,} rows' for w, n in c.disguised[:2])})" for c in found]
    return judge(
        P, "What is missing is empty", met=1 - len(found) / len(given.every) if given.every else 1.0,
        evidence=f"Missing in disguise: {listed(said, most=6) if said else 'none'}. Counted as missing here.",
        action="Map these words to nothing in the .sql (nullif), so that they do not count as an answer.",
    )  # fmt: skip


def _period(given: Columns) -> list[Finding]:
    if not given.ordered:
        return []
    found = [c for c in given.asked if c.auc >= STRONG and _tells_period(c)]
    said = [f"{c.name} ({c.auc:.2f} over all rows, {c.within:.2f} within tenths)" for c in found]
    return [
        judge(
            "prospect", "Columns tell the prospect, not the period", met=given.share_but(found), good_at=1.0,
            evidence=f"Strong over all rows, weak within tenths (AUC): {listed(said, most=6) if said else 'none'}.",
            action="Do not count on them: they tell in which weeks a row lies. In a random split that looks like "
            "insight; the values of later weeks have never been seen.",
        )
    ]  # fmt: skip


def _tells_period(column: Alone) -> bool:
    return bool(np.isfinite(column.within) and column.within < PERIOD)


def _aucs(found: list[Alone]) -> str:
    ordered = sorted(found, key=lambda c: -c.auc)
    return listed([f"{c.name} ({c.auc:.2f})" for c in ordered], most=6) if found else "none"
