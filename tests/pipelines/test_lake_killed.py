"""A load that is killed in the middle leaves a readable lake, and running it once more completes it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.facts.contract import check
from pipelines.lake import Lake

ROOT = Path(__file__).resolve().parents[2]
ROWS = 20_000
LOAD_AND_WAIT = """
import sys
from tests.pipelines.test_lake_killed import load
load(sys.argv[1])
sys.stdin.read()
"""


def load(root: str) -> list[int]:
    """Merge prospects, their touches and their outcomes, one table after another."""
    ids = pd.Series(np.arange(ROWS).astype("str"), dtype="str")
    when = pd.Series(pd.date_range("2026-01-01", periods=ROWS, freq="min", tz="UTC")).dt.as_unit("us")
    event = {"prospect_id": ids, "occurred_at": when, "recorded_at": when}
    company = {
        "prospects": pd.DataFrame({"prospect_id": ids, "created_at": when, "recorded_at": when}),
        "touches": pd.DataFrame({"touch_id": ids, "kind": "call", "direction": "inbound", **event}),
        "outcomes": pd.DataFrame({"result": "lost", **event}),
    }
    return [Lake(root).merge(name, check(name, frame).good) for name, frame in company.items()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The data version of a load that nobody interrupted."""
    root = str(tmp_path_factory.mktemp("whole"))
    assert load(root) == [ROWS] * 3
    return Lake(root).data_version()


@pytest.mark.parametrize(
    "moment",
    [
        "prospects",
        "prospects/*.parquet",
        "prospects/_delta_log/*.json",
        "touches",
        "touches/*.parquet",
        "touches/_delta_log/*.json",
        "outcomes/*.parquet",
    ],
)
def test_a_load_killed_when_a_file_appears_leaves_a_lake_that_a_rerun_completes(
    tmp_path: Path, whole: str, moment: str
) -> None:
    root = tmp_path / "lake"
    command = [sys.executable, "-c", LOAD_AND_WAIT, str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT) as process:
        while process.poll() is None and not any(root.glob(moment)):
            time.sleep(0.001)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    after = {name: len(table) for name, table in Lake(root).facts().tables().items()}
    assert set(after.values()) <= {0, ROWS}
    assert [ROWS if added == 0 else 0 for added in load(str(root))] == [
        after[name] for name in ("prospects", "touches", "outcomes")
    ]
    assert Lake(root).data_version() == whole


def test_leftovers_of_a_first_commit_that_never_happened_are_no_obstacle(tmp_path: Path, whole: str) -> None:
    root = tmp_path / "lake"
    load(str(root))
    for name in ("touches", "outcomes"):
        (root / name / "_delta_log/00000000000000000000.json").unlink()
    (root / "outcomes/_delta_log").rmdir()
    assert Lake(root).versions() == {"prospects": 0}
    assert load(str(root)) == [0, ROWS, ROWS]
    assert Lake(root).data_version() == whole
