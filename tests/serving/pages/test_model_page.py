"""The page of the model: what it found, told so that a manager understands it, with the numbers for who doubts."""

from __future__ import annotations

import re

import pytest

from serving.boards.model import AtCapacity, Challenge, Check, Evidence, Figure, Held, Model, Order, Period, Rung
from serving.pages.model_words import at_capacity, orders
from serving.pages.words import Words
from serving.store.publish import publish

SAY = Words("en")
DATES = {"first": "2026-06-22", "last": "2026-07-27"}


def figure(value: float, half: float = 1.0) -> Figure:
    return Figure(value=value, low=value - half, high=value + half)


def capacity(*, calls: int = 20, over: Figure | None = None, calls_all: bool = False, **lists: float) -> AtCapacity:
    held = {name.replace("_", " "): Held(prospects=10 * n, calls_to_winners=figure(n)) for name, n in lists.items()}
    return AtCapacity(
        calls=calls, called=calls, days=16, won=70, calls_all=calls_all, lists=held, over_recency=over or figure(20.0)
    )


def period(part: str, **orders_: float) -> Period:
    each = {n: Order(auc=figure(0.7, 0.05), precision_at_capacity=figure(p, 0.02), lift_at_capacity=figure(2))
            for n, p in orders_.items()}  # fmt: skip
    why = "" if each else "4 winning prospects, 10 needed"
    return Period.model_validate(
        {"part": part, **DATES, "snapshots": 900, "prospects": 300, "won": 40, "base_rate": figure(0.05, 0.01),
         "models": each, "why": why}
    )  # fmt: skip


def evidence(**changes: object) -> Evidence:
    bins = [{"foretold": 0.1, "observed": 0.12, "low": 0.08, "high": 0.2, "prospects": 40},
            {"foretold": 0.4, "observed": 0.1, "low": 0.05, "high": 0.2, "prospects": 40}]  # fmt: skip
    given = {
        "kept": "logistic", "refused": None, "served": "", "capacity": 20, "unmeasured": "",
        "periods": [period("before", logistic=0.2, recency=0.1), period("test", logistic=0.18, recency=0.09)],
        "at_capacity": [capacity(logistic=10.4, recency=5.0, any_order=3.3)],
        "calibration": bins,
        "gains": {"logistic": [[0, 0], [0.5, 0.9], [1, 1]], "recency": [[0, 0], [0.5, 0.7], [1, 1]]},
    }  # fmt: skip
    return Evidence.model_validate(given | changes)


def check(code: str, state: str, severity: str = "warning", says: str = "") -> Check:
    return Check.model_validate(
        {"code": code, "title": f"Title of {code}", "severity": severity, "state": state, "says": says,
         "do": "look again", "when": f"when {code} fires"}
    )  # fmt: skip


def board(**changes: object) -> Model:
    rungs = [Rung(name=n, words=n, against="base rate", gain=figure(0.1), taken=n != "boosted", serves=n == "logistic",
                  why=f"why {n}") for n in ("recency", "logistic", "boosted")]  # fmt: skip
    last = Challenge.model_validate(
        {"trained_on": "2026-11-20", "version": 3, "words": "logistic", "promoted": False, "fallback": False,
         "serves": False, "why": "12 wins since the champion was trained, 20 needed to compare."}
    )  # fmt: skip
    given = {
        "rung": "logistic", "words": "logistic regression", "trained_on": "2026-11-01", "horizon_days": 45,
        "base_rate": 0.06, "capacity": 20, "listed": 19, "says_chances": True, "evidence": evidence(),
        "ladder": rungs, "checks": [check("TK006", "fires", says="it moved"), check("TK001", "quiet"),
                                    check("TK007", "not applicable", says="there is no champion")],
        "challenge": last, "trainings": 3, "beware": ["few wins: 12 decide"],
        "parts": {"train": "until May"}, "versions": {"bundle": "f00d"}, "card": "# The card",
    }  # fmt: skip
    return Model.model_validate(given | changes)


def page(client, engine, make_run, made: Model | None, run_id: str) -> str:
    boards = {} if made is None else {"model": made.model_dump(mode="json")}
    publish(engine, make_run(run_id, boards=boards))
    told = client.get("/model")
    assert told.status_code == 200
    return re.sub(r"\s+", " ", told.text)


@pytest.fixture
def shown(client, engine, make_run):
    return lambda made, run_id="r1": page(client, engine, make_run, made, run_id)


