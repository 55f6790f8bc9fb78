"""A small simulated company, pulled once, and Prefect's temporary server, started once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.lake import Lake
from pipelines.settings import quiet_defaults


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake without tables."""
    return Lake(tmp_path / "lake")


@pytest.fixture(scope="session")
def small_company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw files of 400 simulated prospects; the truth lies beside the folder."""
    from pipelines.sources.folders import find

    raw = tmp_path_factory.mktemp("company") / "raw"
    find("simulated").pull(raw, prospects=400, seed=11, end="2026-07-01")
    return raw


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One temporary Prefect server for all tests of flows; its address."""
    quiet_defaults(tmp_path_factory.mktemp("prefect"))
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        from prefect.settings import get_current_settings

        yield str(get_current_settings().api.url)
