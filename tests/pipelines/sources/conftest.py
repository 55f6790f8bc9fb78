"""Small sources and small raw files, written where a test can see them whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipelines.sources.folders import SourceFolder, read_folder

DEFINITIONS = """
company: Test company
recorded_at: column
horizon_days: 30
terms:
  prospect: &term
    means: whatever the test says
    evidence: select prospect_id from prospects
    owner: test
    since: 2026-01-01
  contacted: *term
  qualified: *term
  won: *term
  lost: *term
  receptive: *term
"""

PROSPECTS = """
select id as prospect_id, cast(created as timestamptz) as created_at, cast(created as timestamptz) as recorded_at
from leads
"""

Make = Callable[..., SourceFolder]


@pytest.fixture
def make_source(tmp_path: Path) -> Make:
    """Write a source folder from SQL texts; prospects are mapped from leads (id, created) unless told otherwise."""

    def make(sql: Mapping[str, str] | None = None, *, more: str = "", prospects: str = PROSPECTS) -> SourceFolder:
        folder = tmp_path / "shop"
        folder.mkdir(exist_ok=True)
        (folder / "definitions.yaml").write_text(DEFINITIONS + more, encoding="utf-8")
        for name, text in {"prospects": prospects, **(sql or {})}.items():
            (folder / f"{name}.sql").write_text(text, encoding="utf-8")
        return read_folder(folder)

    return make


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder of raw files with two leads in it."""
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "leads.csv").write_text("id,created\na,2026-01-05 09:00Z\nb,2026-01-06 09:00Z\n", encoding="utf-8")
    return folder
