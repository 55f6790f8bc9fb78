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
    """Return all cards of a home, by start and name.

    Raises
    ------
    ExperimentError
        A card cannot be read, or lies under another name than its own.
    """
    found = {path: read(path) for path in sorted(home.experiments.glob("*.yaml"))}
    for path, card in found.items():
        if card.name != path.stem:
            raise ExperimentError(f"{path}: holds the experiment {card.name!r}; name the file {card.name}.yaml.")
    return sorted(found.values(), key=lambda card: (card.start, card.name))


def assignments(home: Home, filed: Sequence[Card] | None = None) -> pd.DataFrame:
    """Return who joined which experiment: experiment, prospect_id, arm, chance, first_seen."""
    logs = [joined(home, card.name) for card in (cards(home) if filed is None else filed)]
    return pd.concat([no_assignments(), *logs], ignore_index=True).astype(COLUMNS)


def path_of(home: Home, name: str) -> Path:
    """Return the place of a card."""
    return home.experiments / f"{name}.yaml"


def keep(card: Card, home: Home) -> None:
    """Write a card to its place."""
    text = yaml.safe_dump(card.model_dump(mode="json", exclude_none=True), sort_keys=False, allow_unicode=True)
    _write(path_of(home, card.name), text)


def joined(home: Home, name: str) -> pd.DataFrame:
    """Return the assignments of one experiment, the earliest of each prospect."""
    path = _log(home, name)
    if not path.exists():
        return no_assignments()
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        frame = pd.DataFrame(rows).assign(experiment=name)
        frame["first_seen"] = pd.to_datetime(frame["first_seen"], utc=True)
        return frame[list(COLUMNS)].astype(COLUMNS)
    except (ValueError, KeyError) as error:
        raise ExperimentError(f"{path}: cannot be read ({error!r}); restore it from a copy of the home.") from error


def join(home: Home, name: str, rows: pd.DataFrame) -> None:
    """Add assignments to those of an experiment; who is there already stays as it is."""
    _write(_log(home, name), _lines(pd.concat([joined(home, name), rows])))


def _log(home: Home, name: str) -> Path:
    return home.experiments / f"{name}.assigned.jsonl"


def _lines(rows: pd.DataFrame) -> str:
    kept = rows.sort_values(["first_seen", "prospect_id"], kind="stable").drop_duplicates("prospect_id")
    lines = [
        {"prospect_id": r.prospect_id, "arm": r.arm, "chance": r.chance, "first_seen": r.first_seen.isoformat()}
        for r in kept.itertuples()
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _write(path: Path, text: str) -> None:
    """Replace a file in one step, its folder made when absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8", newline="\n") as scratch:
        scratch.write(text)
        scratch.flush()
        os.fsync(scratch.fileno())
    Path(scratch.name).replace(path)
