"""What an assessment says of data that are complete, and of data in which one thing at a time is missing."""

from __future__ import annotations

import datetime as dt
import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from features.facts.contract import check
from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.flow_measures import wilson
from features.readiness.assess import assess
from features.readiness.assessment import PRINCIPLES, Assessment, Finding, judge, unknown
from features.readiness.columns import alone, auc
from features.readiness.drift import difference, drift
from features.readiness.table import TableError, assess_table
from tests.features.literal import day, facts
from tests.features.worlds import definitions, world

TERMS = {
    "prospect": "select prospect_id from prospects",
    "contacted": "select prospect_id from touches where direction = 'outbound'",
    "qualified": "select prospect_id from touches where stage = 'qualified'",
    "won": "select prospect_id from outcomes where result = 'won'",
    "lost": "select prospect_id from outcomes where result = 'lost'",
    "receptive": "select prospect_id from touches where result = 'interested'",
}
COMPLETE = {
    "accounts": "account_id recorded_at\n x 01-01",
    "prospects": """
        prospect_id account_id created_at owner_id territory segment source
        a           x          01-02      ann      north     small   web
        b           x          01-03      ann      north     small   web
        c           x          01-04      bob      south     small   fair
        d           x          01-05      bob      south     small   -
    """,
    "contacts": """
        contact_id account_id recorded_at role    seniority timezone      do_not_contact_since
        p          x          01-01       finance manager   Europe/Berlin -
        q          x          01-01       -       staff     -             01-20
    """,
    "touches": """
        touch_id prospect_id contact_id kind  channel direction stage     result     occurred_at recorded_at
        t1       a           p          call  phone   outbound  -         interested 01-05T09:30 01-05T09:40
        t2       a           p          stage -       inbound   qualified -          01-06T10:00 01-06T10:00
        t3       b           p          call  phone   outbound  -         no_answer  01-06T11:00 01-08T11:00
        t4       c           -          email email   outbound  -         -          01-07T12:00 01-07T12:01
    """,
    "offers": "offer_id name\n o1 pilot\n o2 discount",
    "offers_made": """
        prospect_id offer_id occurred_at recorded_at propensity response
        a           o1       01-07T08:00 01-07T08:00 0.5        accepted
        b           o1       01-08T08:00 01-08T08:00 -          -
    """,
    "outcomes": """
        prospect_id occurred_at recorded_at result
        a           01-10T09:00 01-10T09:00 won
        b           01-11T09:00 01-11T09:00 won
        c           01-12T09:00 01-12T09:00 lost
    """,
}


def words(**changes: object) -> Definitions:
    base = definitions()
    terms = {name: base.terms[name].model_copy(update={"evidence": sql}) for name, sql in TERMS.items()}
    given = {
        "stages": ("new", "qualified"),
        "horizon_days": 5,
        "hold_out": 0.1,
        "terms": terms,
        "observed_until": dt.date(2026, 2, 1),
        **changes,
    }
    return base.model_copy(update=given)


def looked(known: Facts | None = None, **changes: object) -> Assessment:
    return assess(facts(**COMPLETE) if known is None else known, words(**changes), day("02-01"))


@cache
def complete() -> Assessment:
    return looked()


def without(**tables: str) -> Facts:
    given = {**COMPLETE, **tables}
    return facts(**{name: text for name, text in given.items() if text})


def one(found: Assessment, title: str) -> Finding:
    (finding,) = (f for f in found.findings if f.title == title)
    return finding


def test_every_principle_is_looked_at_and_what_is_not_in_place_has_a_next_action():
    found = complete()
    assert {f.principle for f in found.findings} == set(PRINCIPLES) == set(found.scores)
    assert all(f.next_action for f in found.findings if f.severity in ("blocks", "weakens"))
    assert all(f.evidence.endswith(".") for f in found.findings)
    assert not any(f.severity == "blocks" for f in found.findings)


