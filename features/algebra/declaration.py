"""A feature is a declaration: a name, a term, and the words in which a salesperson hears about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from features.algebra.terms import Slot, Term
from features.errors import CatalogError

_FORMAT: Final = re.compile(r"\{value[^}]*\}")
QUESTIONS: Final = ("prospect", "person", "place", "time", "offer")


@dataclass(frozen=True)
class Declaration:
    """One declared feature.

    Attributes
    ----------
    name : str
        `<source>_<quantity>_<aggregate>_<window>`.
    term : Term
        What is computed.
    says : str
        The reason in plain words, `{value}` standing for the value.
    question : str
        The question it helps to answer: right prospect, person, place, time or offer.
    concept : str
        What it is about; features of one concept are explained together.
    unit : str
        Unit of the value.
    missing_says : str
        The words for a missing value.
    """

    name: str
    term: Term
    says: str
    question: str
    concept: str
    unit: str
    missing_says: str

    @property
    def is_category(self) -> bool:
        """Whether the value is a word rather than a number."""
        return isinstance(self.term, Slot) and self.term.kind == "latest" and self.term.of != "number"

    @property
    def window(self) -> str:
        """The windows that the term looks back over, in words."""
        days = [f"{d} d" if d is not None else "whole past" for d in self.term.windows()]
        return ", ".join(days)

    def describe(self) -> dict[str, str]:
        """Return the row of the catalogue."""
        return {
            "name": self.name,
            "question": self.question,
            "concept": self.concept,
            "unit": self.unit,
            "window": self.window,
            "meaning": _FORMAT.sub("…", self.says),
            "as_of_rule": "recorded before as_of; a window of n days is [as_of - n days, as_of)",
        }


def feature(
    name: str,
    term: Term,
    *,
    question: str,
    concept: str,
    says: str,
    unit: str = "",
    missing_says: str = "",
) -> Declaration:
    """Declare a feature.

    Raises
    ------
    CatalogError
        The name is not lower_case, the question unknown, or `says` does not use `{value}` as a format.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise CatalogError(f"feature {name!r}: a name is lower case letters, digits and underscores.")
    if question not in QUESTIONS:
        raise CatalogError(f"feature {name}: question {question!r} is not one of {list(QUESTIONS)}.")
    declared = Declaration(name, term, says, question, concept, unit, missing_says or f"nothing known: {concept}")
    try:
        said = says.format(value="x" if declared.is_category else 1.5)
    except (KeyError, IndexError, ValueError) as error:
        raise CatalogError(f"feature {name}: says {says!r} cannot be filled with a value: {error}.") from error
    if said == says:
        raise CatalogError(f"feature {name}: says {says!r} does not show the value; write {{value}} where it stands.")
    return declared
