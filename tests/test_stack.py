"""The trap bounds of pyproject.toml: what resolves is not what works.

The scheduler is seen in tests/pipelines/running/test_running.py."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NEEDED = [Requirement(line) for line in PROJECT["dependencies"]]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_prefects_server_imports_with_the_fastapi_that_is_installed() -> None:
    from prefect.server.api.server import create_app

    assert callable(create_app)


@pytest.mark.parametrize("needed", NEEDED, ids=lambda r: r.name)
def test_what_is_installed_lies_inside_the_declared_bounds(needed: Requirement) -> None:
    assert needed.specifier.contains(version(needed.name), prereleases=True)


@pytest.mark.parametrize("needed", NEEDED, ids=lambda r: r.name)
def test_every_dependency_is_pinned_with_hashes_in_the_lock(needed: Requirement) -> None:
    found = re.search(
        rf"^{re.escape(needed.name)}(\[[\w,-]+\])?==\S+.*\\\n\s+--hash=sha256:", LOCK, re.MULTILINE | re.IGNORECASE
    )
    assert found, f"{needed.name} is not in requirements.lock; run `make lock`"


def test_no_address_of_an_index_is_in_the_lock() -> None:
    assert "://" not in LOCK
    assert "--index" not in LOCK
    assert not (ROOT / "uv.lock").exists()
