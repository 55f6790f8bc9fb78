"""One .sql file, one SELECT, one table: what it reads, found from DuckDB's own syntax tree.

Which raw files a source needs follows from this, so that only those are opened. Functions whose value depends on
the clock or on chance are refused: the same files must give the same facts on every day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from pipelines.sources.errors import SourceError

_KEYWORDS: Final = ("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp")
_UNREPEATABLE: Final = (
    *_KEYWORDS, "now", "today", "get_current_time", "get_current_timestamp", "transaction_timestamp",
    "current_localtime", "current_localtimestamp", "random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid",
)  # fmt: skip


@dataclass(frozen=True)
class Query:
    """The text of a .sql file; `origin` names it in messages as folder/file, `tables` are the ones it reads.

    A first line that begins with `-- optional` says that the table is left empty where its raw file is absent.
    """

    origin: str
    text: str
    tables: tuple[str, ...]

    @property
    def optional(self) -> bool:
        """Whether the query is passed over when a file that it reads is absent."""
        return re.match(r"\s*--\s*optional\b", self.text) is not None


def read_query(path: Path) -> Query:
    """Read a .sql file and make sure that it is one SELECT that depends on nothing but its tables.

    Raises
    ------
    SourceError
        Not UTF-8, a syntax error, no statement or several, a statement that is no SELECT, or a function that
        reads the clock or draws by chance.
    """
    origin = f"{path.resolve().parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8")
        kinds = [s.type.name for s in duckdb.extract_statements(text)]
    except (UnicodeDecodeError, duckdb.Error) as error:
        raise SourceError(f"{origin}: not readable as SQL: {error}") from error
    if kinds != ["SELECT"]:
        got = ", ".join(kinds) or "nothing"
        raise SourceError(f"{origin}: expected one SELECT that returns the table, got {got}.")
    tree = _tree(text, origin)
    _refuse_unrepeatable(tree, origin)
    return Query(origin, text, tuple(sorted(set(_tables(tree, frozenset())))))


def _tree(text: str, origin: str) -> Any:
    with duckdb.connect() as con:
        row = con.execute("select json_serialize_sql(?)", [text]).fetchone()
    tree = json.loads(row[0]) if row else {}
    if tree.get("error", True):
        raise SourceError(f"{origin}: expected a plain SELECT, got {tree.get('error_message')}.")
    return tree["statements"]


def _tables(node: Any, hidden: frozenset[str]) -> Iterator[str]:
    """Yield the tables named below a node, except those that a `with` around them defines (`hidden`)."""
    if isinstance(node, list):
        for child in node:
            yield from _tables(child, hidden)
    if not isinstance(node, dict):
        return
    if node.get("type") == "RECURSIVE_CTE_NODE":
        hidden = hidden | {node["cte_name"].lower()}
    for entry in node.get("cte_map", {}).get("map", []):
        yield from _tables(entry["value"], hidden)
        hidden = hidden | {entry["key"].lower()}
    if node.get("type") == "BASE_TABLE" and node["table_name"].lower() not in hidden:
        yield node["table_name"].lower()
    for key, child in node.items():
        if key != "cte_map":
            yield from _tables(child, hidden)


def _refuse_unrepeatable(tree: Any, origin: str) -> None:
    used = sorted({name for name in _functions(tree) if name in _UNREPEATABLE})
    if used:
        raise SourceError(
            f"{origin}: calls {', '.join(used)}, so that the same files would give other facts tomorrow. Use a "
            "column of the data instead."
        )


def _functions(node: Any) -> Iterator[str]:
    """Yield the functions called below a node; a word such as `current_date` is parsed as a column."""
    if isinstance(node, list):
        for child in node:
            yield from _functions(child)
    if isinstance(node, dict):
        if isinstance(node.get("function_name"), str):
            yield node["function_name"].lower()
        if node.get("type") == "COLUMN_REF" and node["column_names"][-1].lower() in _KEYWORDS:
            yield node["column_names"][-1].lower()
        for child in node.values():
            yield from _functions(child)
