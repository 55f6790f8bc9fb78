"""`takt source check` of a system behind a token: HubSpot's protocol on loopback, with good and refused credentials."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines import cli
from pipelines.sources.connected.errors import SourceRefused
from pipelines.sources.connected.landing import SAMPLE
from tests.pipelines.sources.hubspot_company import begun
from tests.pipelines.sources.hubspot_server import TOKEN
from tests.pipelines.sources.loopback import loopback


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with loopback(begun().crm.app) as address:
        yield address


@pytest.fixture
def places(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, ...]:
    """The folders a check could leave something in: of temporary files, of work, and the home."""
    made = tuple(tmp_path / name for name in ("temporary", "work", "home"))
    for place in made:
        place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made[0]))
    monkeypatch.chdir(made[1])
    monkeypatch.setenv("TAKT_HOME", str(made[2]))
    monkeypatch.setenv("TAKT_HUBSPOT_URL", url)
    monkeypatch.setenv("TAKT_HUBSPOT_TOKEN", TOKEN)
    return made


def left(places: tuple[Path, ...]) -> list[Path]:
    return [path for place in places for path in place.rglob("*")]


def test_a_good_token_shows_what_the_system_holds_and_nothing_is_left_behind(places: tuple[Path, ...]) -> None:
    told = CliRunner().invoke(cli.app, ["source", "check", "hubspot"])
    assert told.exit_code == 0, told.output
    assert "A run would take it." in told.output
    assert "set aside," not in told.output
    assert left(places) == []
    assert SAMPLE.get() is None


def test_a_refused_token_is_one_error_that_does_not_hold_the_token_and_nothing_is_left_behind(
    places: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKT_HUBSPOT_TOKEN", "not-the-token")
    told = CliRunner().invoke(cli.app, ["source", "check", "hubspot"])
    assert told.exit_code == 1
    assert isinstance(told.exception, SourceRefused)
    assert "hubspot" in str(told.exception).lower()
    assert "not-the-token" not in str(told.exception) + told.output
    assert left(places) == []
    assert SAMPLE.get() is None