def test_the_page_tells_first_what_the_calls_found_then_shows_it_then_what_was_checked(shown):
    html = shown(board())
    assert "Of 20 calls of a morning, 10.4 went to prospects who signed within 45 days." in html
    assert "it would have been 5, in any order 3.3" in html
    assert "Of 70 prospects who signed, the list had 104, the one by recency 50" in html
    assert "That is 20 more, beyond chance (95 % interval 19 to 21)." in html
    assert html.count('<figure class="picture') == 4
    assert "In 1 of 2 groups the chance lies within the interval" in html
    assert "<td>20 (18 to 22)</td>" in html, "the numbers of a picture are there as a table"
    heads = re.findall(r"<h2[^>]*>(.*?)</h2>", html)
    assert heads == ["At the team's 20 calls a day", "Over time", "Do the chances hold?", "Checks",
                     "Which model was earned", "The last training", "To beware of"]  # fmt: skip
    assert 'TK006: Title of TK006 <span class="tag warn">warns</span>' in html
    assert "Why not applicable: there is no champion" in html
    assert "Not promoted: the champion stayed" in html
    assert "The lists are made by the champion before it." in html
    assert "Few wins: 12 decide." in html
    assert "# The card" in html
    assert "style=" not in html.partition("<main")[2]


def test_each_state_of_the_model_has_its_own_words(shown):
    old = shown(board(evidence=None, checks=(), challenge=None), "old")
    assert "Train again to see it" in old
    assert "was not noted yet" in old
    assert "<figure" not in old
    untested = shown(
        board(
            evidence=evidence(unmeasured="history is too short", periods=[], at_capacity=[], calibration=[], gains={})
        ),
        "untested",
    )
    assert "never had to prove itself" in untested
    assert "history is too short" in untested
    few = shown(board(evidence=evidence(periods=[period("test")], at_capacity=[], calibration=[], gains={})), "few")
    assert "No period has wins enough" in few
    refused = shown(
        board(
            rung="recency", instead="A model was trained, but a check keeps it from making lists.",
            evidence=evidence(
                kept="recency", refused="logistic", gains={},
                at_capacity=[capacity(logistic=5.2, recency=5.1, any_order=3.3)],
            ),
        ),
        "refused",
    )  # fmt: skip
    assert "A simpler order serves, on purpose." in refused
    assert "Lists can be worked as usual" in refused
    assert "The model that was refused (logistic) would have had 5.2." in refused
    back = board().challenge.model_copy(update={"promoted": True})
    assert "taken back since" in shown(board(challenge=back), "back")


def test_a_run_without_the_board_or_with_one_that_could_not_be_made_says_so(shown):
    assert "was published without this page" in shown(None, "none")
    assert "the lake is empty" in shown(Model(refused="the lake is empty"), "refused-board")


def test_words_from_outside_stay_words(shown):
    html = shown(board(beware=["<script>alert(1)</script>"], card="</pre><script>2</script>"), "x")
    assert "<script>" not in html.partition("<main")[2]


@pytest.mark.parametrize(
    ("over", "words"),
    [
        (Figure(value=4.0, low=1.0, high=7.0), "That is 4 more, beyond chance"),
        (Figure(value=-4.0, low=-7.0, high=-1.0), "That is 4 fewer, beyond chance"),
        (Figure(value=1.0, low=-2.0, high=4.0), "The difference of 1 may be chance"),
    ],
)
def test_a_difference_is_called_sure_only_where_its_interval_leaves_out_nothing_gained(over, words):
    told = board(evidence=evidence(at_capacity=[capacity(over=over, logistic=2, recency=1, any_order=1)]))
    assert words in at_capacity(told, SAY)[1]


def test_a_team_that_calls_everybody_is_told_that_no_order_matters():
    everyone = capacity(calls_all=True, logistic=2, recency=2, any_order=2)
    told = at_capacity(board(evidence=evidence(at_capacity=[everyone])), SAY)
    assert told == (
        "With 20 calls a day the team reaches everybody who is open: whatever the order, nobody is missed.",
    )


def test_the_order_that_serves_is_named_first_and_any_order_last():
    assert list(orders(evidence()).values()) == ["this model", "recency", "any order"]
    refused = evidence(kept="recency", refused="boosted")
    assert list(orders(refused).values()) == ["recency", "refused model", "any order"]
