"""What a source must deliver: eight tables, two times on every fact, and a named reason for each bad row.

The question answered here: *is this row usable, and if not, why not?* Times are UTC with microseconds.
Every fact has `occurred_at` (when it happened) and `recorded_at` (when the company knew); a fact is visible
at `as_of` if and only if `recorded_at < as_of`.

A table that lacks a column or has a time without a zone is refused whole (`ContractError`). A row that breaks
a rule is set aside with its reason (`Checked.quarantined`). Nothing is dropped, filled or coerced in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

import pandas as pd
import pandera.pandas as pa

from features.errors import ContractError

Type = Literal["id", "text", "time", "number"]

KINDS: Final = (
    "call", "email", "meeting", "demo", "visit", "download",
    "form", "message", "event", "proposal", "task", "stage",
)  # fmt: skip
CHANNELS: Final = ("phone", "email", "web", "in_person", "chat", "social", "post", "partner")
DIRECTIONS: Final = ("inbound", "outbound")
POSITIVE: Final = ("interested", "meeting_booked")
ANSWERED: Final = (*POSITIVE, "answered", "not_now", "not_interested", "wrong_person", "do_not_contact")
RESULTS: Final = (*ANSWERED, "no_answer", "left_message", "bounced", "completed")
RESPONSES: Final = ("accepted", "interested", "declined", "cancelled")
SENIORITIES: Final = ("executive", "manager", "staff")

CLOCK_SKEW: Final = pd.Timedelta(minutes=5)
"""A fact may be recorded this much before it happened (two clocks), not more."""
LARGEST_VALUE: Final = 1e10
"""Values and amounts beyond this are refused: the kernel sums them exactly, in ten-thousandths."""
TIME_TYPE: Final = "datetime64[us, UTC]"


@dataclass(frozen=True)
class Column:
    """One column of a contract table; `among` lists the allowed values, `low`/`high` the closed range."""

    type: Type
    nullable: bool = False
    among: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Table:
    """One table of the contract. `attributes` says whether further columns are kept as attributes."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    attributes: bool = False


def _id(nullable: bool = False) -> Column:
    return Column("id", nullable)


def _text(*among: str, nullable: bool = True) -> Column:
    return Column("text", nullable, among)


def _time(nullable: bool = False) -> Column:
    return Column("time", nullable)


_money = Column("number", True, low=-LARGEST_VALUE, high=LARGEST_VALUE)

TABLES: Final[Mapping[str, Table]] = {
    table.name: table
    for table in (
        Table(
            "prospects",
            ("prospect_id",),
            {
                "prospect_id": _id(), "account_id": _id(True), "created_at": _time(),
                "recorded_at": _time(), "owner_id": _id(True),
                "territory": _text(), "segment": _text(), "source": _text(),
            },
            attributes=True,
        ),
        Table(
            "accounts",
            ("account_id",),
            {"account_id": _id(), "recorded_at": _time(), "name": _text()},
            attributes=True,
        ),
        Table(
            "contacts",
            ("contact_id",),
            {
                "contact_id": _id(), "account_id": _id(True), "prospect_id": _id(True),
                "recorded_at": _time(), "name": _text(),
                "role": _text(), "seniority": _text(*SENIORITIES), "email": _text(),
                "phone": _text(), "timezone": _text(), "do_not_contact_since": _time(True),
            },
        ),
        Table(
            "attribute_changes",
            ("entity", "id", "name", "occurred_at"),
            {
                "entity": _text("prospect", "account", nullable=False), "id": _id(),
                "name": _text(nullable=False),
                "occurred_at": _time(), "recorded_at": _time(), "value": _text(),
            },
        ),
        Table(
            "touches",
            ("touch_id",),
            {
                "touch_id": _id(), "prospect_id": _id(), "contact_id": _id(True),
                "kind": _text(*KINDS, nullable=False), "channel": _text(*CHANNELS),
                "direction": _text(*DIRECTIONS, nullable=False),
                "occurred_at": _time(), "recorded_at": _time(),
                "stage": _text(), "result": _text(*RESULTS), "value": _money,
                "duration_s": Column("number", True, low=0, high=LARGEST_VALUE),
            },
        ),
        Table(
            "offers",
            ("offer_id",),
            {
                "offer_id": _id(), "name": _text(nullable=False), "valid_from": _time(True),
                "valid_to": _time(True), "stages": _text(), "segments": _text(), "description": _text(),
            },
        ),
        Table(
            "offers_made",
            ("prospect_id", "offer_id", "occurred_at"),
            {
                "prospect_id": _id(), "offer_id": _id(), "occurred_at": _time(), "recorded_at": _time(),
                "contact_id": _id(True), "channel": _text(*CHANNELS),
                "propensity": Column("number", True, low=1e-9, high=1.0), "response": _text(*RESPONSES),
                "responded_at": _time(True),
            },
        ),
        Table(
            "outcomes",
            ("prospect_id", "occurred_at"),
            {
                "prospect_id": _id(), "occurred_at": _time(), "result": _text("won", "lost", nullable=False),
                "recorded_at": _time(), "amount": _money, "reason": _text(), "offer_id": _id(True),
            },
        ),
    )
}  # fmt: skip

