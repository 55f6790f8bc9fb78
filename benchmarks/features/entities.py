"""The features by featuretools, with cutoff times and training windows; runs in a venv of its own.

`python entities.py TOUCHES LOOKS` prints as JSON how long it took and how much it made. It imports nothing of the
project: featuretools does not live with its pandas.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import featuretools as ft
import pandas as pd

WINDOWS = (7, 30, 90, 365)
CONTACT_WINDOWS = (30, 90)


def main() -> None:
    """Make the features of each look."""
    warnings.simplefilter("ignore")
    touches, looks = (_naive(pd.read_parquet(place)) for place in sys.argv[1:])
    wall, cpu = time.perf_counter(), time.process_time()
    made = features(touches, looks)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"wall": wall, "cpu": cpu, "features": made, "looks": len(looks), "version": ft.__version__}))


def features(touches: pd.DataFrame, looks: pd.DataFrame) -> int:
    """Return how many features were made: counts, totals, shares' counts, recency, contacts, by kind and channel."""
    entities = ft.EntitySet("company")
    entities.add_dataframe(looks[["prospect_id"]].drop_duplicates(), "prospects", index="prospect_id")
    entities.add_dataframe(
        touches, "touches", index="touch_id", time_index="occurred_at",
        logical_types={"kind": "Categorical", "channel": "Categorical", "contact_id": "Categorical"},
    )  # fmt: skip
    entities.add_relationship("prospects", "prospect_id", "touches", "prospect_id")
    entities.add_interesting_values(dataframe_name="touches", values={"kind": sorted(touches["kind"].unique())})
    found = 0
    for days in WINDOWS:
        distinct = ["num_unique"] if days in CONTACT_WINDOWS else []
        found += _made(entities, looks, ["count", "sum", *distinct], ["count", "sum"], days)
    found += _made(entities, looks, ["time_since_last"], ["time_since_last"], None)
    entities.add_interesting_values(
        dataframe_name="touches", values={"channel": sorted(touches["channel"].dropna().unique())}
    )
    return found + _made(entities, looks, ["count"], ["count"], 90)


def _made(entities: ft.EntitySet, looks: pd.DataFrame, whole: list[str], where: list[str], days: int | None) -> int:
    matrix, names = ft.dfs(
        entityset=entities, target_dataframe_name="prospects", agg_primitives=whole, where_primitives=where,
        trans_primitives=[], cutoff_time=looks.rename(columns={"as_of": "time"}), include_cutoff_time=False,
        training_window=f"{days} days" if days else None, cutoff_time_in_index=True, n_jobs=1, max_depth=1,
    )  # fmt: skip
    if len(matrix) != len(looks):
        raise SystemExit(f"{len(looks)} looks gave {len(matrix)} rows.")
    return len(names)


def _naive(frame: pd.DataFrame) -> pd.DataFrame:
    times = frame.select_dtypes("datetimetz").columns
    return frame.assign(**{name: frame[name].dt.tz_convert(None) for name in times})


if __name__ == "__main__":
    main()
