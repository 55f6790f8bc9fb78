"""Further columns of a table as attributes: those of few words or of numbers that are known at the beginning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from features.facts.contract import TABLES as CONTRACT
from pipelines.sources.guessed.names import words
from pipelines.sources.guessed.profile import SMALL_SET, ColumnLook, TableLook
from pipelines.sources.guessed.words_to_sql import Guess, Habits, about, about_number, is_number, number, text
from pipelines.sources.reading import quoted

_FILLED: Final = 0.3
_SHARED: Final = 0.1
"""A category has at most this many different values per row (or is a small set)."""
_OF_CONTRACT: Final = {
    "territory": "is in {value}",
    "segment": "is in segment {value}",
    "source": "came through {value}",
}


@dataclass
class Attributes:
    """Attributes as columns of the .sql, as entries of definitions.yaml, and what is known too late."""

    columns: list[Guess] = field(default_factory=list)
    entries: list[tuple[str, str, str]] = field(default_factory=list)
    late: dict[str, str] = field(default_factory=dict)

    def with_contract(self, filled: Iterable[str]) -> Attributes:
        """Put the contract's own descriptive columns, where they are filled, in front of the entries."""
        own = [(name, "category", says) for name, says in _OF_CONTRACT.items() if name in set(filled)]
        return Attributes(self.columns, [*own, *self.entries], self.late)


def attributes(table: TableLook, habits: Habits, used: Iterable[str], late: Mapping[str, str]) -> Attributes:
    """Guess the attributes among the columns that no contract column uses.

    Parameters
    ----------
    late : mapping of str to str
        Raw columns that may tell the outcome, with what gave each away; they are named and not taken.
    """
    found, taken = Attributes(), set(used)
    found.late = {_apart(attribute_name(raw), table.name, _OF_CONTRACT): why for raw, why in late.items()}
    reserved = {c for t in CONTRACT.values() for c in t.columns}
    for column in table.columns:
        name = _apart(
            attribute_name(column.name), table.name, reserved | found.late.keys() | {e[0] for e in found.entries}
        )
        if column.name not in taken and column.name not in late:
            _take(found, name, column, habits)
    return found


def _apart(name: str, table: str, taken: Iterable[str]) -> str:
    """Put the table's name in front of a name that means something else already, and a number behind it if need be."""
    there = set(taken)
    longer = attribute_name(f"{table} {name}")
    choice = (name, longer, *(f"{longer}_{n}" for n in range(2, len(there) + 3)))
    return next(one for one in choice if one not in there)


def _take(found: Attributes, name: str, column: ColumnLook, habits: Habits) -> None:
    if column.distinct < 2 or column.filled < _FILLED or column.times or column.email or column.phone:  # noqa: PLR2004 - a constant says nothing
        return
    label = column.name.replace("{", "").replace("}", "")
    few = column.distinct <= max(SMALL_SET, _SHARED * column.rows)
    if is_number(column) and not column.name.lower().endswith(("id", "nr", "number")):
        found.columns.append(Guess(name, number(column, habits), f"attribute {name} is {about_number(column, habits)}"))
        found.entries.append((name, "number", f"{label}: {{value:,.0f}}"))
    elif few and not column.unique:
        found.columns.append(Guess(name, text(column), f"attribute {name} is {about(column)}"))
        found.entries.append((name, "category", f"{label}: {{value}}"))


def attribute_name(raw: str) -> str:
    """Return the name of an attribute: lower case with `_`, beginning with a letter."""
    name = words(raw).replace(" ", "_")
    return name if name[:1].isalpha() else f"field_{name}"


def alias(name: str) -> str:
    """Quote the name of a column of the result."""
    return name if name in {c for t in CONTRACT.values() for c in t.columns} else quoted(name)
