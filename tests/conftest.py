"""What every test may ask for by name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from pipelines.flows.run import Run
    from pipelines.home import Home

# two test processes share two cores: libraries that spin while they wait for a thread would make both wait
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TAKT_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]


TOGETHER = {
    # these share Prefect's temporary server and the simulated company that was run through it
    "prefect": (
        "test_killed", "test_undisturbed", "test_flows", "test_real_runs", "test_experiment_in_the_list",
        "test_replaying", "test_signalled", "test_overriding", "test_asking", "test_cli_too_early",
        "test_every_page", "test_days_in_a_browser", "test_loop", "test_mailed_days", "test_monitor_flow",
        "test_watch_in_a_browser", "test_write_back_days", "test_daily_on_postgres",
        "test_backing_up", "test_erasing",
    ),
    "whole": ("test_running", "test_demo", "test_notebooks"),
    # these share one PostgreSQL with a Tryton on it
    "tryton": ("test_a_month_in_a_real_crm", "test_tryton_source", "test_tryton_writing"),
}  # fmt: skip
"""Files whose tests run in one process, the groups that take longest first; every other file is a group of its own."""
GROUP = {name: group for group, names in TOGETHER.items() for name in names}


def group_of(nodeid: str) -> str:
    """Return the group of a test by its file."""
    file = nodeid.split("::", 1)[0]
    return GROUP.get(Path(file).stem, file)


class Grouped(LoadScopeScheduling):
    """Give whole groups to the processes (xdist's own `loadgroup` does nothing with this pytest)."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Grouped:
    """Take our scheduler."""
    return Grouped(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    first = list(TOGETHER)
    items.sort(key=lambda item: first.index(g) if (g := group_of(item.nodeid)) in first else len(first))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets: TAKT_DATA, or shared/data beside the repository; absent, the test skips."""
    place = Path(os.environ.get("TAKT_DATA", ROOT.parent / "shared" / "data"))
    if not place.is_dir():
        pytest.skip(f"no real data at {place}; set TAKT_DATA to the folder that holds bpic2012/, olist.../, ...")
    return place


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
    from pipelines.settings import quiet_defaults

    quiet_defaults(tmp_path_factory.mktemp("prefect"))
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        from prefect.settings import get_current_settings

        yield str(get_current_settings().api.url)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The home of `company_run`; tests may add to it but not break it."""
    from pipelines.home import Home

    return Home(tmp_path_factory.mktemp("homes") / "company")


@pytest.fixture(scope="session")
def company_run(prefect: str, small_company: Path, company: Home) -> Run:
    """The whole loop, run once."""
    from pipelines.flows.run import run

    done: Run = run("simulated", data=str(small_company), home=str(company.path))
    return done
