"""The database in which a source's SQL runs: what it may see, and what its result looks like in pandas.

`connect` gives a database in which times are UTC and Python's variables cannot be read; `lock` closes files,
network and settings. The macro `instant(text)` reads a time that carries its zone and refuses one that does not:
a plain cast would take it for UTC in silence. `amount(text)` reads a number as people write money, `1.234,50 EUR` or
`$1,234.50`, and refuses one that means two things (`1.234`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Final

import duckdb
import pandas as pd
import pyarrow as pa

from pipelines.sources.errors import SourceError
from pipelines.sources.reading import literal
from pipelines.sources.statements import Query

_INSTANT: Final = r"""
create macro instant(t) as case
  when t is null then null
  when regexp_full_match(trim(cast(t as varchar)),
    '\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|UTC|[+-]\d\d(:?\d\d)?)')
    then cast(regexp_replace(trim(cast(t as varchar)), '\s*(Z|UTC)$', '+00') as timestamptz)
  else error('time without its zone: "' || cast(t as varchar) || '"')
end
"""


_AMOUNT: Final = r"""
create macro amount(t) as case
  when t is null or trim(cast(t as varchar)) = '' then null
  when regexp_full_match(bare(t), '-?(\d+(\.\d{1,2}|\.\d{4,})?|(0|[1-9]\d{3,})\.\d{3})') then cast(bare(t) as double)
  when regexp_full_match(bare(t),
    '-?(\d+(,\d{1,2}|,\d{4,})|(0|[1-9]\d{3,}),\d{3}|\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,})')
    then cast(replace(replace(bare(t), '.', ''), ',', '.') as double)
  when regexp_full_match(bare(t), '-?\d{1,3}((,\d{3})+\.\d+|(,\d{3}){2,})')
    then cast(replace(bare(t), ',', '') as double)
  else error('no amount, or one that can be read in two ways: "' || cast(t as varchar) || '"')
end
"""
# a currency stands in front or behind, blanks and apostrophes only between groups of three digits: `12 50` is no 1250
_MONEY: Final = "(EUR|USD|GBP|CHF|[€$£])"
_BLANK: Final = r"[\s\x{00A0}\x{202F}]"
_GROUPING: Final = r"[\s\x{00A0}\x{202F}''\x{2019}]"
_WITHOUT_MONEY: Final = rf"""
create macro without_money(t) as regexp_replace(regexp_replace(cast(t as varchar),
  '^{_BLANK}*(-?){_BLANK}*{_MONEY}?{_BLANK}*', '\1'), '{_BLANK}*{_MONEY}?{_BLANK}*$', '')
"""
_BARE: Final = rf"""
create macro bare(t) as case
  when regexp_full_match(without_money(t), '-?\d{{1,3}}({_GROUPING}\d{{3}})+([.,]\d{{1,2}})?')
    then regexp_replace(without_money(t), '{_GROUPING}', '', 'g')
  else without_money(t)
end
"""


@contextmanager
def connect() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory for one mapping; what does not fit goes to a temporary folder."""
    with TemporaryDirectory(prefix="takt-") as spill:
        con = duckdb.connect(config={"python_enable_replacements": False})
        try:
            con.execute("set TimeZone = 'UTC'")
            con.execute(f"set temp_directory = {literal(spill)}")
            for macro in (_INSTANT, _WITHOUT_MONEY, _BARE, _AMOUNT):
                con.execute(macro)
            yield con
        finally:
            con.close()


def lock(con: duckdb.DuckDBPyConnection) -> None:
    """Close files, network and settings for everything that runs after this."""
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")


def select(con: duckdb.DuckDBPyConnection, query: Query) -> pd.DataFrame:
    """Run a query; rows are ordered by all columns, so that the same data give the same bytes.

    Returns
    -------
    DataFrame
        Text as `str`, times with zone as `datetime64[us, UTC]`, integers as int64 or Int64 where some are
        missing, decimals as float64.

    Raises
    ------
    SourceError
        A column of the result stands twice.
    duckdb.Error
        As DuckDB says it; `explaining.explain` turns it into words.
    """
    relation = con.sql(query.text)
    twice = sorted({c for c in relation.columns if relation.columns.count(c) > 1})
    if twice:
        raise SourceError(f"{query.origin}: returns the column(s) {twice} twice; keep one of each.")
    return _to_pandas(relation.order("all").to_arrow_table())


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    decimals = [f.with_type(pa.float64()) if pa.types.is_decimal(f.type) else f for f in table.schema]
    whole = {pa.int8(), pa.int16(), pa.int32(), pa.int64()}
    frame = table.cast(pa.schema(decimals)).to_pandas(
        types_mapper=lambda t: pd.Int64Dtype() if t in whole else None, date_as_object=False
    )
    full = [c for c in frame.columns if frame[c].dtype == "Int64" and frame[c].notna().all()]
    return frame.astype(dict.fromkeys(full, "int64"))