@pytest.mark.parametrize(
    ("title", "met", "counted"),
    [
        ("History against the horizon", 1.0, "25 days can be labelled"),
        ("Wins", 1.0, "2 won, 1 lost, 1 open."),
        ("Old prospects have an outcome", 0.75, "1 of 4 prospects created 2 horizons ago or earlier"),
        ("Wins in each segment", 0.0, "small (2 of 4)"),
        ("Owner, territory and source are filled", 2 / 3, "owner_id 100%, territory 100%, source 0%"),
        ("Steady base rate", math.nan, "Too few labelled prospects"),
        ("Prospects with a contact", 1.0, "1 of 1 open prospects have a contact (2 contacts in all)."),
        ("Roles of contacts", 0.5, "Role is filled for 50% of 2 contacts"),
        ("Touches name the person", 2 / 3, "67% of 3 outbound touches"),
        ("Do not contact", 1.0, "1 of 2 contacts carry"),
        ("Touches have a result", 2 / 3, "1 were answered, 1 of them with interest"),
        ("Channels to choose from", 0.0, "phone 2; 30 make a comparison"),
        ("When it became known is recorded", 1.0, "touches 25%, offers_made 100%, outcomes 100%"),
        ("Facts are recorded within a day", 8 / 9, "touches: 25.0% later than a day, 85 % within"),
        ("Times have an hour", 1.0, "0% of 9 facts"),
        ("Offers are made", 0.5, "1 of 2 offers were made, 2 times in all; never: o2."),
        ("Offers were chosen by chance, and the chance is logged", 0.5, "1 of 2 offers made carry the chance"),
        ("Who is won is qualified", 0.5, "1 of 2 are won but not qualified, for example b."),
        ("Wins went through the stages", 0.5, "1 of 2 wins moved beyond the first stage in the log, 1 to the last."),
        ("Hold-out", 1.0, "10% of the cohort are never listed"),
    ],
)
def test_a_finding_counts_in_the_data(title, met, counted):
    finding = one(complete(), title)
    assert finding.met == pytest.approx(met, nan_ok=True)
    assert counted in finding.evidence


@pytest.mark.parametrize(
    ("missing", "principle", "evidence"),
    [
        ({"contacts": "", "touches": COMPLETE["touches"].replace(" p  ", " -  ")}, "person", "There is no contact"),
        ({"touches": ""}, "place", "There is no outbound touch"),
        ({"touches": COMPLETE["touches"].replace("interested", "no_answer")}, "place", "0 were answered"),
        ({"touches": "", "outcomes": "", "offers_made": ""}, "time", "no touch, no offer made and no outcome"),
        ({"outcomes": ""}, "prospect", "0 won, 0 lost, 4 open"),
        ({"offers_made": ""}, "offer", "2 offers are known, and 0 times one was made"),
        ({"touches": COMPLETE["touches"].replace("qualified", "-        ")}, "flow", "no move to one of them"),
    ],
)
def test_what_is_not_there_blocks_its_principle_and_no_other(missing, principle, evidence):
    found = looked(without(**missing))
    blocked = [f for f in found.of_principle(principle) if f.severity == "blocks"]
    assert any(evidence in f.evidence for f in blocked)
    assert found.scores[principle] == 0.0
    assert found.first[0].severity == "blocks"


def test_without_a_prospect_there_is_nothing_to_judge_but_no_crash():
    found = assess(Facts.of({}), words(), day("02-01"))
    assert one(found, "Prospects").severity == "blocks"
    assert math.isnan(one(found, "Nobody is won and lost").met)


def test_only_what_was_known_is_looked_at():
    known = facts(**COMPLETE)
    as_of = day("01-11T09:00")
    one_, other = (assess(given, words(), as_of) for given in (known, known.visible(as_of)))
    assert one_ == other
    assert "1 won, 0 lost, 3 open" in one(one_, "Wins").evidence


def test_the_ladder_says_how_many_wins_it_needs():
    found = assess(facts(**COMPLETE), words(), day("02-01"), rungs={"recency": 0, "counts": 1, "trees": 50})
    assert one(found, "Wins").evidence == (
        "2 won, 1 lost, 1 open. Enough for recency, counts; still needs: trees 50 in the past and 50 in a later part."
    )
    assert one(found, "Wins").met == pytest.approx(2 / 3)


