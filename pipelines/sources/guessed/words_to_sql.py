"""How a guessed column is read in SQL: as text, time or number, and what is to be confirmed about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from pipelines.sources.guessed.names import COLUMNS, EXPECTED, speaks_of
from pipelines.sources.guessed.profile import ColumnLook, TableLook
from pipelines.sources.reading import literal, quoted

_SHOWN: Final = 6

Test = Callable[[ColumnLook], bool]


@dataclass(frozen=True)
class Guess:
    """One column of the contract: the SQL that gives it, and the words for the person who confirms it."""

    column: str
    sql: str
    why: str


@dataclass(frozen=True)
class Habits:
    """What holds for the whole sample: the zone of times without one, and whether numbers have a decimal comma."""

    zone: str
    comma: bool


def is_time(column: ColumnLook) -> bool:
    """Whether it reads as a time and its name does not speak of the future."""
    return bool(column.times) and not speaks_of(EXPECTED, column.name)


def is_number(column: ColumnLook) -> bool:
    """Whether it reads as a number."""
    return bool(column.number) and not column.times


def is_plain(column: ColumnLook) -> bool:
    """Whether it has values and is no time."""
    return column.present > 0 and not column.times


def unique(column: ColumnLook) -> bool:
    """Whether it tells every row from every other and is no time."""
    return column.unique and not column.times


def pick(table: TableLook, role: str, test: Test, used: Iterable[str] = ()) -> ColumnLook | None:
    """Return the column whose name fits the role best and whose content passes; None where none does."""
    taken = set(used)
    for pattern in COLUMNS[role]:
        for column in table.columns:
            if column.name not in taken and speaks_of(pattern, column.name) and test(column):
                return column
    return None


def text(column: ColumnLook) -> str:
    """Give the SQL that reads the column as text."""
    return quoted(column.name) if column.is_text else f"cast({quoted(column.name)} as varchar)"


def time(column: ColumnLook, habits: Habits) -> str:
    """Give the SQL that reads the column as a time with its zone."""
    name = quoted(column.name)
    if column.times == ("zone",):
        return f"instant({name})" if column.is_text else name
    local = f"cast({name} as timestamp)"
    if column.times != ("typed",):
        forms = [literal(form) for form in column.times]
        listed = ", ".join(forms)
        local = f"strptime(trim({name}), {listed if len(forms) == 1 else f'[{listed}]'})"
    return f"timezone({literal(habits.zone)}, {local})"


def number(column: ColumnLook, habits: Habits) -> str:
    """Give the SQL that reads the column as a number."""
    name = quoted(column.name)
    comma = column.number == "comma" or (column.number == "either" and habits.comma)
    if not column.is_text or (not comma and column.number in ("plain", "either") and not column.signs):
        return f"cast({name} as double)"
    bare = f"regexp_replace({name}, '[^0-9,.+-]', '', 'g')"
    swapped = f"replace(replace({bare}, '.', ''), ',', '.')" if comma else f"replace({bare}, ',', '')"
    return f"cast({swapped} as double)"


def about(column: ColumnLook) -> str:
    """Say what was seen of a column: how full it is, and what tells its values apart."""
    if column.unique:
        seen = f"unique, {column.distinct:,} of {column.rows:,}"
    else:
        seen = f"{column.present:,} of {column.rows:,} rows filled, {column.distinct:,} different values"
    return f"{quoted(column.name)} ({seen})"


def about_time(column: ColumnLook, habits: Habits) -> str:
    """Say the same of a time, with the zone that is assumed, and what may be wrong."""
    said = [about(column)]
    if column.times and column.times != ("zone",):
        said.append(f"it has no zone, {habits.zone} is assumed")
    if any("/%m/%Y" in form or form.startswith("%m/") for form in column.times):
        first = "day" if column.times[0].startswith("%d") else "month"
        said.append(f"the {first} is taken to stand first")
    if not any(part in form for form in column.times for part in ("%H", "%I", "zone", "typed")):
        said.append("a bare day is taken as its midnight")
    if column.misfits:
        said.append(f"these values fit no format and stop the mapping: {shown(column.misfits)}")
    return "; ".join(said)


def about_number(column: ColumnLook, habits: Habits) -> str:
    """Say the same of a number, and which sign parts the decimals."""
    comma = column.number == "comma" or (column.number == "either" and habits.comma)
    doubt = ", which its values do not settle" if column.number == "either" else ""
    return f"{about(column)}; decimals stand behind a {'comma' if comma else 'point'}{doubt}"


def shown(values: Iterable[str]) -> str:
    """List some values for a comment, without line ends."""
    listed = [re.sub(r"\s+", " ", v)[:40] for v in values]
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(repr(v) for v in listed[:_SHOWN]) + more


def among(values: Iterable[str]) -> str:
    """List values as SQL texts in brackets."""
    return f"({', '.join(literal(v) for v in values)})"
