"""Finding sources by name and by folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.sources.errors import SourceError
from pipelines.sources.folders import BUILT_IN, built_in, find, read_folder


@pytest.mark.parametrize("name", ["files", "olist", "maven", "bpic2012"])
def test_a_built_in_source_is_found_by_its_name(name):
    source = find(name)
    assert source.path == BUILT_IN / name
    assert "prospects" in source.tables
    assert not source.pulls


def test_a_folder_is_found_by_its_path(make_source):
    folder = make_source({"outcomes": "select 1"}).path
    source = find(str(folder))
    assert (source.name, list(source.tables)) == ("shop", ["prospects", "outcomes"])


def test_an_unknown_name_lists_what_exists():
    with pytest.raises(SourceError, match=r"no source 'olits': expected one of .*maven.*olist.*copy the folder"):
        find("olits")


def test_every_built_in_folder_is_a_source():
    assert {"files", "olist", "maven", "bpic2012"} <= set(built_in())
    for name in built_in():
        assert find(name).definitions.is_file()


def test_a_folder_without_definitions_is_refused(tmp_path: Path):
    (tmp_path / "prospects.sql").write_text("select 1")
    with pytest.raises(SourceError, match=r"definitions.yaml not found; got \['prospects.sql'\]"):
        read_folder(tmp_path)


def test_a_misspelled_table_is_refused(make_source):
    with pytest.raises(SourceError, match=r"toches.sql fills no table of the contract; .*touches"):
        make_source({"toches": "select 1"})


def test_a_source_of_ones_own_pulls_with_its_source_py(make_source, tmp_path: Path):
    source = make_source()
    (source.path / "source.py").write_text(
        "def pull(raw, *, rows):\n    (raw / 'leads.csv').write_text('id\\n' * rows)\n"
    )
    source.pull(tmp_path, rows=3)
    assert (tmp_path / "leads.csv").read_text() == "id\nid\nid\n"


def test_a_source_without_source_py_says_where_its_files_come_from(make_source, tmp_path: Path):
    with pytest.raises(SourceError, match=r"has no source.py.*--data"):
        make_source().pull(tmp_path)


def test_a_source_py_without_pull_is_refused(make_source, tmp_path: Path):
    source = make_source()
    (source.path / "source.py").write_text("fetch = 1\n")
    with pytest.raises(SourceError, match=r"source.py: expected a function pull"):
        source.pull(tmp_path)
