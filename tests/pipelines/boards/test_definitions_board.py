"""The board of definitions: whom each word holds for, what the numbers do, who would move."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from features.errors import DefinitionsError
from features.facts.definitions import Definitions
from pipelines.steps.boards import definitions, what_if
from pipelines.steps.boards.numbers import LEFT_OUT, NOT_SET, SAYS, numbers
from pipelines.steps.defining import PROPOSED
from serving.boards.definitions import WhatIf
from tests.pipelines.boards.small_days import day_of, known, said


def propose(home: Path, **changes: object) -> None:
    raw = said(**changes).model_dump(mode="json")
    (home / PROPOSED).write_text(yaml.safe_dump(raw), encoding="utf-8")


@pytest.fixture
def no_what_ifs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what is tested by itself."""
    monkeypatch.setattr(definitions, "what_ifs", lambda _: ())


def counts(found: WhatIf) -> dict[str, tuple[float, ...]]:
    return {option.words: option.counts for option in found.options}


def test_each_word_comes_with_its_rule_its_owner_and_whom_it_holds_for(tmp_path: Path) -> None:
    board = definitions.board(day_of(known(closed=3), said(), tmp_path))
    terms = {term.name: term for term in board.terms}
    assert list(terms) == list(said().terms)
    assert (terms["won"].prospects, terms["won"].owner, terms["won"].share) == (3, "finance", 3 / 8)
    assert terms["prospect"].prospects == board.everybody == 8
    assert [(e.prospect_id, e.name, e.here) for e in terms["prospect"].examples] == [
        ("p1", "Hartwell Optics", True), ("p2", None, True), ("p3", None, True),
    ]  # fmt: skip
    assert not any(e.here for e in terms["won"].examples), "a closed prospect has no page in this run"
    assert (board.hash, board.meaning, board.proposal) == (said().hash, said().meaning, None)


def test_every_field_of_the_definitions_is_explained() -> None:
    kept_out = {name for name, field in Definitions.model_fields.items() if field.exclude}
    assert set(SAYS) == set(Definitions.model_fields) - set(LEFT_OUT) - kept_out
    rows = {row.field: row for row in numbers(said(fairness_band=None, office_hours=[9, 17], hold_out=0.1))}
    assert all(row.says for row in rows.values())
    assert rows["horizon_days"].value == "30 days"
    assert rows["horizon_days"].meaning
    assert (rows["hold_out"].value, rows["hold_out"].meaning) == ("10 %", False)
    assert rows["office_hours"].value == "9:00 to 17:00"
    assert rows["fairness_band"].value == NOT_SET
    assert rows["capacity"].value == "2 by default"


def test_a_longer_horizon_counts_more_of_the_same_prospects_as_won(tmp_path: Path) -> None:
    found = what_if.horizon(day_of(known(closed=31), said(), tmp_path))
    # won 10, 11, ..., 40 days after creation: 20 of them before the 30th day
    assert counts(found) == {"30 days": (20,), "60 days": (31,), "90 days": (31,)}
    assert {option.of for option in found.options} == {31}
    assert [option.words for option in found.options if option.in_force] == ["30 days"]


def test_with_too_few_past_prospects_no_horizon_is_tried(tmp_path: Path) -> None:
    found = what_if.horizon(day_of(known(closed=what_if.LEAST_PAST // 2), said(), tmp_path))
    assert (found.options, bool(found.why_not)) == ((), True)


def test_an_age_limit_closes_those_who_are_older(tmp_path: Path) -> None:
    # created on 1 January, looked at on 2 March: 60 days old
    found = what_if.age(day_of(known(), said(max_age_days=80), tmp_path))
    assert counts(found) == {"40 days": (0,), "80 days": (5,), "160 days": (5,), "no limit": (5,)}


def test_a_longer_gap_lets_those_wait_who_were_just_reached(tmp_path: Path) -> None:
    found = what_if.gap(day_of(known(), said(minimum_gap_days=0), tmp_path))
    waiting = {words: of_all for words, (_, of_all) in counts(found).items()}
    assert waiting == {"0 days": 0, "2 days": 1, "5 days": 1}


def test_capacity_is_tried_by_making_the_list_again(tmp_path: Path) -> None:
    found = what_if.capacity(day_of(known(), said(capacity={"default": 4}), tmp_path))
    calls = [option.counts[0] for option in found.options]
    assert calls == [3.0, 4.0, 4.0], "of five, one was just reached"
    assert [round(option.counts[1], 1) for option in found.options] == [0.3, 0.4, 0.4]


def test_a_large_list_is_not_made_three_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(what_if, "MOST", 2)
    found = what_if.capacity(day_of(known(), said(), tmp_path))
    assert (found.options, found.why_not.partition(" open")[0]) == ((), "With more than 2")


@pytest.mark.usefixtures("no_what_ifs")
def test_a_proposal_in_the_home_is_shown_with_who_moves(tmp_path: Path) -> None:
    rule = "select prospect_id from touches"
    terms = said().model_dump(mode="json")["terms"]
    propose(tmp_path, terms=terms | {"contacted": terms["contacted"] | {"evidence": rule}}, max_age_days=30)
    asked = definitions.board(day_of(known(), said(), tmp_path)).proposal
    assert asked is not None
    assert (asked.file, asked.stale, asked.open_now, asked.open_then) == (PROPOSED, True, 5, 0)
    assert {d.field for d in asked.differences} == {"max_age_days", "terms.contacted.evidence"}
    [move] = asked.moves
    assert (move.term, move.before, move.after, move.comes, move.leaves) == ("contacted", 5, 1, 0, 4)
    assert [e.prospect_id for e in move.leaving] == ["p1", "p2", "p3", "p4"]


@pytest.mark.usefixtures("no_what_ifs")
@pytest.mark.parametrize("text", ["company: [", "company: c"])
def test_a_proposal_that_cannot_be_read_hides_nothing_else_and_names_no_folder(tmp_path: Path, text: str) -> None:
    (tmp_path / PROPOSED).write_text(text, encoding="utf-8")
    board = definitions.board(day_of(known(), said(), tmp_path))
    assert board.proposal is not None
    assert board.proposal.refused.startswith(PROPOSED)
    assert str(tmp_path) not in board.proposal.refused
    assert board.terms


@pytest.mark.usefixtures("no_what_ifs")
def test_a_word_in_force_that_does_not_run_is_said_by_the_board(tmp_path: Path) -> None:
    terms = said().model_dump(mode="json")["terms"]
    broken = said(terms=terms | {"won": terms["won"] | {"evidence": "select prospect_id from nowhere"}})
    with pytest.raises(DefinitionsError, match=r"terms\.won\.evidence"):
        definitions.board(day_of(known(), broken, tmp_path))
