"""A small simulated company, pulled once, and Prefect's temporary server, started once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.home import Home
from pipelines.lake import Lake
from pipelines.settings import quiet_defaults

if TYPE_CHECKING:
    from pipelines.flows.run import Run


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake without tables."""
    return Lake(tmp_path / "lake")


@pytest.fixture(scope="session")
def small_company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw files of 250 simulated prospects; the truth lies beside the folder."""
    from pipelines.sources.folders import find

    raw = tmp_path_factory.mktemp("company") / "raw"
    find("simulated").pull(raw, prospects=250, seed=11, end="2026-07-01")
    return raw


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One temporary Prefect server for all tests of flows; its address."""
    quiet_defaults(tmp_path_factory.mktemp("prefect"))
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        from prefect.settings import get_current_settings

        yield str(get_current_settings().api.url)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The home of `company_run`; tests may add to it but not break it."""
    return Home(tmp_path_factory.mktemp("homes") / "company")


@pytest.fixture(scope="session")
def company_run(prefect: str, small_company: Path, company: Home) -> Run:
    """The whole loop, run once."""
    from pipelines.flows.run import run

    done: Run = run("simulated", data=str(small_company), home=str(company.path))
    return done
