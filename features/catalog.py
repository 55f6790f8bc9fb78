"""The catalogue: every declared feature with its question, meaning, window and as-of rule.

`takt features` prints it and the app shows it; a bundle remembers its hash, so that a score can say which features
it was made from.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from features.algebra.declaration import Declaration, feature
from features.algebra.terms import Slot, attribute
from features.errors import CatalogError
from features.facts.definitions import Definitions
from features.rights import offer, person, place, prospect, timing


@dataclass(frozen=True)
class Catalog:
    """Declared features in a fixed order; names are unique."""

    declarations: tuple[Declaration, ...]

    def __post_init__(self) -> None:
        twice = sorted(name for name, n in Counter(d.name for d in self.declarations).items() if n > 1)
        if twice:
            raise CatalogError(f"features declared twice: {twice}; a name means one thing.")

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(d.name for d in self.declarations)

    @property
    def categorical(self) -> tuple[str, ...]:
        """Names of the features that are categories."""
        return tuple(d.name for d in self.declarations if d.is_category)

    @cached_property
    def _by_name(self) -> dict[str, Declaration]:
        return {d.name: d for d in self.declarations}

    def of(self, name: str) -> Declaration:
        """Return one declaration.

        Raises
        ------
        CatalogError
            No such feature.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise CatalogError(f"no feature {name!r} in the catalogue of {len(self._by_name)}.") from None

    @cached_property
    def hash(self) -> str:
        """First 12 hex digits of the SHA-256 of names and terms; words may change without changing it."""
        text = "\n".join(f"{d.name} {d.term!r}" for d in self.declarations)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def describe(self) -> pd.DataFrame:
        """Return the catalogue as a table: name, question, concept, unit, window, meaning, as_of_rule."""
        return pd.DataFrame([d.describe() for d in self.declarations])


def catalog(definitions: Definitions, extra: Iterable[Declaration] = ()) -> Catalog:
    """Return the features of a company: those of the five questions, its attributes, and any `extra`.

    What definitions.yaml lists as known only after the outcome is no feature: the shared features that read such a
    column (segment, territory, source) are left out.

    Raises
    ------
    CatalogError
        A name is declared twice, or an `extra` feature reads what is known only after the outcome.
    """
    shared = [d for room in (prospect, person, place, timing, offer) for d in room.FEATURES]
    shared = [d for d in shared if not _known_only_after(d, definitions)]
    extra = tuple(extra)
    for declared in extra:
        if leaks := _known_only_after(declared, definitions):
            raise CatalogError(
                f"feature {declared.name}: {leaks} are known only after the outcome, says definitions.yaml of "
                f"{definitions.company}; remove the feature, or the names from known_only_after."
            )
    own = [
        feature(
            f"attribute_{a.name}", attribute(a.name, a.type), question="prospect", concept=a.name.replace("_", " "),
            says=a.says, unit=a.unit, missing_says=f"{a.name.replace('_', ' ')} not known",
        )
        for a in definitions.attributes
    ]  # fmt: skip
    return Catalog((*shared, *own, *extra))


def _known_only_after(declared: Declaration, definitions: Definitions) -> list[str]:
    read = {name for slot in declared.term.slots() if slot.events.stream == "attributes" for name in _names(slot)}
    return sorted(read & set(definitions.known_only_after))


def _names(slot: Slot) -> tuple[str, ...]:
    return dict(slot.events.where)["name"]
