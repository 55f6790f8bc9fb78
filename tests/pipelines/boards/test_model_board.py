"""The board of the model: what a training kept beside the champion, read as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.evidence.checks.run import CHECKS
from models.evidence.training_evidence import FILE, to_json
from pipelines.steps import verdicts
from pipelines.steps.boards.day import Day
from pipelines.steps.boards.model import board
from tests.models.evidence.check_worlds import bundle_of, world
from tests.pipelines.boards.small_days import day_of, known, said

BUNDLE = bundle_of(
    world(), "recency",
    ladder=(
        {"rung": "recency", "against": "base rate", "gain": 0.1, "low": 0.05, "high": 0.2, "taken": True, "why": "so"},
        {"rung": "boosted", "taken": False, "why": "not better than frequency on later data"},
    ),
)  # fmt: skip
PERIOD = {
    "part": "test", "first": "2026-06-21T22:00:00+00:00", "last": "2026-07-26T22:00:00+00:00", "snapshots": 9,
    "prospects": 9, "won": 1, "base_rate": {"value": 0.1, "low": 0.0, "high": 0.3}, "models": {}, "why": "1 win",
}  # fmt: skip
EVIDENCE = {
    "schema": 1, "kept": "recency", "refused": None, "served": "", "capacity": 2, "unmeasured": "",
    "periods": [PERIOD], "at_capacity": [], "calibration": [], "gains": {},
}  # fmt: skip


def kept(home: Path, evidence: object = EVIDENCE, *fired: str) -> Day:
    """Return a day whose champion has this beside it; the checks named fire, all others are quiet."""
    folder = home / "champion"
    folder.mkdir()
    if evidence is not None:
        (folder / FILE).write_text(evidence if isinstance(evidence, str) else to_json(evidence), encoding="utf-8")
    rows = [
        {"code": c.code, "title": c.title, "severity": str(c.severity), "do": ""}
        | ({"state": "fires", "says": "seen"} if c.code in fired else {"state": "quiet", "says": ""})
        for c in CHECKS
    ]
    (folder / "checks.json").write_text(json.dumps(rows), encoding="utf-8")
    return day_of(known(), said(timezone="Europe/Berlin"), home, bundle=BUNDLE)


def test_what_was_kept_is_shown_with_days_of_the_company(tmp_path: Path) -> None:
    found = board(kept(tmp_path))
    assert found.evidence is not None
    [period] = found.evidence.periods
    assert (str(period.first), str(period.last)) == ("2026-06-22", "2026-07-27"), "midnight in Berlin"
    assert (found.rung, found.capacity, found.listed, found.instead, found.challenge) == ("recency", 2, 2, "", None)
    assert [r.why for r in found.ladder] == ["so", "not better than naive Bayes on later data"]
    assert [(r.serves, r.taken) for r in found.ladder] == [(True, True), (False, False)]
    assert found.card.startswith("# simulated: win")


@pytest.mark.parametrize(
    "evidence", [None, "{", EVIDENCE | {"schema": 0}, EVIDENCE | {"periods": [], "kept": None}, [1]]
)
def test_a_champion_without_readable_evidence_is_shown_without_it(tmp_path: Path, evidence: object) -> None:
    assert board(kept(tmp_path, evidence)).evidence is None


def test_blocking_checks_that_fire_come_first_and_each_says_when_it_does(tmp_path: Path) -> None:
    found = board(kept(tmp_path, EVIDENCE, "TK006", "TK011"))
    assert [(c.code, c.state) for c in found.checks[:2]] == [("TK011", "fires"), ("TK006", "fires")]
    assert len(found.checks) == len(CHECKS)
    assert all(c.when for c in found.checks)


def test_a_refused_model_is_named_with_the_check_that_refuses_it(tmp_path: Path) -> None:
    found = board(kept(tmp_path, EVIDENCE | {"refused": "frequency"}, "TK006", "TK011"))
    assert "A model was trained (naive Bayes), but a check keeps it from making lists" in found.instead
    assert "(TK011)" in found.instead
    assert "(TK006)" not in found.instead, "a warning refuses nothing"


def note(version: int, **changes: object) -> verdicts.Note:
    given = {"trained_as_of": "2026-02-28T23:00:00+00:00", "version": version, "rung": "frequency",
             "fingerprint": "other", "promoted": False, "fallback": False, "why": "not surely more"}  # fmt: skip
    return verdicts.Note(**(given | changes))  # type: ignore[arg-type]


def test_the_last_training_is_told_with_its_day_and_whether_it_serves(tmp_path: Path) -> None:
    day = kept(tmp_path)
    verdicts.note(day.home, note(1, fingerprint=BUNDLE.fingerprint, promoted=True, why="first"))
    first = board(day).challenge
    assert first is not None
    assert (first.serves, first.promoted, first.why) == (True, True, "First.")
    verdicts.note(day.home, note(2))
    found = board(day)
    assert found.trainings == 2
    assert found.challenge is not None
    assert (found.challenge.version, found.challenge.serves) == (2, False)
    assert str(found.challenge.trained_on) == "2026-03-01", "midnight in Berlin"


def test_the_book_of_trainings_bears_a_line_cut_off_and_the_same_training_twice(tmp_path: Path) -> None:
    home = day_of(known(), said(), tmp_path).home
    assert (verdicts.trainings(home), verdicts.last(home)) == ([], None)
    verdicts.note(home, note(1))
    verdicts.note(home, note(1))
    with (tmp_path / verdicts.FILE).open("a", encoding="utf-8") as book:
        book.write('\n{"version": 2, "ru')
    verdicts.note(home, note(3))
    assert [n.version for n in verdicts.trainings(home)] == [1, 3]
