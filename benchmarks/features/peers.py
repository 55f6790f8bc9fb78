"""The first 130 features in the ways that people work them out, at one size, in the same rounds as Takt."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import duckdb

from benchmarks.clock import Took
from benchmarks.features import agreement, range_join
from benchmarks.features.asked import Asked
from benchmarks.features.made import LATE_PROSPECTS, Made
from benchmarks.features.streamed import Stream
from benchmarks.features.terms import Numbers
from benchmarks.features.with_pandas import work_out_by_pandas
from benchmarks.report import Section, seconds, times

_FEW: Final = 6
"""Prospects that featuretools gets."""
_PYTHON: Final = Path(f"{sys.prefix.removesuffix('-bench')}-featuretools") / "bin" / "python"
_SCRIPT: Final = Path(__file__).with_name("entities.py")
_HEAD: Final = (
    "way",
    "features",
    "time",
    "CPU",
    "times the scan (CPU)",
    "times Takt (CPU)",
    "goal",
    "times Takt (time)",
)


class Peers:
    """Polars, pandas, the SQL range join and featuretools beside the kernel."""

    def __init__(self, made: Made, asked: Asked, *, share: float, folder: Path) -> None:
        self._made, self._asked, self._folder = made, asked, folder
        self._terms = [declaration.term for declaration in asked.catalog.declarations]
        self._one_time = [i for i, t in enumerate(self._terms) if all(s.kind != "distinct" for s in t.slots())]
        self._prospects = max(1, round(share * made.prospects()))
        self._sample = range_join.sample(made, self._prospects)
        self._looks = int(self._sample.execute("SELECT count(*) FROM looks").fetchall()[0][0])
        self._found: dict[str, list[Numbers]] = {}
        self._frame: Any = None

    def ways(self) -> dict[str, Callable[[], object]]:
        """Return what runs in turn with the others."""
        return {"polars": self._polars, "pandas": self._pandas, "sql": self._sql}

    def section(self, took: Mapping[str, Took], *, looks: int) -> Section:
        """Return the table, with how far the ways agree."""
        ours, all_, some = took["first"], len(self._terms), len(self._one_time)
        lines = [
            ("Takt, streamed", all_, ours, ""),
            ("Polars: running sums, as-of joins of row numbers", some, took["polars"], "5"),
            ("pandas: running sums, as-of joins", some, took["pandas"], "15"),
            (f"SQL range join (DuckDB), scaled up from {self._looks:,} looks", all_,
             took["sql"].scaled(looks / self._looks), "100"),
        ]  # fmt: skip
        rows = [_row(name, each, took, features=n, goal=goal) for name, n, each, goal in lines]
        return Section(
            "Features: beside other ways", self._words(looks), _HEAD, [*rows, self._featuretools(took, looks)]
        )

    def _polars(self) -> None:
        from benchmarks.features.with_polars import work_out_by_polars  # lies in the venv of benchmarks alone

        self._frame = work_out_by_polars(self._made, [self._terms[i] for i in self._one_time])

    def _pandas(self) -> None:
        self._found["pandas"] = work_out_by_pandas(self._made, [self._terms[i] for i in self._one_time])

    def _sql(self) -> None:
        self._found["SQL"] = range_join.work_out_by_sql(self._sample, self._terms)

    def _words(self, looks: int) -> str:
        """Compare the values: SQL on every sampled look, the others where one time of a touch is enough."""
        mine = agreement.ours(Stream(self._made, self._made.weekly, self._asked))
        fair = agreement.punctual(self._made)
        self._found["Polars"] = [column.to_numpy().astype("float64") for column in self._frame.iter_columns()]
        far = {"SQL": agreement.largest(mine[: self._looks], self._found["SQL"], columns=range(len(self._terms)))}
        for name in ("Polars", "pandas"):
            others = [values[fair] for values in self._found[name]]
            far[name] = agreement.largest(mine[fair], others, columns=self._one_time)
        return (
            f"{looks:,} looks; every way reads the Parquet files itself but SQL, whose sample lies in tables. "
            f"Polars and pandas know one time of a touch and no distinct contacts: they are compared on the "
            f"{fair.mean():.0%} of the looks whose prospects have no late touch ({LATE_PROSPECTS:.0%} of the "
            "prospects have a quarter of theirs late), SQL on every sampled look, late touches and all. "
            "The goal is the least times Takt that issue 6 asks for. "
            "Largest difference, relative to values above 1 (Takt's are float32): "
            f"{', '.join(f'{name} {value:.0e}' for name, value in far.items())}."
        )

    def _featuretools(self, took: Mapping[str, Took], looks: int) -> tuple[str, ...]:
        """Run it on few prospects in its own venv, if that is there."""
        name = "featuretools: cutoff times, training windows"
        if not _PYTHON.exists():
            return (f"{name}: not measured, its venv is absent (`make bench` makes it)", "", "", "", "", "", "", "")
        touches, few = self._folder / "few-touches.parquet", self._folder / "few-looks.parquet"
        whose = f"prospect_id IN (SELECT prospect_id FROM '{self._made.today}' ORDER BY prospect_id LIMIT {_FEW})"
        columns = "touch_id, prospect_id, contact_id, kind, channel, occurred_at, value"
        duckdb.execute(f"COPY (SELECT {columns} FROM '{self._made.touches}' WHERE {whose}) TO '{touches}'")
        duckdb.execute(f"COPY (SELECT * FROM '{self._made.weekly}' WHERE {whose}) TO '{few}'")
        command = [str(_PYTHON), str(_SCRIPT), str(touches), str(few)]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
        scaled = Took(found["wall"], found["cpu"]).scaled(looks / found["looks"])
        return _row(
            f"{name}, scaled up from {found['looks']} looks", scaled, took, features=found["features"], goal="1,000"
        )


def _row(name: str, one: Took, took: Mapping[str, Took], *, features: int, goal: str) -> tuple[str, ...]:
    scan, ours = took["scan"], took["first"]
    return (
        name, str(features), seconds(one.wall), seconds(one.cpu),
        times(one.cpu / scan.cpu), times(one.cpu / ours.cpu), goal, times(one.wall / ours.wall),
    )  # fmt: skip