def test_a_source_without_recorded_times_is_told_so_and_not_judged_on_how_late():
    found = looked(recorded_at="occurred_at")
    assert one(found, "When it became known is recorded").met == 0.0
    assert one(found, "Facts are recorded within a day").severity == "unknown"


def test_a_recorded_time_that_never_differs_is_doubted():
    same = COMPLETE["touches"].replace("01-05T09:40", "01-05T09:30").replace("01-08T11:00", "01-06T11:00")
    found = looked(without(touches=same.replace("01-07T12:01", "01-07T12:00")))
    assert (one(found, "When it became known is recorded").met, found.scores["time"] < 100) == (0.5, True)


def test_midnight_is_midnight_where_the_company_is_also_where_a_clock_change_skips_it():
    touches = "touch_id prospect_id kind direction occurred_at\n t a call outbound 01-06T03:00"
    found = looked(without(touches=touches, outcomes="", offers_made=""), timezone="America/Sao_Paulo")
    assert one(found, "Times have an hour").met == 0.0


def test_a_column_filled_only_for_winners_is_named():
    people = pd.DataFrame(
        {
            "prospect_id": [f"p{i:02}" for i in range(40)],
            "created_at": day("01-02"),
            "recorded_at": day("01-02"),
            "contract_no": ["17" if i < 20 else None for i in range(40)],
            "size": ["5" if i % 3 else None for i in range(40)],
        }
    )
    ends = pd.DataFrame(
        {"prospect_id": people["prospect_id"], "occurred_at": day("01-10"), "recorded_at": day("01-10")}
    )
    ends["result"] = ["won" if i < 20 else "lost" for i in range(40)]
    given = {"prospects": people, "outcomes": ends}
    found = looked(Facts.of({name: check(name, frame).good for name, frame in given.items()}))
    finding = one(found, "No column is filled with the outcome")
    assert (finding.severity, finding.met) == ("weakens", 0.5)
    assert "contract_no (won 100%, lost 0%)" in finding.evidence


def test_a_field_that_changes_at_the_end_is_named():
    changes = """
        entity   id name  occurred_at value
        prospect a  paid  01-10T09:00 yes
        prospect c  paid  01-13       no
        prospect a  phone 01-08       1
    """
    finding = one(looked(without(attribute_changes=changes)), "Fields change before the outcome")
    assert (finding.severity, finding.met) == ("weakens", 0.5)
    assert "mostly at or after the outcome: paid (100% of 2)." in finding.evidence


def test_words_whose_evidence_does_not_run_block_one_meaning():
    terms = words().terms
    broken = {**terms, "won": terms["won"].model_copy(update={"evidence": "select nothing from nowhere"})}
    found = looked(terms=broken)
    assert found.scores["words"] == 0.0
    assert "terms.won.evidence" in one(found, "The words run on the data").evidence


def test_words_that_tell_nobody_apart_are_named():
    terms = words().terms
    alike = {**terms, "contacted": terms["contacted"].model_copy(update={"evidence": TERMS["prospect"]})}
    evidence = one(looked(terms=alike), "Every word tells somebody apart").evidence
    assert "contacted, receptive tell nobody apart, as they hold for the same people as a word before" in evidence


def test_rows_set_aside_are_counted():
    found = assess(facts(**COMPLETE), words(), day("02-01"), set_aside={"touches": (1, 5), "outcomes": (0, 3)})
    finding = one(found, "Rows keep the contract")
    assert (finding.met, finding.evidence) == (0.8, "1 of 8 rows were set aside: touches 1 of 5.")


def test_where_nothing_is_left_to_chance_nothing_is_learned():
    made = COMPLETE["offers_made"].replace("0.5 ", "-   ")
    assert looked(without(offers_made=made), hold_out=0.0, exploration=0.0).scores["experiments"] == 0.0
    assert looked(without(offers_made=made), hold_out=0.0, exploration=0.05).scores["experiments"] == 33


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 2**32 - 1), st.integers(0, 150))
def test_any_world_gets_a_score_between_0_and_100_or_none(seed, days):
    rng = np.random.default_rng(seed)
    known = world(rng, prospects=int(rng.integers(1, 5)), touches=int(rng.integers(0, 30)))
    found = assess(known, words(stages=("new", "qualified", "proposal")), day("01-02") + pd.Timedelta(days=days))
    assert all(math.isnan(score) or 0 <= score <= 100 for score in found.scores.values())
    assert {f.principle for f in found.findings} == set(PRINCIPLES)


