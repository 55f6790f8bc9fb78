"""The files of experiments: cards as YAML in `experiments/`, and beside each who joined when, one JSON line each.

    experiments/pilot-first.yaml             the card
    experiments/pilot-first.assigned.jsonl   {"prospect_id": ..., "arm": ..., "chance": ..., "first_seen": ...}

Each is written whole or not at all. The arms are drawn by hash, so of the second file only `first_seen` could be lost.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import yaml

from models.evidence.experiment_card import Card, ExperimentError, parse_card
from models.evidence.experiments import COLUMNS, no_assignments
from pipelines.home import Home


def read(path: Path) -> Card:
    """Read a card from a YAML file.

    Raises
    ------
    ExperimentError
        The file is absent, not YAML, or no card.
    """
    try:
        return parse_card(yaml.safe_load(path.read_text(encoding="utf-8")), origin=str(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ExperimentError(f"{path}: cannot be read as a card in YAML: {error}") from error


def cards(home: Home) -> list[Card]:
    """Return all cards of a home, by start and name."""
    found = [read(path) for path in sorted(home.experiments.glob("*.yaml"))]
    return sorted(found, key=lambda card: (card.start, card.name))


def assignments(home: Home, filed: Sequence[Card] | None = None) -> pd.DataFrame:
    """Return who joined which experiment: experiment, prospect_id, arm, chance, first_seen."""
    logs = [joined(home, card.name) for card in (cards(home) if filed is None else filed)]
    return pd.concat([no_assignments(), *logs], ignore_index=True).astype(COLUMNS)


def path_of(home: Home, name: str) -> Path:
    return home.experiments / f"{name}.yaml"


def log_path(home: Home, name: str) -> Path:
    return home.experiments / f"{name}.assigned.jsonl"


def file(card: Card, home: Home) -> None:
    text = yaml.safe_dump(card.model_dump(mode="json", exclude_none=True), sort_keys=False, allow_unicode=True)
    _write(path_of(home, card.name), text)


def joined(home: Home, name: str) -> pd.DataFrame:
    """Return the assignments of one experiment, the earliest of each prospect."""
    path = log_path(home, name)
    if not path.exists():
        return no_assignments()
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        frame = pd.DataFrame(rows).assign(experiment=name)
        frame["first_seen"] = pd.to_datetime(frame["first_seen"], utc=True)
        return frame[list(COLUMNS)].astype(COLUMNS)
    except (ValueError, KeyError) as error:
        raise ExperimentError(f"{path}: cannot be read ({error!r}); restore it from a copy of the home.") from error


def _lines(rows: pd.DataFrame) -> str:
    kept = rows.sort_values(["first_seen", "prospect_id"], kind="stable").drop_duplicates("prospect_id")
    return "".join(
        json.dumps(
            {"prospect_id": r.prospect_id, "arm": r.arm, "chance": r.chance, "first_seen": r.first_seen.isoformat()}
        )
        + "\n"
        for r in kept.itertuples()
    )


def _write(path: Path, text: str) -> None:
    """Replace a file in one step, its folder made when absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8", newline="\n") as scratch:
        scratch.write(text)
        scratch.flush()
        os.fsync(scratch.fileno())
    Path(scratch.name).replace(path)
