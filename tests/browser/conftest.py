"""Debian's chromium before a real server, with the simulated company's published day."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.visit import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from pipelines.flows.run import Run
    from pipelines.home import Home

SERVE = "from serving.server import run; from serving.settings import Settings; run(Settings())"
PATIENCE = 90
Open = Callable[..., Visit]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is; absent, the test skips."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no chromium on this machine; `apt-get install chromium` brings it")
    return found


@pytest.fixture(scope="session")
def day_home(chromium: str, company_run: Run, company: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own with the company's store and champion: what is tapped here is known to no other test."""
    home = tmp_path_factory.mktemp("browser") / "home"
    home.mkdir()
    with sqlite3.connect(company.path / "store.db") as store:
        store.execute("vacuum into ?", (str(home / "store.db"),))
    store.close()
    shutil.copytree(company.champion, home / "champion")
    return home


@pytest.fixture(scope="session")
def address(day_home: Path) -> Iterator[str]:
    """A server as `takt serve` starts it; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "TAKT_HOME": str(day_home), "TAKT_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-c", SERVE], env=environment, stderr=subprocess.PIPE, text=True)
    said = []
    for line in process.stderr:
        said.append(line)
        if "running on" in line:
            break
    else:
        pytest.fail("the server did not start:\n" + "".join(said))
    reader = threading.Thread(target=lambda: said.extend(process.stderr), daemon=True)
    reader.start()
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGINT)
    process.wait(PATIENCE)
    reader.join(PATIENCE)
    process.stderr.close()
    assert not [line for line in said if "Traceback" in line], "".join(said)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for all tests."""
    from playwright.sync_api import sync_playwright

    # root may not start it with its sandbox, and a container has little shared memory
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Open]:
    """Open a window of a size, a language, a colour scheme, with or without JavaScript; closed after the test.

    At the end nothing may have gone to another host, and no page may have complained.
    """
    opened: list[Visit] = []

    def window(**options: Any) -> Visit:
        opened.append(Visit(browser, address, **options))
        return opened[-1]

    yield window
    for one in opened:
        one.close()
    assert [host for one in opened for host in one.elsewhere] == []
    assert [line for one in opened for line in one.complaints] == []
