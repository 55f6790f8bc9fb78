"""The whole promise in one go: a real CRM, `takt up`, a list, its write-back, a day's work, and the next list."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pipelines.home import Home
from pipelines.running import state
from pipelines.settings import PipelineSettings
from pipelines.sources.folders import find
from pipelines.sources.tryton.rest import Record, Rest, TrytonSettings
from pipelines.steps.publishing import engine_of
from serving.store.engine import reading
from serving.store.tables import Call, Run
from tests.postgres import Postgres
from tests.tryton.crm import Crm, running
from tests.tryton.filling import ZONE, Company

DAYS = 60
"""Of work before Takt comes; with a horizon of a week they hold wins enough to say a chance."""


@dataclass
class Takt:
    """Takt beside a CRM: commands in a folder of their own."""

    home: Path
    source: Path
    environ: dict[str, str]

    def says(self, *words: str) -> str:
        """Run a command and return what it says; it must succeed."""
        done = self._run(*words)
        assert done.returncode == 0, f"takt {' '.join(words)}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def goes_up(self) -> None:
        """Start everything and make the first list."""
        self.says("up", "--now", "--source", str(self.source))

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        program = str(Path(sys.executable).with_name("takt"))
        return subprocess.run(
            [program, *words, "--home", str(self.home)],
            cwd=self.home.parent, env=self.environ, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip

    def calls(self, day: dt.date) -> list[Call]:
        """Return the published list of a day, as the app reads it."""
        engine = engine_of(Home(self.home), PipelineSettings(store_url=""))
        try:
            with reading(engine) as store:
                last = store.scalars(select(Run).where(Run.day == day).order_by(Run.number.desc())).first()
                assert last is not None, f"no list of {day}"
                return list(store.scalars(select(Call).where(Call.run == last.number).order_by(Call.rank)))
        finally:
            engine.dispose()


@pytest.fixture
def crm(tryton: Postgres) -> Iterator[Crm]:
    """A Tryton for this test alone."""
    with running(tryton) as started:
        yield started


@pytest.fixture
def takt(crm: Crm, tmp_path: Path) -> Iterator[Takt]:
    """The company's own copy of the source, with its horizon; `takt down` at the end, whatever happened."""
    source = tmp_path / "our-tryton"
    shutil.copytree(find("tryton").path, source, ignore=shutil.ignore_patterns("__pycache__"))
    words = (source / "definitions.yaml").read_text(encoding="utf-8")
    (source / "definitions.yaml").write_text(words.replace("horizon_days: 30", "horizon_days: 7"), encoding="utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MLFLOW_"))}
    environ |= {"TAKT_TRYTON_URL": crm.url, "TAKT_WRITE_BACK": "tryton", "TAKT_THREADS": "1", "COLUMNS": "200"}
    running_takt = Takt(tmp_path / "home", source, environ)
    yield running_takt
    running_takt.says("down")


@pytest.mark.slow
def test_what_happened_in_the_crm_changes_the_next_list_and_the_list_stands_in_the_crm(crm: Crm, takt: Takt) -> None:
    today = dt.datetime.now(ZONE).date()
    company = Company.found(crm)
    takt.environ["TAKT_TRYTON_KEY"] = crm.key
    company.work(days=DAYS, until=today)

    takt.goes_up()
    first = takt.calls(today)
    assert first
    assert {call.owner_id for call in first} <= {"Mira Lang", "Jonas Weber", "Aylin Kaya"}
    _stands_in_the_crm(crm, first, today)

    refused, asked, sold = (int(call.prospect_id) for call in first[:3])
    _outcomes(company, refused=refused, asked=asked, sold=sold)
    known = state.read(takt.home)
    assert known is not None
    takt.environ["PREFECT_API_URL"] = known.api
    takt.says("ingest", "--source", str(takt.source))
    tomorrow = today + dt.timedelta(days=1)
    takt.says("daily", "--day", str(tomorrow))

    listed = {int(call.prospect_id) for call in takt.calls(tomorrow)}
    assert listed
    assert not listed & {refused, asked, sold}
    records = _records(crm)
    assert _notes(records[refused]) == _notes(records[sold]) == []
    assert records[sold]["state"] == "won"
    assert any(f"to do on {tomorrow}" in note for i in listed for note in _notes(records[i]))
    assert not any(f"to do on {today}" in note for record in records.values() for note in _notes(record))

    takt.says("write-back", "--to", "tryton", "--off")
    assert not any(_notes(record) for record in _records(crm).values())


def _outcomes(company: Company, *, refused: int, asked: int, sold: int) -> None:
    """What the sellers enter in Tryton on the day of the first list; nothing of it is moved in time."""
    deals = company.open
    if deals[refused].state == "converted":
        company.cancel([deals[refused]])
    else:
        company.lost([deals[refused]])
    company.note([(asked, "call: not now - in spring, they say")])
    if deals[sold].state == "lead":
        company.opportunity([deals[sold]])
    if deals[sold].state == "opportunity":
        company.convert([deals[sold]])
    company.confirm([deals[sold]])


def _stands_in_the_crm(crm: Crm, calls: list[Call], day: dt.date) -> None:
    """Every listed call is a note to do, and says the chance that Tryton has as its probability."""
    records = _records(crm)
    for call in calls:
        record = records[int(call.prospect_id)]
        assert any(note.startswith(f"Takt, to do on {day}: ") for note in _notes(record))
        (said,) = [note for note in _notes(record) if note.startswith("Takt: ")]
        chance = re.match(r"Takt: ([0-9.]+)%, grade [A-D]\nNext: Call ", said)
        assert chance, said
        assert record["conversion_probability"] == pytest.approx(float(chance.group(1)) / 100)
        assert f"\nFor {call.owner_id}\n" in "\n".join(_notes(record))


def _notes(record: Record) -> list[str]:
    return [note["message"] for note in record["notes"] if "\ntakt-" in note["message"]]


def _records(crm: Crm) -> dict[int, Record]:
    rest = Rest(TrytonSettings(url=crm.url, key=crm.key))
    fields = ["conversion_probability", "state", "notes.message"]
    found: dict[int, Any] = {row["id"]: row for rows in rest.search("sale.opportunity", fields) for row in rows}
    return found
