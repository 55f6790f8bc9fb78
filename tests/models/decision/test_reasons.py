"""Why this prospect: words that can be checked, never invented, never the same for everybody."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.algebra.declaration import Declaration
from features.errors import CatalogError, SchemaMismatch
from models.decision.errors import DecisionError
from models.decision.fact_counts import FactCounts
from models.decision.reasons import MOST, NO_REASONS, SMALLEST_EFFECT, explain, reasons, say
from models.decision.shap_values import ByConcept, by_concept, contributions

TEN_BEFORE = (
    *[(f"r{i}", 4, 6, 1, "retail") for i in range(6)],
    *[(f"s{i}", 0, 0, None, "steel") for i in range(4)],
)


@pytest.fixture
def facts(matrix_of):
    return FactCounts.fit(matrix_of(*TEN_BEFORE), np.array([1.0, 1, 1, 0, 0, 0, 0, 0, 0, 1]))


def test_reasons_are_words_with_direction_and_counts(fitted, matrix_of, catalog, facts):
    (why,) = explain(fitted(), matrix_of(("a", 4, 6, 10, "retail")), catalog=catalog, facts=facts)
    assert [r.sentence for r in why] == [
        "4 meetings in the last 30 days: raises the chance (3 of 6 like it won)",
        "works in retail: raises the chance (3 of 6 like it won)",
        "replied 10 days ago: lowers the chance (3 of 6 like it won)",
    ]
    assert why[0].to_dict() == {
        "text": "4 meetings in the last 30 days", "direction": "for", "effect": pytest.approx(3.5),
        "concept": "meetings", "question": "person", "feature": "meetings_30d", "counts_n": 6, "counts_won": 3,
    }  # fmt: skip


def test_two_different_prospects_get_different_reasons(fitted, matrix_of, catalog, facts):
    rows = ("a", 4, 6, 0, "retail"), ("b", 0, 0, 60, "steel")
    first, second = explain(fitted(), matrix_of(*rows), catalog=catalog, facts=facts)
    assert {r.concept for r in first} == {"meetings", "industry"}
    assert {r.concept for r in second} == {"replies"}


def test_a_missing_value_that_matters_is_said_in_words(catalog, matrix_of, facts):
    effect = pd.DataFrame({"replies": [-0.7]})
    told = ByConcept(effect, pd.DataFrame({"replies": ["reply_days"]}))
    ((reason,),) = reasons(told, matrix_of(("b", 0, 0, None, "steel")), catalog=catalog, facts=facts)
    assert reason.sentence == "no reply so far: lowers the chance (1 of 4 like it won)"


def test_a_prospect_that_nothing_sets_apart_has_no_reasons_and_there_are_words_for_it(
    fitted, matrix_of, catalog, facts
):
    (why,) = explain(fitted(), matrix_of(("b", 0, 0, None, "steel")), catalog=catalog, facts=facts)
    assert why == ()
    assert "sets it apart" in NO_REASONS


def test_a_fact_not_seen_before_says_so(fitted, matrix_of, catalog, facts):
    told = ByConcept(pd.DataFrame({"industry": [0.9]}), pd.DataFrame({"industry": ["industry"]}))
    ((reason,),) = reasons(told, matrix_of(("c", 0, 0, 1, "space")), catalog=catalog, facts=facts)
    assert reason.sentence == "works in space: raises the chance (none like it seen before)"


def test_reasons_of_other_rows_and_uncounted_features_are_refused(fitted, matrix_of, catalog, facts):
    one, two = matrix_of(("a", 4, 6, 0, "x")), matrix_of(("a", 4, 6, 0, "x"), ("b", 4, 6, 0, "x"))
    told = by_concept(contributions(fitted(), one), catalog)
    with pytest.raises(DecisionError, match="1 rows of contributions for 2 snapshots"):
        reasons(told, two, catalog=catalog, facts=facts)
    with pytest.raises(SchemaMismatch, match="no counts for feature"):
        reasons(told, one, catalog=catalog, facts=FactCounts({}))


def declared(says: str, missing_says: str = "") -> Declaration:
    return Declaration("x", None, says, "prospect", "size of the company", "", missing_says)


@pytest.mark.parametrize(
    ("says", "value", "words"),
    [
        ("{value:.0f} meetings", 4.0, "4 meetings"),
        ("{value:.0f} meetings in 30 days", 1.0, "1 meeting in 30 days"),
        ("{value:.0f} different offers made", 1.0, "1 different offer made"),
        ("{value:.0f} times interested in the last 90 days", 1.0, "1 time interested in the last 90 days"),
        ("we know {value:.0f} people there", 1.0, "we know 1 person there"),
        ("{value:.0f} replies", 1.0, "1 reply"),
        ("{value:.0f} touches", 1.0, "1 touch"),
        ("{value:.0f} touches", 11.0, "11 touches"),
        ("{value:.0f} was the size", 1.0, "1 was the size"),
        ("{value:.0f} call has answers", 1.0, "1 call has answers"),
        ("last contact {value:.0f} days ago", 21.0, "last contact 21 days ago"),
        ("{value:.1f} days", 2.1, "2.1 days"),
        ("{value:.0f} more calls than before", -0.4, "0 more calls than before"),
        ("{value:.0f} more calls than before", -2.0, "-2 more calls than before"),
        ("{value} employees", 12500.0, "12,500 employees"),
        ("a share of {value}", float(np.float32(0.1)), "a share of 0.1"),
        ("a share of {value:.0%}", 0.25, "a share of 25%"),
        ("{value} euros", 1234.56, "1,235 euros"),
        ("works in {value}", "{retail} & <b>", "works in {retail} & <b>"),
        ("works in {value}", "1 stop shops", "works in 1 stop shops"),
        ("works in {value}", "صناعة", "works in صناعة"),
    ],
)
def test_values_are_said_sanely(says, value, words):
    assert say(declared(says), value) == words


def test_a_missing_value_without_words_of_its_own_says_what_is_not_known():
    assert say(declared("{value} employees"), np.nan) == "nothing known about size of the company"
    assert say(declared("{value} employees", missing_says="size not known"), None) == "size not known"


@pytest.mark.parametrize(("says", "value"), [("{value:.0f} staff", "many"), ("{other}", 1.0), ("{}", 1.0)])
def test_a_sentence_that_does_not_fit_its_value_names_the_feature(says, value):
    with pytest.raises(CatalogError, match="feature x: cannot say"):
        say(declared(says), value)


effects = arrays(np.float64, (3, 3), elements=st.floats(-3, 3) | st.sampled_from([0.0, 0.05, -0.05, 1.0, -1.0]))


@settings(deadline=None)
@given(effect=effects, wide=st.integers(1, 4))
def test_reasons_are_the_strongest_concepts_of_their_direction_and_never_too_many(effect, wide):
    names = [f"concept {i}" for i in range(3 * wide)]
    table = pd.DataFrame(np.tile(effect, wide), columns=names)
    carriers = pd.DataFrame([[f"x{i}" for i in range(3 * wide)]] * 3, columns=names)
    matrix = _Rows(pd.DataFrame({c: np.ones(3) for c in carriers.loc[0]}))
    for row, why in enumerate(reasons(ByConcept(table, carriers), matrix, catalog=_Any(), facts=_Nothing())):
        for direction, sign in (("for", 1.0), ("against", -1.0)):
            shown = [r.effect for r in why if r.direction == direction]
            strong = sorted((e for e in table.loc[row] * sign if e >= SMALLEST_EFFECT), reverse=True)
            assert [e * sign for e in shown] == strong[: MOST[direction]]
        assert len({r.concept for r in why}) == len(why)


class _Rows:
    def __init__(self, values: pd.DataFrame) -> None:
        self.values = values


class _Any:
    def of(self, name: str) -> Declaration:
        return Declaration(name, None, "{value}", "prospect", name, "", "")


class _Nothing:
    def lookup(self, feature: str, value: float) -> tuple[int, int]:
        return 0, 0
