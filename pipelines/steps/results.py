"""Everything that was measured, on one page: `docs/RESULTS.md`, written by `takt evaluate --all`, never by hand.

A section is a table with a title and some lines on what was measured and how it was split. Sources with times give
one section each; parts of Takt that are measured in their own way (timing, offers, the simulated truth) hand theirs in.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import pandas as pd

from features.errors import NotEnoughHistory, TaktError
from models.evidence.peers import PEERS, best_peer, compare
from models.heads.held_out import CHOSEN
from models.heads.win import fit_win
from pipelines.home import Home
from pipelines.progress import stage
from pipelines.sources.evaluated import Evaluated, evaluated
from pipelines.steps import moments, pulling, training

COLUMNS: Final = ("section", "model", "metric", "value", "low", "high", "n", "note")
NUMBERS: Final = ("value", "low", "high", "n")
PACKAGES: Final = ("takt", "lightgbm", "scikit-learn", "numpy", "pandas")
FORWARD: Final = "chance to win, forward in time"


class BadResults(TaktError):
    """A table that was handed in cannot be shown: columns are missing or strange, or a section stands twice."""


@dataclass(frozen=True)
class Section:
    """One table of results.

    Attributes
    ----------
    title : str
        What was measured, and on which data.
    about : tuple of str
        Lines under the title: data, split, versions, what the figures mean.
    table : DataFrame
        model, metric, value, low, high (a 95 % interval), n, note; empty where nothing could be measured, and then
        `about` says why.
    """

    title: str
    about: tuple[str, ...]
    table: pd.DataFrame

    @classmethod
    def of(cls, title: str, table: pd.DataFrame, about: Iterable[str] = ()) -> Section:
        """Take a table as it comes: `low`, `high`, `n` and `note` may be absent, `section` is not needed.

        Raises
        ------
        BadResults
            model, metric or value is absent, or there is a column that a section does not have.
        """
        absent = [c for c in ("model", "metric", "value") if c not in table.columns]
        strange = [c for c in table.columns if c not in COLUMNS]
        if absent or strange:
            raise BadResults(f"{title}: columns {absent} are absent and {strange} are strange; expected {COLUMNS}.")
        whole = table.reindex(columns=list(COLUMNS[1:]))
        filled = {name: whole[name].astype("float64") for name in NUMBERS}
        return cls(
            title, tuple(about), whole.assign(**filled, note=whole["note"].astype("object").fillna("").astype("str"))
        )


def sections_of(table: pd.DataFrame, about: Mapping[str, Sequence[str]] | None = None) -> list[Section]:
    """Cut a table with a column `section` into sections, in the order in which they first appear."""
    if "section" not in table.columns:
        raise BadResults(f"no column section in {list(table.columns)}; name the section of each row.")
    given = about or {}
    return [
        Section.of(str(title), rows.drop(columns="section"), given.get(str(title), ()))
        for title, rows in table.groupby("section", sort=False)
    ]


def evaluate_all(
    data: Path, home: Home, *, day: dt.date, page: Path, threads: int, others: Sequence[Section] = ()
) -> tuple[Section, ...]:
    """Measure every source with times forward in time, add the `others`, and write the page.

    Parameters
    ----------
    data : Path
        The folder that holds the raw files of all sources, each below it where its `evaluation.yaml` says.
    home : Home
        Where sources that make their own files may write them.
    day : date
        The day that is written on the page.
    page : Path
        Where the page goes; replaced as a whole, or not at all.
    """
    own = [forward(one, home, threads=threads) for one in evaluated(data) if one.times]
    found = (*own, *others)
    write(page, render(found, day=day, versions=versions()))
    return found


def forward(one: Evaluated, home: Home, *, threads: int, draws: int = 200) -> Section:
    """Measure Takt and its peers on one source; what could not be measured says why."""
    name = one.source.name
    title = f"{name}: {FORWARD}"
    if one.data is not None and not one.data.is_dir():
        return Section.of(title, _nothing(), [f"Not measured: no folder {one.data.name} in the data directory."])
    place = Home(home.path / name)
    mapped = pulling.map_and_check(one.source, pulling.pull(one.source, one.data, place))
    words, facts = mapped.definitions, mapped.facts()
    as_of = moments.as_of_for(None, facts, words)
    try:
        given = training.material(facts.visible(as_of), as_of, definitions=words)
        fitted = fit_win(
            given.matrix, given.label, catalog=given.catalog, definitions=words, trained_as_of=as_of,
            data_version="evaluation", capacity=given.capacity, seed=training.SEED, threads=threads, draws=draws,
        )  # fmt: skip
        with stage(f"{name}: fitting {len(PEERS)} peers") as told:
            table = compare(
                given.matrix, given.label, fitted, capacity=given.capacity, seed=training.SEED, threads=threads,
                draws=draws,
            )  # fmt: skip
            told.found = _standing(table)
    except NotEnoughHistory as error:
        return Section.of(title, _nothing(), [f"Not measured: {error}"])
    parts = fitted.split.words if fitted.split is not None else {}
    about = [
        f"{words.company}; {'simulated data; ' if words.simulated else ''}horizon {words.horizon_days} days, "
        f"definitions {words.meaning}, features {given.catalog.hash}, {len(facts.prospects):,} prospects, "
        f"{len(facts.touches):,} touches.",
        *(f"Split, {part}: {said}." for part, said in parts.items()),
        f"Takt keeps the rung {fitted.kept.rung.name}. {_standing(table)}.",
    ]
    return Section.of(title, table, about)


def _standing(table: pd.DataFrame) -> str:
    best = best_peer(table)
    row = table.set_index(["model", "metric"]).loc[(CHOSEN, f"auc_over {best}")]
    return f"Best peer by AUC on the test: {best}; Takt over it {_number(row['value'])} {_interval(row)}".rstrip()


def versions() -> dict[str, str]:
    """Return what the figures were made with."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed as a package"
    return found