_DTYPES: Final[Mapping[Type, str]] = {"id": "str", "text": "str", "time": TIME_TYPE, "number": "float64"}


@dataclass(frozen=True)
class Checked:
    """A table after the contract was applied.

    Attributes
    ----------
    good : DataFrame
        Rows that hold, columns in the contract's order, attributes behind them.
    quarantined : DataFrame
        Rows that do not, with the extra columns `row` (0-based in the input), `reason` and `got`.
    """

    good: pd.DataFrame
    quarantined: pd.DataFrame

    @property
    def share(self) -> float:
        """Share of the input rows that were set aside, 0 for an empty input."""
        rows = len(self.good) + len(self.quarantined)
        return len(self.quarantined) / rows if rows else 0.0


def empty(name: str) -> pd.DataFrame:
    """Return the named table without rows, every contract column present and typed."""
    columns = TABLES[name].columns
    return pd.DataFrame({c: pd.Series([], dtype=_DTYPES[spec.type]) for c, spec in columns.items()})


def check(name: str, frame: pd.DataFrame, *, origin: str = "", kinds: Iterable[str] = ()) -> Checked:
    """Apply the contract of one table: refuse the table, or split its rows into good and quarantined.

    Parameters
    ----------
    name : str
        One of `TABLES`.
    frame : DataFrame, shape (n_rows, n_columns)
        As the source mapped it. Optional columns may be absent and are then missing everywhere.
    origin : str
        Where the table came from (a file), for messages.
    kinds : iterable of str
        Kinds of touches that definitions.yaml adds to the standard ones.

    Raises
    ------
    ContractError
        A required column is absent or stands twice, a time has no time zone, a type is wrong.
    """
    table, where = TABLES[name], f" ({origin})" if origin else ""
    shaped = _shape(table, frame, where)
    reasons = _row_reasons(name, shaped, tuple(kinds))
    return _split(shaped, reasons)


def set_aside(checked: Checked, bad: pd.Series[bool], reason: str, column: str) -> Checked:
    """Move further good rows to quarantine: `bad` is aligned with `checked.good`."""
    if not bad.any():
        return checked
    moved = checked.good[bad]
    moved = moved.assign(row=moved.index, reason=reason, got=moved[column].astype("str"))
    frames = [f for f in (checked.quarantined, moved) if len(f)]
    return Checked(checked.good[~bad], pd.concat(frames))


