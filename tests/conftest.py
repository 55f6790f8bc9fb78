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


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets: TAKT_DATA, or shared/data beside the repository; absent, the test skips."""
    place = Path(os.environ.get("TAKT_DATA", ROOT.parent / "shared" / "data"))
    if not place.is_dir():
        pytest.skip(f"no real data at {place}; set TAKT_DATA to the folder that holds bpic2012/, olist.../, ...")
    return place
