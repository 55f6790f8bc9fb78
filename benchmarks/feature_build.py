"""(a) What features cost: one scan of the same columns, our build by stage, the SQL range join, vectorised pandas."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks import other_ways
from benchmarks.clock import Took, in_turn, middle, stages
from benchmarks.made_touches import Made, make
from benchmarks.report import Section, seconds, times
from features.algebra import journeys, kernel
from features.algebra.declaration import Declaration, feature
from features.algebra.terms import Slot
from features.catalog import Catalog, catalog
from features.facts.arrow import to_arrow
from features.facts.definitions import load
from features.facts.ledger import Facts
from features.matrix import Matrix, build
from pipelines.sources.folders import find

_STAGES = {
    "streams (pandas)": (journeys, "build"),
    "sorting": (journeys, "_sorted"),
    "plan": (journeys, "plan"),
    "laying out journeys": (journeys, "_journeys"),
    "kernel": (kernel, "sweep"),
}
_SCAN = "max(prospect_id), max(contact_id), max(kind), max(channel), max(direction), max(result), max(occurred_at), "
_SCAN += "max(recorded_at), sum(value), sum(duration_s)"


def measure(folder: Path, *, touches: int, rounds: int, share: float) -> list[Section]:
    """Make the touches, run the ways in turn, and compare what they found."""
    made = make(folder, touches=touches)
    whole = catalog(load(find("simulated").definitions))
    slots = other_ways.simple_slots(whole)
    same = Catalog(tuple(_declared(i, slot) for i, slot in enumerate(slots)))
    facts = made.facts()
    build(facts, made.keys.iloc[:100], whole)  # numba compiles, or reads its cache
    ways = {
        "scan": lambda: duckdb.execute(f"SELECT {_SCAN} FROM '{made.place}'").fetchall(),
        "reading": made.facts,
        "all": lambda: build(facts, made.keys, whole),
        "same": lambda: build(facts, made.keys, same),
        "pandas": lambda: other_ways.cumulative(facts.touches, made.keys, slots),
    }
    took = in_turn(ways, rounds=rounds)
    few, connection = _sample(made, facts, share)
    sql = in_turn({"sql": lambda: other_ways.range_join(connection, slots)}, rounds=1)["sql"]
    by_stage = _by_stage(facts, made.keys, whole, rounds=rounds)
    agreed = _agreement(facts, few, same, slots, connection)
    size = f"{len(facts.touches):,} touches of {facts.touches['prospect_id'].nunique():,} prospects"
    words = (
        f"{size}, {len(made.keys):,} weekly looks. All but the last line compute {len(slots)} counts, totals and "
        f"recencies over touches, the same in every way (largest difference on the sample: {agreed}). "
        f"The range join ran on {len(few):,} looks and is scaled up; the other lines are whole. "
        f"Everything was recorded when it happened, which only the pandas way needs. "
        "CPU is the seconds of all cores; the ratio is that of CPU."
    )
    per, scan = len(made.keys), took["scan"]
    rows = [
        _row("one DuckDB scan of the same Parquet columns", scan, scan, per),
        _row(f"Takt, {len(slots)} features: reading and building", took["reading"] + took["same"], scan, per),
        _row(f"pandas: running sums and as-of joins, {len(slots)} features", took["pandas"], scan, per),
        _row(f"SQL range join (DuckDB), {len(slots)} features, from a sample", sql.scaled(per / len(few)), scan, per),
        _row(f"Takt, whole catalogue of {len(whole.names)}", took["reading"] + took["all"], scan, per),
    ]
    head = ("way", "time", "CPU", "times the scan", "looks per CPU second")
    return [
        Section("Features: the ways compared", words, head, rows),
        _stages_section(took, by_stage, names=len(whole.names)),
    ]


def _row(name: str, took: Took, scan: Took, looks: int) -> tuple[str, ...]:
    return name, seconds(took.wall), seconds(took.cpu), times(took.cpu / scan.cpu), f"{looks / took.cpu:,.0f}"


def _declared(number: int, slot: Slot) -> Declaration:
    return feature(f"slot_{number}", slot, question="time", concept="benchmark", says="{value}")


def _by_stage(facts: Facts, keys: pd.DataFrame, declared: Catalog, *, rounds: int) -> dict[str, Took]:
    """Return the median seconds of each stage of the whole build; what is left over is assembling the matrix."""
    found: list[dict[str, Took]] = []
    for _ in range(rounds):
        with stages(_STAGES) as spent:
            whole = in_turn({"build": lambda: build(facts, keys, declared)}, rounds=1)["build"]
        found.append({**spent, "assembling the matrix and the rest": whole + _sum(spent).scaled(-1)})
    return {name: middle([each[name] for each in found]) for name in found[0]}


def _sum(parts: Mapping[str, Took]) -> Took:
    return Took(sum(t.wall for t in parts.values()), sum(t.cpu for t in parts.values()))


def _stages_section(took: dict[str, Took], by_stage: dict[str, Took], *, names: int) -> Section:
    parts = {"reading Parquet into facts": took["reading"], **by_stage}
    whole = _sum(parts)
    rows = [
        (name, seconds(t.wall), seconds(t.cpu), f"{t.cpu / whole.cpu:.0%}", times(t.cpu / took["scan"].cpu))
        for name, t in {**parts, "**all**": whole}.items()
    ]
    words = f"The same touches and looks, all {names} features of the simulated company's catalogue."
    return Section("Features: where the time goes", words, ("stage", "time", "CPU", "share", "times the scan"), rows)


def _sample(made: Made, facts: Facts, share: float) -> tuple[pd.DataFrame, duckdb.DuckDBPyConnection]:
    """Take the first prospects (ids are random) with their touches into DuckDB."""
    ids = made.keys["prospect_id"].unique()
    few = made.keys[made.keys["prospect_id"].isin(ids[: max(1, int(len(ids) * share))])]
    touches = facts.touches[facts.touches["prospect_id"].isin(few["prospect_id"])]
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name, frame in (("looks", few), ("touches", touches)):
        connection.register(f"{name}_given", to_arrow(frame))
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_given")
    return few, connection


def _agreement(
    facts: Facts, few: pd.DataFrame, same: Catalog, slots: list[Slot], connection: duckdb.DuckDBPyConnection
) -> str:
    """Say how far SQL and pandas are from the kernel, relative to the value."""
    ours: Matrix = build(facts, few, same)
    touches = facts.touches[facts.touches["prospect_id"].isin(few["prospect_id"])]
    others = {
        "SQL": other_ways.range_join(connection, slots),
        "pandas": other_ways.cumulative(touches, few.reset_index(drop=True), slots),
    }
    return ", ".join(
        f"{name} {max(_difference(ours.values[f'slot_{i}'], found[s]) for i, s in enumerate(slots)):.0e}"
        for name, found in others.items()
    )


def _difference(ours: pd.Series, other: np.ndarray) -> float:
    mine = ours.to_numpy("float64")
    if (np.isnan(mine) != np.isnan(other)).any():
        return float("inf")
    return float(np.nanmax(np.abs(mine - other) / np.maximum(np.abs(other), 1.0), initial=0.0))
