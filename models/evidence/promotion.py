"""Challenger against champion: who scores tomorrow.

A challenger becomes champion only when no blocking check fires and it gains where it counts: more wins on a list of
the team's real capacity, on the same later snapshots that neither was fitted on (those after the champion was trained
that lie in the challenger's test period), with an interval from paired draws that lies above 0. Otherwise the champion
stays.

The challenger is compared as it was fitted before the test, never as it was fitted once more to serve: that one has
seen the answers. The champion is compared as it served, on days after its training, of which it has seen nothing.

Age alone promotes nobody. Where later wins are too few to tell, or the team calls everybody anyway, the champion
stays however old it is: a challenger of which nothing is known but that it is newer is not known to be better, and a
rule "not worse and newer" would be one that few wins always satisfy.

Three cases need no comparison. Before the first champion there is nothing to compare with. A champion trained under
other definitions or features answers another question; it is replaced. And a champion that itself loses to calling
the most recent first, on what happened since, is not kept for want of a better one. In each of them a challenger
that is blocked does not serve either: the order by recency does (`Verdict.fallback`, made by
`models.heads.learned.recency_only`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from features.matrix import Matrix
from models.bundle import Bundle
from models.evidence.checks.at_capacity import Loss, compare, loses, recency_order
from models.evidence.checks.check import Finding

LEAST_WINS: Final = 20
"""Winning prospects needed to compare at all."""
LOWEST: Final = "recency"


@dataclass(frozen=True)
class Verdict:
    """Who scores from now on.

    Attributes
    ----------
    promote : bool
        The challenger becomes champion.
    why : str
        In words, with figures.
    fallback : bool
        Neither challenger nor champion may serve: the order by recency becomes champion. Never together with
        `promote`; with neither, the champion stays.
    """

    promote: bool
    why: str
    fallback: bool = False


def challenge(
    challenger: Bundle,
    champion: Bundle | None,
    matrix: Matrix,
    label: npt.NDArray[np.float64],
    *,
    capacity: int,
    findings: Iterable[Finding] = (),
    seed: int,
    serves: str | None = None,
) -> Verdict:
    """Decide whether the challenger replaces the champion.

    Parameters
    ----------
    challenger : Bundle
        As it was measured, before anything was fitted on the test period (`Fitted.measured`).
    champion : Bundle or None
        None before the first promotion.
    matrix, label
        The challenger's test period, 1.0 won, 0.0 not, NaN unlabelled. Snapshots with `as_of` before the champion's
        `trained_as_of` are not used: the champion may have learned from them.
    capacity : int
        Calls that the team makes on a day.
    findings : iterable of Finding
        Checks that fired for the challenger (`run_checks(...).findings`).
    serves : str, optional
        Fingerprint of the bundle that would serve in the challenger's name, where it was fitted once more.
    """
    blocked = _words([finding for finding in findings if finding.blocking])
    no_rival = _without_rival(challenger, champion)
    if champion is None or no_rival:
        if blocked:
            return Verdict(False, f"{no_rival}, but {blocked}; the order by recency is served", fallback=True)
        return Verdict(True, no_rival)
    rows = (matrix.keys["as_of"] >= champion.trained_as_of).to_numpy() & ~np.isnan(label)
    later, answers = matrix.where(rows), label[rows]
    if blocked:
        verdict = Verdict(False, f"{blocked}; the champion stays")
    elif champion.fingerprint == (serves or challenger.fingerprint):
        verdict = Verdict(False, "the same model as the champion")
    else:
        verdict = _measured(challenger, champion, later, answers, capacity=capacity, seed=seed)
    lost = None if verdict.promote else _lost(champion, later, answers, capacity=capacity, seed=seed)
    if lost is None:
        return verdict
    said = verdict.why.removesuffix("; the champion stays")
    return Verdict(
        False, f"{said}; since the champion was trained, {lost.words(LOWEST)}: the order by recency is served",
        fallback=True,
    )  # fmt: skip


def _without_rival(challenger: Bundle, champion: Bundle | None) -> str:
    """Say why there is no champion to compare with, or nothing."""
    if champion is None:
        return "the first model of this company"
    if champion.definitions_hash != challenger.definitions_hash:
        return f"the champion was trained under other definitions ({champion.definitions_hash})"
    if champion.catalog_hash != challenger.catalog_hash:
        return f"the champion was trained with other features ({champion.catalog_hash})"
    return ""


def _words(findings: list[Finding]) -> str:
    return "; ".join(f"{finding.code} {finding.title.lower()}: {finding.says}" for finding in findings)


def _measured(
    challenger: Bundle, champion: Bundle, matrix: Matrix, label: npt.NDArray[np.float64], *, capacity: int, seed: int
) -> Verdict:
    won = _winners(matrix, label)
    if won < LEAST_WINS:
        return Verdict(
            False, f"{won} wins since the champion was trained, {LEAST_WINS} needed to compare; the champion stays"
        )
    # only the order counts here, and a margin orders as its chance does
    new, old = (bundle.rung.margin(matrix.values) for bundle in (challenger, champion))
    found = compare(label, new, old, keys=matrix.keys, calls=capacity, seed=seed)
    if found.calls_all:
        return Verdict(False, f"at {capacity} calls a day the team reaches everybody in any order; the champion stays")
    said = (
        f"at {capacity} calls a day the challenger gains {found.value:+.1f} [{found.low:+.1f}, {found.high:+.1f}] "
        f"of {found.won} wins on later data"
    )
    if found.low > 0:
        return Verdict(True, said)
    return Verdict(False, f"{said}, not surely more; the champion stays")


def _lost(
    champion: Bundle, matrix: Matrix, label: npt.NDArray[np.float64], *, capacity: int, seed: int
) -> Loss | None:  # fmt: skip
    """Return by how much a champion that learned loses to the order by recency since it was trained, if it does."""
    if champion.rung.name == LOWEST or _winners(matrix, label) < LEAST_WINS or label.all():
        return None
    orders = champion.rung.margin(matrix.values), recency_order(matrix.values, matrix.keys)
    return loses(label, *orders, keys=matrix.keys, calls=capacity, seed=seed)


def _winners(matrix: Matrix, label: npt.NDArray[np.float64]) -> int:
    return int(matrix.keys["prospect_id"][label == 1.0].nunique())
