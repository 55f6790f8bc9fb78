"""What a source is good for, and what to do next: `takt assess`, as tables and as one page of HTML."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import jinja2
import pandas as pd

from features.facts.contract import Checked
from features.facts.definitions import Definitions, load
from features.facts.ledger import Facts
from features.readiness.assess import assess
from features.readiness.assessment import MEANT, PRINCIPLES, Assessment
from features.readiness.table import assess_table
from models.heads.ladder import STEPS
from pipelines.home import Home, NotIngested
from pipelines.progress import stage
from pipelines.sources.folders import SourceFolder, find
from pipelines.sources.mapping import map_source
from pipelines.sources.raw_table import find_table, read_rows, read_words
from pipelines.steps import moments, pulling

RUNGS: Final = {name: step.least_wins for name, step in STEPS.items()}
_TEMPLATE: Final = "assessment.html.j2"


def assess_source(source: str, data: Path | None, home: Home, *, day: str | None = None) -> Assessment:
    """Answer what the data of a source are good for; nothing is stored.

    Parameters
    ----------
    source : str
        A built-in name, or the path of a folder: with `definitions.yaml`, or with `table.yaml` for a table that has no
        times.
    data : Path or None
        The folder of raw files. None: the facts of the last ingest of this source, or what it pulls itself.
    day : str, optional
        YYYY-MM-DD, the day to look at; by default today, or the day after the last fact.

    Raises
    ------
    SourceError, NoData, BadDay, TableError
        The text says what to do.
    """
    place = find_table(source)
    if place is not None:
        return _of_table(place, data)
    facts, definitions, checked = _facts(find(source), data, home)
    as_of = moments.as_of_for(day, facts, definitions)
    with stage("reading the data for what they are good for"):
        set_aside = {name: (len(c.quarantined), len(c.good) + len(c.quarantined)) for name, c in checked.items()}
        return assess(facts, definitions, as_of, rungs=RUNGS, set_aside=set_aside)


def to_frame(assessment: Assessment) -> pd.DataFrame:
    """Return one row per finding: principle, score (of the principle), severity, title, met, evidence, next_action."""
    scores = assessment.scores
    rows = [
        {
            "principle": f.principle, "score": scores[f.principle], "severity": f.severity, "title": f.title,
            "met": f.met, "evidence": f.evidence, "next_action": f.next_action,
        }
        for f in assessment.findings
    ]  # fmt: skip
    columns = ["principle", "score", "severity", "title", "met", "evidence", "next_action"]
    return pd.DataFrame(rows, columns=columns)


def to_html(assessment: Assessment) -> str:
    """Return one page with the scores, what to do first, and every finding; it loads nothing from anywhere."""
    principles = [
        {
            "name": name,
            "title": title.partition(":")[0],
            "question": title.partition(": ")[2],
            "score": None if math.isnan(assessment.scores[name]) else round(assessment.scores[name]),
            "findings": assessment.of_principle(name),
        }
        for name, title in PRINCIPLES.items()
    ]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template(_TEMPLATE)
    return page.render(assessment=assessment, principles=principles, meant=MEANT)


def _of_table(place: Path, data: Path | None) -> Assessment:
    if data is None:
        raise pulling.NoData(f"the table of {place.parent.name} is read from its file; say where: --data DIR.")
    words = read_words(place)
    with stage(f"reading the table {words.table}") as told:
        frame = read_rows(words, data)
        told.found = f"{len(frame):,} rows, {frame.shape[1]} columns, no times"
    with stage("looking at each column alone"):
        return assess_table(
            frame,
            target=words.target,
            positive=words.positive,
            ordered_by_row=words.order == "time",
            known_after=words.known_only_after,
            ids=words.ids,
            missing_words=words.missing_words,
            subject=words.company,
            rungs=RUNGS,
        )


def _facts(source: SourceFolder, data: Path | None, home: Home) -> tuple[Facts, Definitions, dict[str, Checked]]:
    """Return the facts to look at; too many rows in quarantine are a finding here, and no reason to stop."""
    if data is None and _ingested(home) == source.name:
        facts, _ = pulling.known(home)
        return facts, load(source.definitions), {}
    raw = pulling.pull(source, data, home)
    with stage(f"mapping {source.name} to the contract"):
        mapped = map_source(source, raw)
    return mapped.facts(), mapped.definitions, dict(mapped.checked)


def _ingested(home: Home) -> str | None:
    try:
        return home.ingested().source
    except NotIngested:
        return None
