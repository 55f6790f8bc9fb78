"""Bring a table to the contract's columns and types, or refuse it whole and say which column is wrong.

What changes its type does so by these rules: whole-numbered ids become text, attributes become text, numbers
(true and false become 1 and 0) or UTC times. A table that needs another change is refused.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pandas as pd

from features.errors import ContractError
from features.facts.tables import DTYPES, TIME_TYPE, Column, Table, Type

_ATTRIBUTE_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_NUMBERS: Final = ("integer", "floating", "mixed-integer-float", "decimal", "boolean")


def shape(table: Table, frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Bring the columns into order and type, or say which one cannot be.

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
        As the source mapped it.
    where : str
        Where the table came from, for messages.

    Returns
    -------
    DataFrame, shape (n_rows, n_contract_columns + n_attributes)
        Index 0 to n_rows - 1; an optional column that was absent is missing everywhere.

    Raises
    ------
    ContractError
        With the column, what it held, in which row, and what to write in the .sql.
    """
    extra = _extra_columns(table, frame, where)
    place = f"table {table.name}{where}, column "
    typed = {
        c: _typed(frame[c], spec, place + c) if c in frame.columns else _all_missing(frame.index, spec.type)
        for c, spec in table.columns.items()
    }
    attributes = {c: _as_attribute(frame[c], place + c) for c in extra}
    return pd.DataFrame({**typed, **attributes}, index=frame.index).reset_index(drop=True)


def _extra_columns(table: Table, frame: pd.DataFrame, where: str) -> list[str]:
    """Return the columns beyond the contract's, or say what is wrong with the set of columns."""
    if not frame.columns.is_unique:
        twice = sorted(set(frame.columns[frame.columns.duplicated()]))
        raise ContractError(f"table {table.name}{where}: the columns {twice} stand twice; keep one of each.")
    missing = [c for c, spec in table.columns.items() if not spec.nullable and c not in frame.columns]
    if missing:
        raise ContractError(
            f"table {table.name}{where}: missing column(s) {missing}; got {list(frame.columns)}. "
            f"Map them in {table.name}.sql, for example `select ... as {missing[0]}`."
        )
    extra = [c for c in frame.columns if c not in table.columns]
    if extra and not table.attributes:
        raise ContractError(
            f"table {table.name}{where}: unknown column(s) {extra}; the contract has {list(table.columns)}. "
            "Only prospects and accounts take further columns, as attributes."
        )
    misnamed = [c for c in extra if not _ATTRIBUTE_NAME.fullmatch(str(c))]
    if misnamed:
        raise ContractError(
            f"table {table.name}{where}: attribute(s) {misnamed}: expected lower-case names such as "
            f'lead_origin. Rename them in {table.name}.sql: `select "Lead Origin" as lead_origin`.'
        )
    return extra


def _typed(column: pd.Series[Any], spec: Column, where: str) -> pd.Series[Any]:
    if column.isna().all():
        return _all_missing(column.index, spec.type)
    if spec.type == "time":
        return _as_time(column, where)
    if spec.type == "number":
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            raise ContractError(f"{where}: expected numbers, got {column.dtype}, for example {_example(column)}.")
        return column.astype("float64")
    return _as_text(column, where, numbers_too=spec.type == "id")


def _all_missing(index: pd.Index, type_: Type) -> pd.Series[Any]:
    return pd.Series(None, index=index, dtype="object").astype(DTYPES[type_])


def _as_text(column: pd.Series[Any], where: str, *, numbers_too: bool) -> pd.Series[Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        words = _as_text(pd.Series(column.cat.categories), where, numbers_too=numbers_too)
        return column.cat.rename_categories(words.to_list()).astype("str")
    whole = numbers_too and pd.api.types.is_integer_dtype(column)
    if not (whole or _is_text(column)):
        raise ContractError(f"{where}: expected text, got {column.dtype}, for example {_example(column)}.")
    return _text(column, where)


def _text(column: pd.Series[Any], where: str) -> pd.Series[Any]:
    try:
        return column.astype("str")
    except UnicodeEncodeError as error:
        row = next(i for i, value in column.items() if isinstance(value, str) and _is_broken(value))
        raise ContractError(
            f"{where}: expected text that can be written as UTF-8, got {column[row]!r} in row {row} "
            f"({error.reason}). Read the source in the encoding it was written in."
        ) from error


def _is_broken(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _is_text(column: pd.Series[Any]) -> bool:
    """Say whether all values are text; pandas calls an object column with a None in it no string column."""
    if column.dtype == "object":
        return bool(pd.api.types.infer_dtype(column, skipna=True) == "string")
    return bool(pd.api.types.is_string_dtype(column))


def _as_time(column: pd.Series[Any], where: str) -> pd.Series[Any]:
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        kind = "a time without a time zone" if pd.api.types.is_datetime64_dtype(column) else str(column.dtype)
        raise ContractError(
            f"{where}: expected a time with its time zone, got {kind}, for example {_example(column)}. "
            "Say in the .sql which clock it is: `timezone('Europe/Berlin', the_column)`."
        )
    return column.dt.tz_convert("UTC").astype(TIME_TYPE)


def _as_attribute(column: pd.Series[Any], where: str) -> pd.Series[Any]:
    """Bring an attribute to text, number or UTC time, so that every load of it has the same type."""
    if isinstance(column.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(column):
        return _all_missing(column.index, "time") if column.isna().all() else _as_time(column, where)
    plain = column.astype("object") if isinstance(column.dtype, pd.CategoricalDtype) else column
    kind = pd.api.types.infer_dtype(plain, skipna=True)
    if pd.api.types.is_numeric_dtype(plain):
        return plain.astype("float64")
    if kind in _NUMBERS:
        return plain.where(plain.notna(), float("nan")).astype("float64")
    if kind in ("string", "empty"):
        return _text(plain, where)
    raise ContractError(
        f"{where}: expected text, numbers or a time with its time zone, got {kind}, "
        f"for example {_example(column)}. Convert it in the .sql."
    )


def _example(column: pd.Series[Any]) -> str:
    first = column.first_valid_index()
    return "(all missing)" if first is None else f"{column[first]!r} in row {first}"
