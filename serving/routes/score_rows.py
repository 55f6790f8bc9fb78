"""Rows of a small request that hold every rule of the contract, read at once; anything else is left to `check`.

Nine tables of a few rows cost more to make than to look at. So the rules of the contract's columns are put into one
validator that reads the body's JSON, and what points at what is looked up in dictionaries. A body is read here only if
nothing at all is to be said about it: what breaks a rule or was withdrawn, and prospects and accounts that were
recorded several times, go the way of every source (`ScoreRequest.facts`), which knows the words for it. Nothing is
refused here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import SchemaValidator, core_schema

from features.facts.contract import CLOCK_SKEW, TABLES, Column, Table
from serving.routes.score_request import ATTRIBUTE_NAME, MOST_ROWS

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_SKEW: Final = CLOCK_SKEW // _MICROSECOND
_HAPPENED: Final = ("occurred_at", "created_at")
_LONGEST_ID: Final = 200
_POINTS: Final = {
    "prospects": (("account_id", "accounts"),),
    "contacts": (("account_id", "accounts"), ("prospect_id", "prospects")),
    "touches": (("prospect_id", "prospects"), ("contact_id", "contacts")),
    "offers_made": (("prospect_id", "prospects"), ("offer_id", "offers"), ("contact_id", "contacts")),
    "outcomes": (("prospect_id", "prospects"), ("offer_id", "offers")),
}
"""Which columns point at which table."""
_ONCE: Final = ("prospects", "accounts", "offers")
"""Tables of which one row a key is read here."""
_WITH_VERSIONS: Final = ("contacts", "touches", "offers_made", "outcomes")
"""Tables of which a second row of one key is a correction: it hides the first from when on it was recorded."""
CORRECTED: Final = "corrected"
"""Where a row of which a later version came says when (microseconds)."""
_TIMES: Final = {
    name: tuple(c for c, spec in table.columns.items() if spec.type == "time") for name, table in TABLES.items()
}


@dataclass(frozen=True)
class Plain:
    """Rows without a question left: nothing withdrawn, every rule of the contract kept.

    Attributes
    ----------
    as_of : int
        Microseconds since 1970, as are all times of the rows.
    tables : mapping of table name to rows
        A column of the contract that was not sent is None; an attribute may be absent.
    """

    as_of: int
    tables: Tables


class PlainRows:
    """Reads bodies of `POST /v1/score` under the words of one company."""

    def __init__(self, kinds: Iterable[str]) -> None:
        self._validator = SchemaValidator(_body(tuple(kinds)))

    def read(self, body: bytes) -> Plain | None:
        """Return the rows, or None where something is to be said about them."""
        try:
            given = self._validator.validate_json(body)
        except ValidationError:
            return None
        tables = {name: given.get(name, ()) for name in TABLES}
        plain = not tables["withdrawals"] and all(_attributes_of_one_type(n, tables[n]) for n in _WITH_ATTRIBUTES)
        if not (plain and _in_time(tables) and _in_one_piece(tables)):
            return None
        _hide_corrected(tables)
        return Plain(_micros(given["as_of"]), tables)


def _body(kinds: tuple[str, ...]) -> core_schema.CoreSchema:
    fields = {"as_of": core_schema.typed_dict_field(core_schema.datetime_schema(tz_constraint="aware"))}
    for name, table in TABLES.items():
        rows = core_schema.list_schema(_row(table, kinds), min_length=int(name == "prospects"), max_length=MOST_ROWS)
        fields[name] = core_schema.typed_dict_field(rows, required=name == "prospects")
    return core_schema.typed_dict_schema(fields, extra_behavior="forbid")


def _row(table: Table, kinds: tuple[str, ...]) -> core_schema.CoreSchema:
    fields = {}
    for name, column in table.columns.items():
        more = kinds if (table.name, name) == ("touches", "kind") else ()
        shape = _value(column, more)
        if column.nullable:
            shape = core_schema.with_default_schema(core_schema.nullable_schema(shape), default=None)
        fields[name] = core_schema.typed_dict_field(shape)
    if not table.attributes:
        return core_schema.typed_dict_schema(fields, extra_behavior="forbid")
    attribute = core_schema.union_schema([core_schema.str_schema(strict=True), _NUMBER])
    return core_schema.typed_dict_schema(
        fields, extra_behavior="allow", extras_schema=core_schema.nullable_schema(attribute)
    )


_NUMBER: Final = core_schema.float_schema(allow_inf_nan=False, strict=True)


def _value(column: Column, more: tuple[str, ...]) -> core_schema.CoreSchema:
    if column.among:
        return core_schema.literal_schema([*column.among, *more])
    if column.type == "id":
        return core_schema.str_schema(min_length=1, max_length=_LONGEST_ID)
    if column.type == "text":
        return core_schema.str_schema()
    if column.type == "time":
        return core_schema.datetime_schema(tz_constraint="aware")
    return core_schema.float_schema(ge=column.low, le=column.high, allow_inf_nan=False)


_WITH_ATTRIBUTES: Final = tuple(name for name, table in TABLES.items() if table.attributes)


def _attributes_of_one_type(table: str, rows: list[Row]) -> bool:
    """Say whether each attribute is all text or all numbers, and is called as attributes are."""
    types: dict[str, type] = {}
    own = TABLES[table].columns
    for row in rows:
        for name in row.keys() - own.keys():
            value = row[name]
            kind = types.setdefault(name, type(value)) if value is not None else None
            if kind not in (None, type(value)) or name in _HAPPENED or not ATTRIBUTE_NAME.fullmatch(name):
                return False
    return True


def _in_time(tables: Tables) -> bool:
    """Turn all times into microseconds; say whether everything was recorded after it happened, but for two clocks."""
    for name, rows in tables.items():
        times, happened = _TIMES[name], next((c for c in _HAPPENED if c in TABLES[name].columns), None)
        for row in rows:
            for column in times:
                if (at := row.get(column)) is not None:
                    row[column] = (at - _EPOCH) // _MICROSECOND
            if happened and row["recorded_at"] < row[happened] - _SKEW:
                return False
    return True


def _in_one_piece(tables: Tables) -> bool:
    """Say whether every key stands once, everything points at something, and nothing ended before it began."""
    known = {name: _keys(name, tables[name]) for name in (*_ONCE, "contacts")}
    if any(len(known[name]) != len(tables[name]) for name in _ONCE):
        return False
    for name, columns in _POINTS.items():
        for column, target in columns:
            ids = known[target]
            if any((to := row.get(column)) is not None and to not in ids for row in tables[name]):
                return False
    for row in tables["attribute_changes"]:
        if row["id"] not in known[f"{row['entity']}s"]:
            return False
    created = {row["prospect_id"]: row["created_at"] for row in tables["prospects"]}
    return all(row["occurred_at"] >= created[row["prospect_id"]] for row in tables["outcomes"])


def _keys(name: str, rows: list[Row]) -> set[Any]:
    (key,) = TABLES[name].key
    return {row[key] for row in rows}


def _hide_corrected(tables: Tables) -> None:
    for name in _WITH_VERSIONS:
        rows, key = tables[name], itemgetter(*TABLES[name].key)
        if len(set(map(key, rows))) == len(rows):
            continue
        later: dict[Any, int] = {}
        for row in sorted(rows, key=itemgetter("recorded_at"))[::-1]:
            if (key(row)) in later:
                row[CORRECTED] = later[key(row)]
            later[key(row)] = row["recorded_at"]


def _micros(at: dt.datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