def render(sections: Sequence[Section], *, day: dt.date, versions: Mapping[str, str]) -> str:
    """Return the page as Markdown.

    Raises
    ------
    BadResults
        Two sections have the same title.
    """
    titles = [s.title for s in sections]
    twice = sorted({t for t in titles if titles.count(t) > 1})
    if twice:
        raise BadResults(f"sections stand twice: {twice}; give each its own title.")
    made_with = ", ".join(f"{name} {number}" for name, number in versions.items())
    head = [
        "# Results",
        "",
        f"Measured on {day.isoformat()} with {made_with}. Written by `takt evaluate --all`; do not edit, run it again.",
        "",
        "Intervals are 95 %, by draws of whole prospects unless a section says otherwise. `auc_over X`, `log_loss_over "
        "X` and the like are what Takt gains over X on the same draws: positive is better for Takt.",
    ]
    return "\n".join([*head, *(line for s in sections for line in _lines(s))]) + "\n"


def write(page: Path, text: str) -> None:
    """Put the page in its place whole: who reads meanwhile sees the old one or the new one."""
    page.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{page.name}-", dir=page.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(page)
    finally:
        Path(name).unlink(missing_ok=True)


def _lines(section: Section) -> list[str]:
    head = ["", f"## {section.title}", "", *(f"- {line}" for line in section.about)]
    if section.table.empty:
        return head
    rows = ["", "| model | metric | figure | interval | n | note |", "|---|---|---:|---|---:|---|"]
    return [*head, *rows, *(_row(row) for row in section.table.to_dict("records"))]


def _row(row: Mapping[Any, Any]) -> str:
    n = "" if pd.isna(row["n"]) else f"{row['n']:,.0f}"
    cells = [row["model"], row["metric"], _number(row["value"]), _interval(row), n, row["note"]]
    return "| " + " | ".join(str(c).replace("|", "/").replace("\n", " ") for c in cells) + " |"


def _number(value: float) -> str:
    if pd.isna(value):
        return "unknown"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"


def _interval(row: Any) -> str:
    known = not (pd.isna(row["low"]) or pd.isna(row["high"]))
    return f"[{_number(row['low'])}, {_number(row['high'])}]" if known else ""


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(columns=list(COLUMNS[1:]))
