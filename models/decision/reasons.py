"""Why this prospect: up to three facts that speak for it and two against, in words a salesperson can check.

A reason is a concept (`models.decision.shap_values.by_concept`) whose summed effect on this prospect's log-odds is
among the largest in its direction, said by the feature that carries most of it, beside the counts of prospects
with the same fact. Effects below `SMALLEST_EFFECT` are not shown; a prospect without any says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.algebra.declaration import Declaration
from features.catalog import Catalog
from features.errors import CatalogError
from features.matrix import Matrix
from models.bundle import Bundle
from models.decision.errors import DecisionError
from models.decision.fact_counts import FactCounts
from models.decision.shap_values import ByConcept, by_concept, contributions

Direction = Literal["for", "against"]

MOST: Final[dict[Direction, int]] = {"for": 3, "against": 2}
SMALLEST_EFFECT: Final = 0.05
"""Log-odds: at an even chance about one point in a hundred, less everywhere else."""
NO_REASONS: Final = "nothing known about this prospect sets it apart from the others"
_NOT_PLURAL: Final = r"(?!(?:as|has|is|its|less|plus|this|us|was)\b)"
_ONE: Final = re.compile(rf"(?<![\w.,])(?P<before>1 (?:\w+?[^s\W] )??)(?P<many>{_NOT_PLURAL}\w{{2,}}s\b|people\b)")
_WORDS: Final[dict[Direction, str]] = {"for": "raises the chance", "against": "lowers the chance"}


@dataclass(frozen=True)
class Reason:
    """One fact about one prospect and what it does to the chance.

    Attributes
    ----------
    text : str
        The fact in words, for example "4 meetings in the last 30 days".
    effect : float
        Summed contribution of the concept, log-odds; its sign is the direction.
    counts_n, counts_won : int
        Prospects seen with this fact before, and how many of them won within the horizon.
    """

    text: str
    direction: Direction
    effect: float
    concept: str
    question: str
    feature: str
    counts_n: int
    counts_won: int

    @property
    def counts(self) -> str:
        """The counts in words."""
        if self.counts_n == 0:
            return "none like it seen before"
        return f"{self.counts_won} of {self.counts_n} like it won"

    @property
    def sentence(self) -> str:
        """Fact, direction and counts in one line."""
        return f"{self.text}: {_WORDS[self.direction]} ({self.counts})"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, for JSON."""
        return vars(self).copy()


def explain(bundle: Bundle, matrix: Matrix, *, catalog: Catalog, facts: FactCounts) -> list[tuple[Reason, ...]]:
    """Answer for each row of the matrix why it is scored as it is; see `reasons`."""
    return reasons(by_concept(contributions(bundle, matrix), catalog), matrix, catalog=catalog, facts=facts)


def reasons(concepts: ByConcept, matrix: Matrix, *, catalog: Catalog, facts: FactCounts) -> list[tuple[Reason, ...]]:
    """Choose and word the reasons of each row, those for first, each side by falling size of effect.

    Returns
    -------
    list of tuple of Reason, length n_rows
        At most `MOST` each way; an empty tuple where no concept reaches `SMALLEST_EFFECT` (say `NO_REASONS`).

    Raises
    ------
    DecisionError
        Concepts and matrix differ in length.
    CatalogError
        A declaration's `says` cannot say its value.
    """
    if len(concepts.effect) != len(matrix.values):
        raise DecisionError(
            f"{len(concepts.effect)} rows of contributions for {len(matrix.values)} snapshots; expected one each."
        )
    carriers = concepts.feature.to_numpy(dtype=object)
    columns = {name: matrix.values[name].to_numpy(dtype=object) for name in matrix.values.columns}

    def said(row: int, concept: int) -> tuple[Declaration, Any]:
        name = carriers[row, concept]
        return catalog.of(name), columns[name][row]

    return worded(concepts.effect.to_numpy(), said, facts=facts)


def worded(
    effect: npt.NDArray[np.float64], said: Callable[[int, int], tuple[Declaration, Any]], *, facts: FactCounts
) -> list[tuple[Reason, ...]]:
    """Choose and word the reasons of each row; see `reasons`.

    Parameters
    ----------
    effect : float array, shape (n_rows, n_concepts)
        Log-odds, concepts in the order of their first feature.
    said : function
        From a row and a concept to the feature that carries most of it and its value (missing: NaN or None).
    """
    # the sort is stable: equal effects stay in the catalogue's order
    strongest_first = np.argsort(-np.abs(effect), axis=1, kind="stable").tolist()
    out = []
    for row, (sizes, order) in enumerate(zip(effect.tolist(), strongest_first, strict=True)):
        told = [(concept, *said(row, concept)) for concept in _chosen(sizes, order)]
        out.append(tuple(_reason(what, value, effect=sizes[c], facts=facts) for c, what, value in told))
    return out


def say(declaration: Declaration, value: Any) -> str:
    """Return the fact in words; a missing value is said as the declaration wishes, or that nothing is known.

    Raises
    ------
    CatalogError
        The sentence does not fit the value, for example a number format for a category.
    """
    if pd.isna(value):
        return declaration.missing_says or f"nothing known about {declaration.concept}"
    try:
        if isinstance(value, str):
            return declaration.says.format(value=value)
        return _singular(declaration.says.format(value=_Number(value)))
    except (ValueError, KeyError, IndexError) as error:
        raise CatalogError(
            f"feature {declaration.name}: cannot say {value!r} with {declaration.says!r} ({error}); "
            "use {value} for a category, {value:.0f} or {value} for a number."
        ) from error


class _Number(float):
    """A number that is written sanely when its sentence does not say how: 4, 0.25, 12,500; never 4.0 or -0."""

    def __format__(self, spec: str) -> str:
        plain = float(self)
        if not spec:
            spec = ",.0f" if plain.is_integer() or abs(plain) >= 100 else ".3g"
        written = format(plain, spec)
        # a small negative number rounds to "-0"; nobody calls it that
        return written.lstrip("-") if not written.strip("-0.,") else written


def _singular(said: str) -> str:
    """Write "1 meeting", "1 other offer" where the sentence, made for many, says "1 meetings", "1 other offers"."""
    return _ONE.sub(lambda found: found["before"] + _one(found["many"]), said)


def _one(many: str) -> str:
    if many == "people":
        return "person"
    return re.sub(r"(?<=ch|sh|ss)es$|(?<=x)es$|s$", "", re.sub(r"ies$", "y", many))


def _chosen(effect: Sequence[float], strongest_first: Sequence[int]) -> list[int]:
    """Return the positions of the concepts to show, those for first."""
    speak_for: list[int] = []
    speak_against: list[int] = []
    for c in strongest_first:
        if abs(effect[c]) < SMALLEST_EFFECT:
            break
        side, most = (speak_for, MOST["for"]) if effect[c] > 0 else (speak_against, MOST["against"])
        if len(side) < most:
            side.append(c)
    return speak_for + speak_against


def _reason(declaration: Declaration, value: Any, *, effect: float, facts: FactCounts) -> Reason:
    n, won = facts.lookup(declaration.name, value)
    return Reason(
        text=say(declaration, value),
        direction="for" if effect > 0 else "against",
        effect=effect,
        concept=declaration.concept,
        question=declaration.question,
        feature=declaration.name,
        counts_n=n,
        counts_won=won,
    )
