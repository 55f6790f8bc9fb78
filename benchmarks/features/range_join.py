"""The features as people write them in SQL: each look joined with all earlier touches, aggregated with filters."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np

from benchmarks.features.made import Made
from benchmarks.features.terms import Numbers, slots_of, work_out
from features.algebra.terms import Slot, Term
from features.time.asof import DAY


def sample(made: Made, prospects: int) -> duckdb.DuckDBPyConnection:
    """Take the first prospects (journeys are drawn alike) with their touches into tables."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(
        f"CREATE TABLE looks AS SELECT * FROM '{made.weekly}' WHERE prospect_id IN"
        f" (SELECT prospect_id FROM '{made.today}' ORDER BY prospect_id LIMIT {prospects})"
    )
    connection.execute(
        f"CREATE TABLE touches AS SELECT * FROM '{made.touches}' WHERE prospect_id IN (SELECT prospect_id FROM looks)"
    )
    return connection


def work_out_by_sql(connection: duckdb.DuckDBPyConnection, terms: Sequence[Term]) -> list[Numbers]:
    """Compute the terms for all rows of `looks`, by prospect_id, then as_of; knows both times of a touch."""
    wanted = slots_of(terms)
    columns = ", ".join(f"{_aggregate(slot)} AS s{i}" for i, slot in enumerate(wanted))
    found = connection.execute(
        f"SELECT k.prospect_id, k.as_of, {columns} FROM looks k LEFT JOIN touches t ON t.prospect_id = k.prospect_id"
        " AND t.recorded_at < k.as_of AND t.occurred_at < k.as_of"
        " GROUP BY k.prospect_id, k.as_of ORDER BY k.prospect_id, k.as_of"
    ).fetchnumpy()
    filled = {slot: np.ma.filled(found[f"s{i}"].astype("float64"), np.nan) for i, slot in enumerate(wanted)}
    return [work_out(term, filled) for term in terms]


def _aggregate(slot: Slot) -> str:
    tests = [f"t.{column} IN ({', '.join(map(repr, words))})" for column, words in slot.events.where]
    if slot.days is not None:
        tests.append(f"t.occurred_at >= k.as_of - INTERVAL {slot.days} DAY")
    kept = f" FILTER (WHERE {' AND '.join(['t.touch_id IS NOT NULL', *tests])})"
    if slot.kind == "count":
        return f"count(*){kept}"
    if slot.kind == "distinct":
        return f"count(DISTINCT t.{slot.of}_id){kept}"
    if slot.kind == "total":
        return f"coalesce(sum(t.{slot.of}){kept}, 0)"
    return f"(epoch_us(k.as_of) - max(epoch_us(t.occurred_at)){kept}) / {DAY}.0"
