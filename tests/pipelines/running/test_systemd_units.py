"""The units in deploy/systemd: what systemd itself says of them, and what they promise."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").glob("takt*.*"))
SERVICES = [u for u in UNITS if u.suffix == ".service"]
ANALYZE = shutil.which("systemd-analyze")


def read(unit: Path) -> configparser.ConfigParser:
    content = configparser.ConfigParser(strict=False, interpolation=None)
    content.optionxform = str  # type: ignore[assignment,method-assign]
    content.read(unit, encoding="utf-8")
    return content


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not on this machine: the units are not verified")
def test_systemd_finds_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    """The units as they are, but for the program: systemd looks whether it is there."""
    assert ANALYZE is not None
    places = []
    for unit in UNITS:
        places.append(tmp_path / unit.name)
        places[-1].write_text(unit.read_text(encoding="utf-8").replace("/opt/takt/bin/takt", "/bin/true"))
    words = [ANALYZE, "verify", "--man=no", *map(str, places)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    about_ours = [line for line in (done.stdout + done.stderr).splitlines() if "takt" in line]
    assert (done.returncode, about_ours) == (0, [])


@pytest.mark.parametrize("unit", SERVICES, ids=lambda u: u.name)
def test_a_service_may_write_to_its_own_folders_only_and_gains_no_rights(unit: Path) -> None:
    service = read(unit)["Service"]
    assert (service["NoNewPrivileges"], service["ProtectSystem"], service["ProtectHome"]) == ("yes", "strict", "yes")
    assert set(service["ReadWritePaths"].split()) <= {"/var/lib/takt", "/var/cache/takt"}
    assert service["User"] == "takt"
    assert service["CapabilityBoundingSet"] == ""


@pytest.mark.parametrize("unit", SERVICES, ids=lambda u: u.name)
def test_a_service_calls_takt_as_it_can_be_called(unit: Path) -> None:
    from typer.testing import CliRunner

    from pipelines.cli import app

    words = [w for w in read(unit)["Service"]["ExecStart"].split()[1:] if not w.startswith(("/", "$"))]
    helped = CliRunner().invoke(app, [words[0], "--help"], env={"COLUMNS": "200"})
    assert helped.exit_code == 0
    assert [w for w in words[1:] if w not in helped.output] == []


def test_the_supervisor_has_time_to_end_its_parts_before_systemd_does() -> None:
    from pipelines.running.control import STOPPING

    service = read(ROOT / "deploy" / "systemd" / "takt.service")["Service"]
    assert int(service["TimeoutStopSec"]) > STOPPING
    assert service["KillMode"] == "mixed"