def _shape(table: Table, frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Bring the columns into order and type, or say which one cannot be."""
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
    typed = {
        c: _typed(frame[c], spec, f"table {table.name}{where}, column {c}")
        if c in frame.columns
        else pd.Series(pd.NA, index=frame.index).astype(_DTYPES[spec.type])
        for c, spec in table.columns.items()
    }
    return pd.DataFrame({**typed, **{c: frame[c] for c in extra}}, index=frame.index).reset_index(drop=True)


def _typed(column: pd.Series[Any], spec: Column, where: str) -> pd.Series[Any]:
    if column.isna().all():
        return column.astype("object").where(column.notna(), None).astype(_DTYPES[spec.type])
    if spec.type == "time":
        return _as_time(column, where)
    if spec.type == "number":
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            raise ContractError(
                f"{where}: expected numbers, got {column.dtype}, for example {_example(column)}."
            )
        return column.astype("float64")
    if spec.type == "id" and pd.api.types.is_integer_dtype(column):
        return column.astype("str")
    if not (pd.api.types.is_string_dtype(column) or isinstance(column.dtype, pd.CategoricalDtype)):
        raise ContractError(f"{where}: expected text, got {column.dtype}, for example {_example(column)}.")
    return column.astype("str")


def _as_time(column: pd.Series[Any], where: str) -> pd.Series[Any]:
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        kind = "a time without a time zone" if pd.api.types.is_datetime64_dtype(column) else str(column.dtype)
        raise ContractError(
            f"{where}: expected a time with its time zone, got {kind}, for example {_example(column)}. "
            "Say in the .sql which clock it is: `timezone('Europe/Berlin', the_column)`."
        )
    return column.dt.tz_convert("UTC").astype(TIME_TYPE)


def _example(column: pd.Series[Any]) -> str:
    first = column.first_valid_index()
    return "(all missing)" if first is None else f"{column[first]!r} in row {first}"


@cache
def _schema(name: str, kinds: tuple[str, ...]) -> pa.DataFrameSchema:
    columns = {}
    for c, spec in TABLES[name].columns.items():
        checks = []
        among = (*spec.among, *kinds) if (name, c) == ("touches", "kind") else spec.among
        if among:
            checks.append(pa.Check.isin(among, error=f"{c}: not one of {', '.join(among)}"))
        if spec.low is not None and spec.high is not None:
            checks.append(
                pa.Check.in_range(spec.low, spec.high, error=f"{c}: outside {spec.low:g} to {spec.high:g}")
            )
        if spec.type == "id":
            checks.append(pa.Check.str_length(1, 200, error=f"{c}: empty or longer than 200 characters"))
        columns[c] = pa.Column(nullable=spec.nullable, checks=checks, required=True)
    return pa.DataFrameSchema(columns)


def _row_reasons(name: str, frame: pd.DataFrame, kinds: tuple[str, ...]) -> pd.DataFrame:
    """List (row, reason, got) for each row that breaks a rule, the first broken rule only."""
    found: list[pd.DataFrame] = []
    try:
        _schema(name, kinds).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        reason = cases["check"].where(cases["check"] != "not_nullable", cases["column"] + ": missing")
        found.append(
            pd.DataFrame(
                {"row": cases["index"], "reason": reason, "got": cases["failure_case"].astype("str")}
            )
        )
    if {"occurred_at", "recorded_at"} <= set(frame.columns):
        early = frame["recorded_at"] < frame["occurred_at"] - CLOCK_SKEW
        got = frame.loc[early, "recorded_at"].astype("str")
        found.append(
            pd.DataFrame({"row": got.index, "reason": "recorded_at: before occurred_at", "got": got})
        )
    if not found:
        return pd.DataFrame({"row": [], "reason": [], "got": []})
    return pd.concat(found).drop_duplicates("row").sort_values("row")


def _split(frame: pd.DataFrame, reasons: pd.DataFrame) -> Checked:
    if reasons.empty:
        return Checked(frame, frame.iloc[:0].assign(row=0, reason="", got=""))
    rows = reasons["row"].astype("int64").to_numpy()
    bad = frame.loc[rows].assign(row=rows, reason=reasons["reason"].to_numpy(), got=reasons["got"].to_numpy())
    return Checked(frame.drop(index=rows), bad)
