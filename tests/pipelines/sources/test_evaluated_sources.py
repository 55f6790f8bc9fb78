from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.sources.errors import SourceError
from pipelines.sources.evaluated import evaluated


def source(place: Path, said: str | None) -> str:
    place.mkdir()
    (place / "definitions.yaml").write_text("company: somebody\n")
    (place / "prospects.sql").write_text("select 1\n")
    if said is not None:
        (place / "evaluation.yaml").write_text(said)
    return str(place)


def test_a_source_says_where_its_files_lie_and_whether_it_has_times(tmp_path: Path) -> None:
    names = [
        source(tmp_path / "calls", "data: calls_2024\ntimes: true\n"),
        source(tmp_path / "table", "data: table\ntimes: false\n"),
        source(tmp_path / "made", "times: true\ntruth: true\n"),
        source(tmp_path / "silent", None),
    ]
    found = evaluated(tmp_path / "data", names)
    assert [(e.source.name, e.data, e.times, e.truth) for e in found] == [
        ("calls", tmp_path / "data" / "calls_2024", True, False),
        ("table", tmp_path / "data" / "table", False, False),
        ("made", None, True, True),
    ]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("times: true\n", "name the folder of the raw files"),
        ("data: x\n", "times"),
        ("data: x\ntimes: true\nwhen: now\n", "when"),
        ("data: [\n", "expected data, times"),
        ("", "expected data, times"),
    ],
)
def test_a_file_that_says_something_else_is_refused_by_name(tmp_path: Path, said: str, why: str) -> None:
    name = source(tmp_path / "calls", said)
    with pytest.raises(SourceError, match=rf"(?s)evaluation\.yaml.*{why}"):
        evaluated(tmp_path, [name])


def test_of_the_built_in_sources_those_with_the_file_are_evaluated(tmp_path: Path) -> None:
    found = {e.source.name: e for e in evaluated(tmp_path)}
    assert {"bpic2012", "maven", "olist", "simulated"} <= set(found)
    assert "files" not in found
    assert found["simulated"].truth


@pytest.mark.real_data
def test_the_folders_that_sources_name_are_there(data_dir: Path) -> None:
    assert all(e.data is None or e.data.is_dir() for e in evaluated(data_dir))
