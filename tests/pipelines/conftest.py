"""What the tests of the pipelines may ask for by name; the simulated company stands in `tests/conftest.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.lake import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake without tables."""
    return Lake(tmp_path / "lake")
