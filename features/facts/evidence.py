"""What the words mean in the data at hand: which prospects are contacted, won, receptive, and how many.

The SQL of a term comes from definitions.yaml, that is, from outside. It runs in a database in memory that
holds the contract tables and nothing else: no files, no network, no extensions, no other settings, UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import duckdb
import pandas as pd

from features.errors import DefinitionsError
from features.facts.arrow import from_arrow, to_arrow
from features.facts.contract import TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current

_SEALED: Final = {
    "TimeZone": "UTC",
    "temp_directory": "",
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
    "lock_configuration": "true",
}
_UNREPEATABLE: Final = re.compile(
    r"\b(?:now|today|get_current_\w+|current_localtime\w*|random|gen_random_uuid|uuid)\s*\("
    r"|\b(?:current_date|current_time|current_timestamp|localtime|localtimestamp)\b",
    re.IGNORECASE,
)


def who(definitions: Definitions, facts: Facts, term: str) -> pd.Series[str]:
    """Return the prospects that a term applies to, by its evidence.

    Parameters
    ----------
    definitions : Definitions
        Where the term is defined.
    facts : Facts
        What is known; give `facts.visible(as_of)` for what was known then. The evidence sees the last
        version of each key, one table per contract table.
    term : str
        For example "won".

    Returns
    -------
    Series of str, shape (n,)
        `prospect_id`, sorted, each once; ids without a row in prospects, and missing ones, are left out.

    Raises
    ------
    DefinitionsError
        The term is not defined; its evidence is not one SELECT, reads files or the clock, fails, or returns
        no text column `prospect_id`.
    """
    if term not in definitions.terms:
        raise DefinitionsError(f"terms.{term}: not defined; there are {sorted(definitions.terms)}.")
    with _tables(facts) as database:
        return _ask(database, term, definitions.terms[term].evidence)


def holders(definitions: Definitions, facts: Facts) -> dict[str, pd.Series[str]]:
    """Return the prospects that each term applies to, in the order of definitions.yaml; see `who`.

    Raises
    ------
    DefinitionsError
        As in `who`.
    """
    with _tables(facts) as database:
        return {name: _ask(database, name, term.evidence) for name, term in definitions.terms.items()}


def counts(definitions: Definitions, facts: Facts) -> pd.DataFrame:
    """Count the prospects of every term, in the order of definitions.yaml.

    Returns
    -------
    DataFrame, shape (n_terms, 4)
        `term`, `means` (words), `prospects` (count), `share` (of all prospects, 0 to 1; missing where there
        are no prospects at all).

    Raises
    ------
    DefinitionsError
        As in `who`.
    """
    everybody = facts.prospects["prospect_id"].nunique()
    found = [len(ids) for ids in holders(definitions, facts).values()]
    table = pd.DataFrame(
        {
            "term": pd.Series(list(definitions.terms), dtype="str"),
            "means": pd.Series([term.means for term in definitions.terms.values()], dtype="str"),
            "prospects": pd.Series(found, dtype="int64"),
        }
    )
    return table.assign(share=table["prospects"] / everybody if everybody else float("nan"))


@contextmanager
def _tables(facts: Facts) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a sealed database that holds the last version of each row of the contract tables."""
    with duckdb.connect(":memory:") as database:
        for name, frame in facts.tables().items():
            database.register(name, to_arrow(current(frame, TABLES[name].key)))
        for setting, value in _SEALED.items():
            database.execute(f"set {setting} = '{value}'")
        yield database


def _ask(database: duckdb.DuckDBPyConnection, term: str, sql: str) -> pd.Series[str]:
    where = f"terms.{term}.evidence"
    clock = _UNREPEATABLE.search(sql)
    if clock:
        raise DefinitionsError(
            f"{where}: {clock.group()!r} gives another answer every time; "
            "compare with the times in the tables, so that a score can be repeated."
        )
    try:
        statements = database.extract_statements(sql)
        if [s.type for s in statements] != [duckdb.StatementType.SELECT]:
            raise DefinitionsError(f"{where}: expected one SELECT, got {sql!r}.")
        found = database.sql(statements[0].query)
        column = dict(zip(found.columns, found.types, strict=True)).get("prospect_id")
        if str(column) != "VARCHAR":
            got = ", ".join(f"{c} {t}" for c, t in zip(found.columns, found.types, strict=True))
            raise DefinitionsError(f"{where}: expected a text column prospect_id, got {got}. SQL: {sql}")
        return _known(database, found)
    except duckdb.Error as error:
        raise DefinitionsError(f"{where}: {error}\nSQL: {sql}") from error


def _known(database: duckdb.DuckDBPyConnection, found: duckdb.DuckDBPyRelation) -> pd.Series[str]:
    known = found.select("prospect_id").intersect(database.table("prospects").select("prospect_id"))
    return from_arrow(known.distinct().order("prospect_id").to_arrow_table())["prospect_id"].astype("str")
