"""The features in Polars: global running sums of one-hot columns, as-of joins that give row numbers, differences.

Joining the row numbers alone, and gathering the sums by them, is the fastest way known to us: as-of joins of all
columns would copy each of them once per window. It knows one time of a touch, when it happened, and no distinct
contacts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from benchmarks.features.made import Made
from benchmarks.features.terms import slots_of
from features.algebra.terms import Arithmetic, Slot, Term
from features.time.asof import DAY

_COLUMNS = ["prospect_id", "kind", "channel", "occurred_at", "value"]


def work_out_by_polars(made: Made, terms: Sequence[Term]) -> pl.DataFrame:
    """Read the touches and looks and compute the terms for each look, float32, columns f_0, f_1, ...

    Both files are sorted by prospect and time and have the same prospects, so that runs of ids number them.
    """
    events = pl.read_parquet(made.touches, columns=_COLUMNS)
    events = events.with_columns(pl.col("prospect_id").rle_id().alias("who")).with_row_index("row", offset=1)
    looks = pl.read_parquet(made.weekly).with_columns(pl.col("prospect_id").rle_id().alias("who"))
    wanted = slots_of(terms)
    began = events.group_by("who", maintain_order=True).agg(pl.col("row").first() - 1)["row"].gather(looks["who"])
    rows = {days: _rows(events, looks, days).fill_null(began) for days in {slot.days for slot in wanted} | {None}}
    running = _running(events, wanted)
    made_of = _Looked(rows, began, looks["as_of"].to_physical())
    return running.select(made_of.term(term).cast(pl.Float32).alias(f"f_{i}") for i, term in enumerate(terms))


class _Looked:
    """Terms as expressions over the running sums."""

    def __init__(self, rows: Mapping[int | None, pl.Series], began: pl.Series, as_of: pl.Series) -> None:
        self._rows, self._began, self._as_of = rows, began, as_of

    def term(self, term: Term) -> pl.Expr:
        if isinstance(term, Slot):
            return self._slot(term)
        if not isinstance(term, Arithmetic):
            raise TypeError(f"a term is a slot or arithmetic, got {type(term).__name__}.")
        left, right = self.term(term.left), self.term(term.right)
        if term.op == "/":
            return pl.when(right != 0).then(left / right)
        return left + right if term.op == "+" else left - right

    def _slot(self, slot: Slot) -> pl.Expr:
        column, now = pl.col(_name(slot)), self._rows[None]
        if slot.kind != "last":
            return column.gather(now) - column.gather(self._rows[slot.days])
        seen = column.gather(now)
        ago = (pl.lit(self._as_of) - pl.col("when").gather(seen.fill_null(0))) / DAY
        return pl.when(seen > pl.lit(self._began)).then(ago)


def _rows(events: pl.DataFrame, looks: pl.DataFrame, days: int | None) -> pl.Series:
    """Return the row of the prospect's last touch before the moment (or before its window began)."""
    edge = pl.col("as_of") - pl.duration(days=days or 0)
    asked = looks.select("who", edge.alias("edge"))
    found = asked.join_asof(
        events.select("who", "occurred_at", "row"), left_on="edge", right_on="occurred_at", by="who",
        strategy="backward", allow_exact_matches=False, check_sortedness=False,
    )  # fmt: skip
    return found["row"]


def _running(events: pl.DataFrame, slots: Sequence[Slot]) -> pl.DataFrame:
    """Return the sums up to each row, and the last row of each kind, below a row of nothing."""
    columns = {"when": pl.col("occurred_at").to_physical()}
    for slot in slots:
        if _name(slot) in columns:
            continue
        tests = [pl.col(c).is_in(list(words)).fill_null(False) for c, words in slot.events.where]
        mask = pl.all_horizontal(pl.lit(True), *tests)
        if slot.kind == "last":
            columns[_name(slot)] = pl.when(mask).then(pl.col("row")).forward_fill()
        elif slot.kind == "count":
            columns[_name(slot)] = (mask.cum_sum() if slot.events.where else pl.col("row")).cast(pl.Int64)
        else:
            columns[_name(slot)] = pl.when(mask).then(pl.col(slot.of).fill_null(0.0)).otherwise(0.0).cum_sum()
    found = events.select(expression.alias(name) for name, expression in columns.items())
    nothing = found.select(
        pl.lit(None if name.startswith("last") else 0, dtype=kind).alias(name) for name, kind in found.schema.items()
    )
    return pl.concat([nothing, found])


def _name(slot: Slot) -> str:
    return f"{slot.kind} {slot.of} {slot.events.where}"
