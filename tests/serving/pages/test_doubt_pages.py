"""The pages of the words and of readiness."""

from __future__ import annotations

import re

import pytest

from serving.boards.definitions import Definitions
from serving.boards.readiness import Readiness
from serving.store.publish import publish

WON = {
    "name": "won", "means": "The order is signed.", "evidence": "select prospect_id\nfrom outcomes where 1 < 2",
    "owner": "finance", "since": "2025-01-01", "prospects": 300, "share": 0.15,
    "examples": [{"prospect_id": "p1", "name": "Hartwell <b>Optics</b>", "here": True},
                 {"prospect_id": "p 9/x", "name": None, "here": False}],
}  # fmt: skip
MOVE = {
    "term": "won", "before": 300, "after": 301, "comes": 7, "leaves": 0, "leaving": [],
    "coming": [{"prospect_id": f"q{n}", "name": None, "here": n == 0} for n in range(5)],
}  # fmt: skip
GIVEN = {
    "hash": "aaaa", "meaning": "bbbb", "everybody": 2000, "terms": [WON],
    "numbers": [{"field": "horizon_days", "value": "45 days", "says": "A win counts.", "meaning": True}],
    "what_ifs": [
        {"field": "horizon_days", "asks": "How many would count?", "columns": ["won"], "beware": "Trains again.",
         "options": [{"words": "30 days", "in_force": False, "counts": [70], "of": 1690},
                     {"words": "45 days", "in_force": True, "counts": [118], "of": 1690}]},
        {"field": "capacity", "asks": "How many calls?", "why_not": "Too many to try."},
    ],
    "offers": [{"offer_id": "01", "name": "pilot", "description": "Six weeks", "valid_from": "2026-01-01",
                "valid_to": None, "stages": "new, proposal", "segments": None}],
}  # fmt: skip
ASKED = {
    "file": "definitions.proposed.yaml", "stale": True, "open_now": 415, "open_then": 397,
    "differences": [{"field": "terms.won.evidence", "now": "a", "proposed": "<script>b</script>"}], "moves": [MOVE],
}  # fmt: skip


@pytest.fixture
def shown(client, engine, make_run):
    def show(name: str, board: object, run_id: str = "r") -> str:
        publish(engine, make_run(run_id, boards={name: board.model_dump(mode="json")}))
        told = client.get(f"/{name}")
        assert told.status_code == 200
        return re.sub(r"\s+", " ", told.text).partition("<main")[2]

    return show


def definitions(**changes: object) -> Definitions:
    return Definitions.model_validate(GIVEN | changes)


def test_each_word_stands_with_its_rule_and_those_it_holds_for(shown):
    html = shown("definitions", definitions())
    assert "Holds for <b>300</b> prospects (15%)" in html
    assert "select prospect_id from outcomes where 1 &lt; 2" in html
    assert "Said by <bdi>finance</bdi>, since Jan 1, 2025." in html
    assert '<a href="/prospects/p1"><bdi>Hartwell &lt;b&gt;Optics&lt;/b&gt;</bdi></a>' in html
    assert "<bdi>p 9/x</bdi>" in html
    assert "/prospects/p%209" not in html, "who is closed has no page in this run"
    assert '<tr class="in-force"><th scope="row">45 days' in html
    assert '118 <span class="soft">(7%)</span>' in html
    assert "Too many to try." in html
    assert "From Jan 1, 2026. At the stages <bdi>new, proposal</bdi>. For every segment." in html
    assert "Proposed" not in html


def test_a_proposal_says_who_moves_and_whether_models_become_stale(shown):
    html = shown("definitions", definitions(proposal=ASKED), "asked")
    assert "The meaning changes:" in html
    assert "300 now, 301 then: 7 come, 0 leave." in html
    assert "and others" in html
    assert "&lt;script&gt;b&lt;/script&gt;" in html
    bad = shown("definitions", definitions(proposal={"file": "f.yaml", "refused": "line 3 is <wrong>"}), "bad")
    assert "line 3 is &lt;wrong&gt;" in bad
    same = shown("definitions", definitions(proposal={"file": "f.yaml"}), "same")
    assert "nobody moves" in same


def finding(severity: str, title: str) -> dict[str, str]:
    action = "" if severity == "good" else f"do {title}"
    return {"title": title, "severity": severity, "meant": "m", "evidence": f"seen {title}", "next_action": action}


def test_readiness_says_first_what_to_do_first_and_judges_nothing_that_could_not_be(shown):
    person = {"name": "person", "title": "Right person", "says": "it is known who", "score": None, "findings": []}
    prospect = {"name": "prospect", "title": "Right prospect", "says": "it is known", "score": 0,
                "findings": [finding("blocks", "Wins"), finding("good", "History")]}  # fmt: skip
    board = {"principles": [prospect, person], "first": [finding("blocks", f"Wins {n}") for n in range(7)]}
    html = shown("readiness", Readiness.model_validate(board))
    assert "Right prospect: 0 of 100" in html
    assert "Right person: not judged" in html
    assert html.count("<meter") == 1
    assert html.count("<li>") == 5, "the first five"
    assert html.index("What to do first") < html.index("seen Wins")
    assert "<b>Next:</b> do Wins" in html
    assert "Nothing was looked at." in html
    done = shown("readiness", Readiness.model_validate({"principles": [], "first": []}), "done")
    assert "all that could be judged is in place" in done
