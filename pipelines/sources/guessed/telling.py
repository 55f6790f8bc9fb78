"""Which words of a history tell the outcome: whoever has one of them ended in the same way."""

from __future__ import annotations

from typing import Final

from pipelines.sources.guessed.guess import Basis, ending_table
from pipelines.sources.guessed.profile import ColumnLook, TableLook
from pipelines.sources.guessed.words_to_sql import text
from pipelines.sources.reading import quoted

_ENOUGH: Final = 20
"""Prospects that must have a word before it is judged."""
_NEARLY_ALL: Final = 0.99
_BY_CHANCE: Final = 0.01
"""If so many prospects taken at random would end alike with a larger chance than this, the word says nothing."""


def telling(base: Basis, table: TableLook, link: ColumnLook, *, kind: ColumnLook) -> dict[str, str]:
    """Find the words of a column that nearly only prospects with the same outcome have.

    Such a word is the outcome under another name, or comes with it: as a touch it would give the outcome away.

    Parameters
    ----------
    table, link, kind
        The history, its column of the prospects' ids, and its column of few words.

    Returns
    -------
    dict of str to str
        Each such word, and how the prospects with it ended; empty where the sample does not say how prospects ended.
    """
    found = _ended(base)
    if not found:
        return {}
    said = base.sample.con.execute(
        f"select word, count(*), count(*) filter (result = 'won'), count(*) filter (result = 'lost') "
        f"from (select distinct {text(kind)} as word, {text(link)} as id from {quoted(table.name)}) "
        f"left join ({found}) using (id) where word is not null and id is not null group by word order by word"
    ).fetchall()
    share = {
        result: base.sample.number(f"select count(*) from ({found}) where result = '{result}'") / base.raw.rows
        for result in ("won", "lost")
    }
    told = {}
    for word, rows, won, lost in said:
        for result, ended in (("won", won), ("lost", lost)):
            by_chance = min(share[result], 1.0) ** rows
            if rows >= _ENOUGH and ended >= _NEARLY_ALL * rows and by_chance <= _BY_CHANCE:
                told[str(word)] = f"{ended:,} of {rows:,} prospects with {word!r} were {result}"
    return told


def _ended(base: Basis) -> str:
    """Give the SQL of `id` and `result` of the prospects that ended; "" where nothing says so."""
    raw, key, end = base.raw, base.key, base.ending
    if end is None or not end.when:
        other = ending_table(base.sample, raw, key, base.habits)
        if other is not None:
            raw, key, end = other
    if end is None:
        return ""
    return f"select {text(key)} as id, {end.result} as result from {quoted(raw.name)} where {end.closed}"
