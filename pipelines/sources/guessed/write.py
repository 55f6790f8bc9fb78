"""Write a guessed source folder: each guess under its mark, what could not be guessed as a line that says so."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from features.facts.contract import TABLES as CONTRACT
from pipelines.sources.errors import SourceError
from pipelines.sources.folders import BUILT_IN, GUESS, built_in, read_folder
from pipelines.sources.guessed.attributes import Attributes, alias
from pipelines.sources.guessed.gathering import gathered
from pipelines.sources.guessed.guess import Basis, TableGuess, basis, habits_of
from pipelines.sources.guessed.profile import Sample, look_at
from pipelines.sources.reading import literal, quoted, table_name

_TEMPLATE: Final = BUILT_IN / "files" / "definitions.yaml"
_CURRENCIES: Final = {"€": "EUR", "$": "USD", "£": "GBP"}


@dataclass(frozen=True)
class Written:
    """A folder that was made.

    Attributes
    ----------
    guesses : int
        Marks that a person must confirm.
    tables : tuple of (str, str)
        Each contract table that is filled, and the raw table it comes from.
    open : tuple of str
        What could not be guessed, in words.
    """

    path: Path
    guesses: int
    tables: tuple[tuple[str, str], ...]
    open: tuple[str, ...]


def new_source(name: str, data: Path, into: Path) -> Written:
    """Make the folder `into/name` from a sample export.

    Raises
    ------
    SourceError
        The name is taken or no name, the folder exists, the sample cannot be read, or nothing in it looks like
        prospects. Nothing has been written then.
    """
    if not name or name != Path(name).name or not table_name(name) or name.startswith("."):
        raise SourceError(f"{name!r}: expected a plain name for the source's folder, such as acme.")
    if name in built_in():
        raise SourceError(f"{name!r} is the name of a source that comes with Takt; take another one.")
    target = into / name
    if target.exists():
        raise SourceError(f"{target}: exists already and is not overwritten; take another name, or another --into.")
    with look_at(data) as sample:
        files, tables, unknown = _all(sample, name, data)
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into, prefix=f".{name}-") as scratch:
        made = Path(scratch) / name
        made.mkdir()
        for file, text in files.items():
            (made / file).write_text(text, encoding="utf-8")
        read_folder(made)
        shutil.move(made, target)
    marks = sum(text.count(GUESS) for text in files.values())
    return Written(target, marks, tables, unknown)


def _all(sample: Sample, name: str, data: Path) -> tuple[dict[str, str], tuple[tuple[str, str], ...], tuple[str, ...]]:
    base = basis(sample, data)
    made, own, kinds, unknown = gathered(base)
    files = {f"{table.table}.sql": _sql(table) for table in made}
    files["definitions.yaml"] = _definitions(base, name, own, kinds)
    left = [text for t in made for text in _left_out(t)]
    if left:
        files["left_out.sql"] = "union all\n".join(left)
    needed = [f"{t.table}.sql: {n}" for t in made for n in t.needed if "may stay empty" not in n]
    return files, tuple((t.table, t.raw.where) for t in made), (*needed, *unknown)


def _mark(text: str, sign: str = "--") -> str:
    return f"{sign} {GUESS} {' '.join(text.split())}"


def _sql(table: TableGuess) -> str:
    """Write one .sql: guesses in the contract's order, attributes behind them."""
    order = list(CONTRACT[table.table].columns)
    guesses = sorted(table.columns, key=lambda g: order.index(g.column) if g.column in order else len(order))
    lines = [_mark(table.why), "select"]
    for place, guess in enumerate(guesses):
        comma = "," if place < len(guesses) - 1 else ""
        lines += [f"  {_mark(guess.why)}", f"  {guess.sql} as {alias(guess.column)}{comma}"]
    lines += [f"  -- needed: {' '.join(needed.split())}" for needed in table.needed]
    lines.append(f"from {quoted(table.raw.name)}")
    if table.keep or table.left:
        lines += [*([_mark(table.why_keep)] if table.keep else []), *(_mark(why) for _, _, why in table.left)]
        lines.append(f"where {table.taken}")
    if table.group:
        lines.append(f"group by {table.group}")
    return "\n".join(lines) + "\n"


def _left_out(table: TableGuess) -> Iterable[str]:
    """Count the rows of a table that are left out, each under the first reason that holds."""
    before = [table.keep] if table.keep else []
    for condition, reason, why in table.left:
        yield (
            f"{_mark(f'{table.table}: {why}')}\n"
            f"""select '{table.table}' as "table", {literal(reason)} as reason, count(*) as "rows"\n"""
            f"from {quoted(table.raw.name)}\nwhere {' and '.join([*before, f'({condition})'])}\n"
        )
        before.append(f"({condition}) is not true")


def _definitions(base: Basis, name: str, own: Attributes, kinds: dict[str, str]) -> str:
    """Fill the template of the built-in source `files`; its terms stay, for the company to say what they mean."""
    habits, why_zone = habits_of(base.sample)
    currency, why_currency = _currency(base)
    put = {
        "company": [f"company: {json.dumps(name, ensure_ascii=False)}"],
        "timezone": [_mark(f"timezone: {why_zone}", "#"), f"timezone: {habits.zone}"],
        "currency": [_mark(f"currency: {why_currency}", "#"), f"currency: {currency}"],
        "recorded_at": [
            _mark("recorded_at: prospects have no time at which the company knew, see prospects.sql", "#"),
            "recorded_at: occurred_at",
        ],
        "horizon_days": [
            _mark("horizon_days: not measured; about the time in which half to three quarters of the wins happen", "#"),
            "horizon_days: 60",
        ],
    }
    lines: list[str] = []
    for line in _TEMPLATE.read_text(encoding="utf-8").splitlines():
        if line.startswith(("attributes:", "# A template")):
            if line.startswith("attributes:"):
                break
            continue
        lines += put.pop(line.split(":")[0], [line])
    if put:
        raise SourceError(f"{_TEMPLATE}: the template lacks the lines {', '.join(put)}.")
    return "\n".join([*lines, *_own_words(own, kinds)]) + "\n"


def _own_words(own: Attributes, kinds: dict[str, str]) -> Iterable[str]:
    if kinds:
        yield _mark("kinds of touches beyond the standard ones, as the sample names them", "#")
        yield "kinds:"
        yield from (f"  {kind}: {json.dumps(f'{said} took place', ensure_ascii=False)}" for kind, said in kinds.items())
    yield _mark("attributes: each must be known when the prospect is created", "#")
    yield "attributes:" if own.entries else "attributes: []"
    for name, type_, says in own.entries:
        yield f"  - {{name: {json.dumps(name)}, type: {type_}, says: {json.dumps(says, ensure_ascii=False)}}}"
    if own.late:
        yield "known_only_after:"
        for name, why in own.late.items():
            yield f"  {_mark(f'{name}: {why}', '#')}"
            yield f"  - {json.dumps(name)}"


def _currency(base: Basis) -> tuple[str, str]:
    for table in base.sample.tables:
        for column in table.columns:
            if column.signs:
                sign = column.signs.split()[0]
                return _CURRENCIES.get(sign, sign), f"{sign} stands in {quoted(column.name)}"
            if table_name(column.name) in ("currency", "waehrung", "w_hrung") and column.values:
                codes = [v for v in column.values if len(v) == 3 and v.isascii() and v.isupper()]  # noqa: PLR2004
                if codes:
                    return codes[0], f"{quoted(column.name)} has {', '.join(codes)}"
    return "EUR", "nothing in the sample names one"
