"""Who waits for a named day, in whose words, and what ends the waiting."""

from __future__ import annotations

import pytest

from models.decision.priority import todays_list
from models.decision.put_off import put_off
from models.decision.why_not import why_not
from tests.models.decision.days import AS_OF, at, facts_of, left_out, listed, prospect, scores, touch, until

TODAY = AS_OF.date()
SAID = "2026-02-20T10:00"


def named(who: str, day: str | None, *, by: str = "not_now_until", said: str = SAID, recorded: str | None = None):
    """Return the change of an attribute that names a day."""
    times = {"occurred_at": at(said), "recorded_at": at(recorded or said)}
    return {"entity": "prospect", "id": who, "name": by, "value": day, **times}


def waits(*changes, touches=()):
    more = {"touches": list(touches)} if touches else {}
    seen = facts_of(prospects=[prospect("a")], attribute_changes=list(changes), **more)
    return put_off(seen.visible(AS_OF), TODAY)["words"].to_dict()


def test_off_every_list_until_the_day_and_on_it_again(definitions_of):
    changes = [named("a", "2026-03-10"), named("b", "2026-03-02"), named("c", "2026-03-05", by="snoozed_until")]
    facts = facts_of(prospects=[prospect(p) for p in "abc"], attribute_changes=changes)
    today = todays_list(scores(a=0.3, b=0.2, c=0.1), facts, definitions_of(exploration=0), AS_OF)
    assert listed(today) == [("kim", 1, "b")]
    assert left_out(today) == {
        "a": ("waiting", "not now until 10 March 2026, they said"),
        "c": ("waiting", "put off until 5 March 2026 by us"),
    }
    assert until(today) == {"a": "2026-03-10", "c": "2026-03-05"}
    assert why_not(today, "a").endswith("they said; possible again from 2026-03-10")


def test_the_day_that_is_shown_is_one_on_which_somebody_works_and_no_gap_holds(definitions_of):
    changes = [named("a", "2026-03-07"), named("b", "2026-03-03")]
    facts = facts_of(
        prospects=[prospect("a"), prospect("b")],
        attribute_changes=changes, touches=[touch("b", "2026-03-01T12:00")],
    )  # fmt: skip
    words = definitions_of(exploration=0, working_days=(1, 2, 3, 4, 5))
    today = todays_list(scores(a=0.3, b=0.2), facts, words, AS_OF)
    assert {p: r for p, (r, _) in left_out(today).items()} == {"a": "waiting", "b": "waiting"}
    assert until(today) == {"a": "2026-03-09", "b": "2026-03-04"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([named("a", "2026-03-02")], None),
        ([named("a", "next week")], None),
        ([named("a", "2026-03-10"), named("a", "2026-04-01", said="2026-02-21")], "not now until 1 April 2026"),
        ([named("a", "2026-03-10"), named("a", "2026-03-01", said="2026-02-21")], None),
        ([named("a", "2026-03-10"), named("a", None, recorded="2026-02-21")], None),
        (
            [named("a", "2026-03-10"), named("a", "2026-04-01", said="2026-02-21"),
             named("a", None, said="2026-02-21", recorded="2026-02-22")],
            "not now until 10 March 2026",
        ),
        ([named("a", "2026-03-10", said="2026-03-02T10:00")], None),
    ],
    ids=["today is the day", "no day", "the later word counts", "also if it is over", "taken back",
         "what was said before the word that was taken back", "not known at the start of the day"],
)  # fmt: skip
def test_the_last_word_that_stands_counts(changes, words):
    found = waits(*changes)
    assert (words is None and found == {}) or found["a"].startswith(words)


@pytest.mark.parametrize(
    ("moment", "what", "ends"),
    [
        ("2026-02-21", {"kind": "email", "direction": "inbound", "result": None}, True),
        ("2026-02-21", {"kind": "email", "direction": "inbound", "result": "not_now"}, False),
        ("2026-02-21", {"kind": "visit", "direction": "inbound", "result": None}, False),
        ("2026-02-21", {"result": "interested"}, True),
        ("2026-02-21", {"result": "no_answer"}, False),
        ("2026-02-19", {"result": "interested"}, False),
    ],
)
def test_it_ends_when_they_come_back_or_show_interest(moment, what, ends):
    assert (waits(named("a", "2026-03-10"), touches=[touch("a", moment, **what)]) == {}) == ends


def test_a_correction_of_an_answer_does_not_end_it():
    good = touch("a", "2026-02-21", result="interested")
    corrected = {**good, "result": "no_answer", "recorded_at": at("2026-02-22")}
    assert waits(named("a", "2026-03-10"), touches=[good, corrected])