def test_a_score_is_the_mean_share_and_unknown_is_not_zero():
    half = judge("flow", "half", met=0.5, evidence="e.", action="do")
    nothing = unknown("flow", "unknown", evidence="e.")
    assert (
        Assessment.of("x", None, [half, judge("flow", "all", met=1.0, evidence="e.", action="do")]).scores["flow"] == 75
    )
    assert Assessment.of("x", None, [half, nothing]).scores["flow"] == 50
    assert math.isnan(Assessment.of("x", None, [nothing]).scores["flow"])
    blocked = judge("flow", "blocked", met=0.7, evidence="e.", action="do", blocks=True)
    assert Assessment.of("x", None, [half, blocked]).scores["flow"] == 0
    assert Assessment.of("x", None, [half, blocked]).first == (blocked,)


@pytest.mark.parametrize(("principle", "met", "message"), [("taste", 1.0, "expected one of"), ("flow", 1.2, "got 1.2")])
def test_a_finding_needs_a_principle_and_a_share(principle, met, message):
    with pytest.raises(ValueError, match=message):
        judge(principle, "t", met=met, evidence="e.", action="do")


# ---------------------------------------------------------------- tables without times


def table(n: int = 1000, seed: int = 3) -> pd.DataFrame:
    """Return rows of which 20 % won; `kind` helps a little, `stamp` knows the outcome, `noise` nothing."""
    rng = np.random.default_rng(seed)
    won = rng.random(n) < 0.2
    return pd.DataFrame(
        {
            "id": [f"r{i}" for i in range(n)],
            "kind": np.where(rng.random(n) < 0.3 + 0.2 * won, "a", "b"),
            "stamp": np.where(won, "paid", "none of it"),
            "noise": rng.integers(0, 1000, n).astype(str),
            "same": "x",
            "asked": np.where(rng.random(n) < 0.4, "Select", "yes"),
            "days": np.where(rng.random(n) < 0.5, "999", rng.integers(0, 30, n).astype(str)),
            "won": np.where(won, "yes", "no"),
        }
    )


def read(frame: pd.DataFrame, **changes: object) -> Assessment:
    return assess_table(frame, **{"target": "won", "positive": "yes", "ids": ("id",), **changes})


def test_a_table_without_times_is_told_that_no_figure_of_it_is_a_forecast():
    finding = one(read(table()), "Times")
    assert finding.severity == "blocks"
    assert "No times: 1,000 rows and 6 columns, none of them a time. A forward test is impossible" in finding.evidence
    assert "Any figure from a random split is not a forecast" in finding.evidence
    assert one(read(table()), "Steady base rate").severity == "unknown"


def test_a_table_in_order_can_be_tested_by_position_and_has_no_horizon():
    finding = one(read(table(), ordered_by_row=True), "Times")
    assert (finding.severity, finding.met) == ("weakens", 0.5)
    assert "a forward test by position is possible" in finding.evidence


def test_a_column_of_dates_is_found_whatever_it_is_called():
    frame = table().assign(q=[f"{1 + i % 28:02}.03.2024" for i in range(1000)])
    assert "q look like dates" in one(read(frame), "Times").evidence


def test_the_column_that_knows_the_outcome_is_named_until_it_is_declared():
    found = read(table())
    assert one(found, "No column knows the outcome").severity == "blocks"
    assert "stamp (1.00)" in one(found, "No column knows the outcome").evidence
    assert "'paid': 100% of" in one(found, "No value decides the outcome").evidence
    told = read(table(), known_after=("stamp", "invoice"))
    assert one(told, "No column knows the outcome").severity == "good"
    declared = one(told, "Columns known only after the outcome are named")
    assert "stamp (alone AUC 1.00)" in declared.evidence
    assert (declared.met, "Not in the table: invoice" in declared.evidence) == (0.5, True)


