"""How it ended: which column says won or lost, in which words, and which fields are filled in on the way there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipelines.sources.guessed.names import COLUMNS, LATE, LOST, NO, WON, YES, speaks_of
from pipelines.sources.guessed.profile import ColumnLook, Sample, TableLook
from pipelines.sources.guessed.words_to_sql import Habits, about, about_time, among, is_time, pick, shown, text, time
from pipelines.sources.reading import quoted

_DIFFERENCE: Final = 0.2
"""A field that is filled this much more or less often in closed rows than in open ones tells the outcome."""
_ENOUGH: Final = 20


@dataclass(frozen=True)
class Ending:
    """Where a raw table says how it ended.

    Attributes
    ----------
    result, closed, won : str
        SQL of `won`, `lost` or nothing, and conditions that hold for the rows that ended and for those won ("" for
        none).
    when : str
        SQL of the time of the end; "" where no column gives it.
    columns : tuple of str
        The raw columns that it reads.
    """

    result: str
    closed: str
    why: str
    when: str
    why_when: str
    columns: tuple[str, ...]
    won: str


def ending(table: TableLook, habits: Habits) -> Ending | None:
    """Guess how a table says won and lost; None where it does not."""
    at, when, why_when = _when(table, habits)
    for found in (_by_status(table, sure=True), _by_flags(table), _by_times(table), _by_status(table, sure=False)):
        if found is not None:
            return Ending(
                _case(found), f"({' or '.join([*found.won, *found.lost])})", found.why, when, why_when,
                tuple(dict.fromkeys((*found.columns, *at))), " or ".join(found.won),
            )  # fmt: skip
    return None


def _when(table: TableLook, habits: Habits) -> tuple[tuple[str, ...], str, str]:
    first = pick(table, "closed_at", is_time)
    if first is None:
        return (), "", ""
    both = [first]
    if speaks_of(WON, first.name):
        both += [c for c in table.columns if is_time(c) and speaks_of(LOST, c.name)][:1]
    sql = [time(c, habits) for c in both]
    said = " or else ".join(about_time(c, habits) for c in both)
    return tuple(c.name for c in both), sql[0] if len(sql) == 1 else f"coalesce({', '.join(sql)})", said


@dataclass(frozen=True)
class _Found:
    """Conditions of which any says won, and any says lost."""

    won: tuple[str, ...]
    lost: tuple[str, ...]
    why: str
    columns: tuple[str, ...]


def _case(found: _Found) -> str:
    sides = (("won", found.won), ("lost", found.lost))
    return "case" + "".join(f" when {' or '.join(says)} then '{word}'" for word, says in sides if says) + " end"


def _by_status(table: TableLook, *, sure: bool) -> _Found | None:
    """Find a column whose words say won or lost; `sure`: it says both, or it says won and is named like a status."""
    best: tuple[int, ColumnLook] | None = None
    for column in table.columns:
        won, lost = _says(column, WON), _says(column, LOST)
        named = any(speaks_of(p, column.name) for p in COLUMNS["status"])
        fits = bool(won and (lost or named)) if sure else bool((won or lost) and named)
        score = 2 * bool(won and lost) + named
        if fits and not speaks_of(LATE, column.name) and (best is None or score > best[0]):
            best = (score, column)
    if best is None:
        return None
    column, name = best[1], text(best[1])
    won, lost = _says(column, WON), _says(column, LOST)
    others = [v for v in column.values if v not in (*won, *lost)]
    why = (
        f"{about(column)}: won is {shown(won) or 'never said'}, lost is {shown(lost) or 'never said'}, and open is "
        f"{shown(others) or 'none'}"
    )
    conditions = [(f"{name} in {among(said)}",) if said else () for said in (won, lost)]
    return _Found(conditions[0], conditions[1], why, (column.name,))


def _says(column: ColumnLook, pattern: str) -> list[str]:
    other = LOST if pattern == WON else WON
    return [v for v in column.values if speaks_of(pattern, v) and not speaks_of(other, v)]


def _by_flags(table: TableLook) -> _Found | None:
    """Take columns of yes and no whose names say won or lost."""
    flags = [c for c in table.columns if c.values and {v.lower() for v in c.values} <= {*YES, *NO}]
    sides = {word: [c for c in flags if speaks_of(pattern, c.name)] for word, pattern in (("won", WON), ("lost", LOST))}
    columns = [*sides["won"], *sides["lost"]]
    if not columns:
        return None
    yes = {c.name: f"{text(c)} in {among(v for v in c.values if v.lower() in YES)}" for c in columns
           if any(v.lower() in YES for v in c.values)}  # fmt: skip
    if not yes:
        return None
    won, lost = (tuple(yes[c.name] for c in sides[word] if c.name in yes) for word in ("won", "lost"))
    why = "; ".join(f"{word} is yes in {about(c)}" for word, found in sides.items() for c in found)
    return _Found(won, lost, why, tuple(c.name for c in columns))


def _by_times(table: TableLook) -> _Found | None:
    """Take times whose names say won or lost: the one that is filled says which."""
    times = [c for c in table.columns if is_time(c)]
    sides = {word: [c for c in times if speaks_of(p, c.name)][:1] for word, p in (("won", WON), ("lost", LOST))}
    if not any(sides.values()):
        return None
    won, lost = (tuple(f"{quoted(c.name)} is not null" for c in sides[word]) for word in ("won", "lost"))
    why = "; ".join(f"{word} where {about(c)} is filled" for word, found in sides.items() for c in found)
    return _Found(won, lost, why, tuple(c.name for found in sides.values() for c in found))


def late(sample: Sample, table: TableLook, closed: str) -> dict[str, str]:
    """Name the columns that are known only after the outcome, each with what gave it away.

    Parameters
    ----------
    closed : str
        A condition on the table that holds for rows that ended; "" where none is known.
    """
    found = {c.name: "its name is that of a field that changes" for c in table.columns if speaks_of(LATE, c.name)}
    ends = (c.name for c in table.columns if speaks_of(WON, c.name) or speaks_of(LOST, c.name))
    found |= dict.fromkeys(ends, "its name speaks of the end")
    if not closed:
        return found
    rows = sample.number(f"select count(*) from {quoted(table.name)} where coalesce({closed}, false)")
    if min(rows, table.rows - rows) < _ENOUGH:
        return found
    for column in table.columns:
        filled = f"avg(cast(nullif(trim(cast({quoted(column.name)} as varchar)), '') is not null as int))"
        ended, still = (
            sample.number(
                f"select {filled} filter ({'' if now else 'not '}coalesce({closed}, false)) from {quoted(table.name)}"
            )
            for now in (True, False)
        )
        if abs(ended - still) > _DIFFERENCE:
            found[column.name] = f"filled in for {ended:.0%} of the closed rows and {still:.0%} of the open ones"
    return found
