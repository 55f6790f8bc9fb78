"""What every test may ask for by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# two test processes share two cores: libraries that spin while they wait for a thread would make both wait
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TAKT_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file together, those that share a Prefect server too; begin with what takes longest."""
    begin = []
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group is None:
            item.add_marker(pytest.mark.xdist_group(item.path.as_posix()))
        elif group.args[0] not in begin:
            begin.append(group.args[0])
    items.sort(key=lambda item: 0 if item.get_closest_marker("xdist_group").args[0] in begin else 1)  # type: ignore[union-attr]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets: TAKT_DATA, or shared/data beside the repository; absent, the test skips."""
    place = Path(os.environ.get("TAKT_DATA", ROOT.parent / "shared" / "data"))
    if not place.is_dir():
        pytest.skip(f"no real data at {place}; set TAKT_DATA to the folder that holds bpic2012/, olist.../, ...")
    return place