def test_constant_columns_and_words_that_mean_missing_are_named():
    found = read(table(), missing_words=("b",))
    assert "1 of 6 columns have one value in 99 % of the rows: same." in one(found, "Columns say something").evidence
    disguised = one(found, "What is missing is empty").evidence
    assert all(part in disguised for part in ("asked ('Select' in", "days ('999' in", "kind ('b' in"))


def test_columns_empty_in_the_same_rows_and_filled_apart_are_named():
    frame = table()
    gap = (frame["won"] == "no") & (np.arange(1000) % 2 == 0)
    frame = frame.assign(one=frame["noise"].where(~gap), two=frame["kind"].where(~gap))
    found = read(frame)
    assert "in one go: one, two (" in one(found, "Columns are filled one by one").evidence
    assert "one (100% of the won, " in one(found, "Columns are filled alike for won and not won").evidence


def test_a_column_that_tells_the_period_is_not_taken_for_insight():
    rng = np.random.default_rng(5)
    period = np.repeat(np.arange(10), 200)
    won = rng.random(2000) < np.where(period < 7, 0.05, 0.5)
    frame = pd.DataFrame({"rate": (4.0 - period).astype(str), "won": np.where(won, "yes", "no")})
    found = read(frame, ordered_by_row=True, ids=())
    assert "rate (0." in one(found, "Columns tell the prospect, not the period").evidence
    assert one(found, "No column is suspiciously strong").severity == "good"
    assert "The base rate moves along the rows" in one(found, "Steady base rate").evidence


@pytest.mark.parametrize(
    ("frame", "changes", "message"),
    [
        (table().head(0), {}, "has no rows"),
        (table(), {"target": "sold"}, "no column 'sold'; the table has id, kind"),
        (table(), {"positive": "1"}, "no row has 'won' = '1'; found 'no', 'yes'"),
        (table().assign(won=None), {}, "1,000 of 1,000 rows have no 'won'"),
    ],
)
def test_a_table_whose_outcome_is_not_there_is_refused(frame, changes, message):
    with pytest.raises(TableError, match=message):
        read(frame, **changes)


def test_a_table_of_winners_only_blocks_and_nothing_is_made_up():
    found = read(table().assign(won="yes"))
    assert one(found, "Wins").severity == "blocks"
    assert one(found, "No column knows the outcome").severity == "good"


def test_a_single_row_is_assessed():
    assert read(table().assign(won="yes").head(1)).scores["time"] == 0.0


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=60))
def test_the_area_under_the_curve_is_that_of_scikit_learn(rows):
    score = np.array([r[0] for r in rows], dtype=float)
    won = np.array([r[1] for r in rows], dtype=float)
    if won.min() == won.max():
        assert math.isnan(auc(score, won))
    else:
        assert auc(score, won) == pytest.approx(roc_auc_score(won, score))


def test_an_id_says_nothing_and_a_number_of_which_both_ends_win_does():
    rng = np.random.default_rng(1)
    number = rng.uniform(-1, 1, 2000)
    won = (rng.random(2000) < np.abs(number)).astype(float)
    both = alone(pd.Series(number, name="n"), won, ordered=False)
    ids = alone(pd.Series([f"i{i}" for i in range(2000)], name="i"), won, ordered=False)
    assert both.auc > 0.75
    assert ids.auc == pytest.approx(0.5, abs=0.05)


def test_a_base_rate_that_moves_is_told_from_noise():
    rng = np.random.default_rng(2)
    steady = [drift((rng.random(800) < 0.1).astype(float)) for _ in range(40)]
    assert sum(d.moves for d in steady if d) <= 6  # 95 % intervals: 2 of 40 expected
    found = drift(np.r_[rng.random(600) < 0.1, rng.random(200) < 0.3].astype(float))
    assert found
    assert found.moves
    assert found.low < 0.2 < found.high
    assert drift(np.ones(10)) is None


def test_the_interval_of_a_difference_is_the_published_one():
    # Newcombe (1998), Statistics in Medicine 17, 873-890, example (a), method 10: 56 of 70 against 48 of 80
    found = difference(wilson(56, 70), wilson(48, 80))
    assert [round(value, 4) for value in found] == [0.2, 0.0524, 0.3339]
