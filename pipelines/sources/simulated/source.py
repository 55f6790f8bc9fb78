"""Pull from the simulated company: write what its CRM would export, and the truth to a place of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from features.facts.definitions import load
from pipelines.sources.simulated.parameters import WorldParameters
from pipelines.sources.simulated.world import generate

DEFINITIONS: Final = Path(__file__).with_name("definitions.yaml")


def pull(
    raw: Path, *, prospects: int = 2000, seed: int = 7, days: int = 540, end: str | dt.date = "2026-07-01"
) -> None:
    """Write the raw tables of a simulated company as Parquet files into `raw`, the truth beside it.

    Parameters
    ----------
    raw : Path
        Folder for the raw tables; made if absent, files of the same names are replaced. The truth goes to
        `raw/../truth/`, which no source and no feature reads.
    prospects, seed, days, end
        See `WorldParameters`; `end` as a date or YYYY-MM-DD, nothing is recorded on it or later. The horizon of the
        true chances is that of definitions.yaml.

    Raises
    ------
    WorldError
        A number is too small for a world.
    """
    if isinstance(end, str):
        end = dt.date.fromisoformat(end)
    horizon = load(DEFINITIONS).horizon_days
    world = generate(WorldParameters(end=end, prospects=prospects, seed=seed, days=days, horizon_days=horizon))
    _write(raw, world.raw)
    _write(raw.parent / "truth", world.truth)


def _write(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
