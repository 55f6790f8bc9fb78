"""Stages are noted in the home, run by run, and shown by `takt profile`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipelines import recording
from pipelines.cli import app
from pipelines.progress import stage
from pipelines.recording import plain, timed
from serving.stage_times import FILE, StageTime, all_stages, last_runs


def told(stages: list[StageTime]) -> list[tuple[str, int, int | None, bool]]:
    return [(s.stage, s.depth, s.rows, s.failed) for s in stages]


def test_stages_are_noted_in_the_order_of_their_ends_with_depth_rows_and_failure(tmp_path: Path) -> None:
    with recording.recording(tmp_path, "daily"):
        with stage("scoring 2,000 prospects of 2026-11-24") as done:
            with stage("reading") as inner:
                inner.rows = 7
            done.rows = 2000
        with pytest.raises(OSError, match="disk"), stage("publishing"):
            raise OSError("disk")
    assert told(last_runs(tmp_path)["daily"]) == [
        ("reading", 1, 7, False), ("scoring prospects of", 0, 2000, False), ("publishing", 0, None, True),
    ]  # fmt: skip


def test_what_is_written_during_a_stage_is_counted_and_the_peak_is_in_bytes(tmp_path: Path) -> None:
    with recording.recording(tmp_path, "ingest"), stage("merging"):
        (tmp_path / "much").write_bytes(b"x" * 300_000)
    [merged] = last_runs(tmp_path)["ingest"]
    assert merged.written is None or merged.written >= 300_000
    assert merged.peak > 10_000_000


def test_a_command_inside_another_is_a_part_of_it_and_outside_of_any_nothing_is_noted(tmp_path: Path) -> None:
    with stage("alone"):
        pass
    with recording.recording(tmp_path, "run"):
        with recording.recording(tmp_path, "train"), stage("fitting"):
            pass
        with stage("publishing"):
            pass
    assert list(last_runs(tmp_path)) == ["run"]
    assert [s.stage for s in last_runs(tmp_path)["run"]] == ["fitting", "publishing"]


def test_only_the_last_runs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "KEPT", 2)
    for name in ("a", "b", "c"):
        with recording.recording(tmp_path, name), timed("work"):
            pass
    assert [s.command for s in all_stages(tmp_path)] == ["b", "c"]
    assert [p.name for p in tmp_path.iterdir()] == [FILE]


@given(st.integers(0, 10**9), st.dates())
def test_tomorrows_run_has_the_same_stages(number: int, day: object) -> None:
    assert plain(f"computing {number:,} features") == "computing features"
    assert plain(f"cohort of {day}") == "cohort of"


def test_profile_prints_each_stage_with_its_share_and_says_what_to_do_without_a_run(tmp_path: Path) -> None:
    nothing = CliRunner().invoke(app, ["profile", "--home", str(tmp_path)])
    assert "no run has been noted" in str(nothing.exception)
    line = StageTime("daily", "2026-11-24T05:00:00+00:00", "scoring", 0, 2.0, 3.0, 400, 10**6, None, 10**8).line()
    (tmp_path / FILE).write_text(line, encoding="utf-8")
    shown = CliRunner().invoke(app, ["profile", "--home", str(tmp_path)])
    assert shown.exit_code == 0
    row = next(r for r in shown.output.splitlines() if "scoring" in r)
    assert [cell.strip() for cell in row.strip("│ ").split("│")] == [
        "scoring", "2.00", "100%", "1.5", "400", "200", "1.0", "", "100.0",
    ]  # fmt: skip
    other = CliRunner().invoke(app, ["profile", "train", "--home", str(tmp_path)])
    assert "there are daily" in str(other.exception)
