"""The catalogue: enough features for every question, named by one rule, and a hash that follows what is computed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from features.algebra.declaration import QUESTIONS, Declaration, feature
from features.algebra.terms import Slot, attribute, count, latest, touches
from features.catalog import Catalog, catalog
from features.errors import CatalogError, DefinitionsError
from tests.features.worlds import definitions

CATALOG = catalog(definitions())
CALLS = feature(
    "touch_calls_count_30d", count(touches, kind="call", days=30),
    question="time", concept="calls", says="{value:.0f} calls in the last 30 days", unit="calls",
)  # fmt: skip
_WINDOWED = re.compile(r"[a-z]+(_[a-z]+)*_(?P<aggregate>count|total|distinct|share|trend)_(?P<window>\d+d|all)")
_PLAIN = re.compile(r"[a-z]+(_[a-z]+)*_(days_since|last)|prospect_age_days")


def _is_attribute(declared: Declaration) -> bool:
    return all(slot.events.stream == "attributes" for slot in declared.term.slots())


def test_there_are_at_least_sixty_features_and_every_question_has_its_own() -> None:
    asked = [d.question for d in CATALOG.declarations]
    assert len(asked) >= 60
    assert {question: asked.count(question) >= 8 for question in QUESTIONS} == dict.fromkeys(QUESTIONS, True)


def test_names_are_unique() -> None:
    assert len(set(CATALOG.names)) == len(CATALOG.names)


@pytest.mark.parametrize("declared", CATALOG.declarations, ids=lambda d: d.name)
def test_a_name_follows_the_rule_and_tells_the_window(declared: Declaration) -> None:
    named = _WINDOWED.fullmatch(declared.name)
    if named is None:
        assert _PLAIN.fullmatch(declared.name) or _is_attribute(declared)
        assert declared.term.windows() == (None,)
        return
    days = None if named["window"] == "all" else int(named["window"][:-1])
    looked_back = (days, 2 * days) if days and named["aggregate"] == "trend" else (days,)
    assert declared.term.windows() == looked_back


@pytest.mark.parametrize("declared", CATALOG.declarations, ids=lambda d: d.name)
def test_every_feature_can_be_said_in_words(declared: Declaration) -> None:
    said = declared.says.format(value="x" if declared.is_category else 3.0)
    assert re.search("x" if declared.is_category else "3", said)
    assert "{" not in said
    assert declared.missing_says
    assert declared.concept


def test_what_is_computed_twice_under_two_names_is_one_feature_too_many() -> None:
    terms = [d.term for d in CATALOG.declarations]
    assert [d.name for d in CATALOG.declarations if terms.count(d.term) > 1] == []


def test_the_hash_changes_with_a_term_a_name_and_the_order_and_not_with_words() -> None:
    base = Catalog((CALLS, *CATALOG.declarations[:2]))
    other_words = replace(CALLS, says="called {value:.0f} times", unit="times", concept="phoning")
    other_term = replace(CALLS, term=count(touches, kind="call", days=31))
    assert Catalog((other_words, *base.declarations[1:])).hash == base.hash
    changed = [
        Catalog((other_term, *base.declarations[1:])),
        Catalog((replace(CALLS, name="touch_phoned_count_30d"), *base.declarations[1:])),
        Catalog(base.declarations[::-1]),
        Catalog(base.declarations[1:]),
    ]
    assert len({base.hash, *(c.hash for c in changed)}) == 5


def test_the_hash_is_the_same_for_the_same_declarations() -> None:
    assert catalog(definitions()).hash == CATALOG.hash
    assert re.fullmatch("[0-9a-f]{12}", CATALOG.hash)


def test_a_feature_declared_twice_is_refused() -> None:
    with pytest.raises(CatalogError, match=r"declared twice: \['touch_calls_count_30d'\]"):
        catalog(definitions(), extra=[CALLS, CALLS])


def test_an_extra_feature_stands_behind_the_others() -> None:
    assert catalog(definitions(), extra=[CALLS]).names == (*CATALOG.names, "touch_calls_count_30d")


def test_the_attributes_of_a_company_become_features_with_its_words() -> None:
    size, industry = CATALOG.of("attribute_size"), CATALOG.of("attribute_industry")
    assert (size.is_category, industry.is_category) == (False, True)
    assert size.says == "{value:.0f} people work there"


def test_an_attribute_known_only_after_the_outcome_is_refused() -> None:
    with pytest.raises(DefinitionsError, match=r"\['size'\] are listed as known only after the outcome"):
        definitions(known_only_after=["size"])


def test_an_extra_feature_that_reads_what_is_known_only_after_is_refused() -> None:
    seller = feature("attribute_seller", attribute("seller", "category"), question="prospect", concept="seller",
                     says="sold by {value}")  # fmt: skip
    with pytest.raises(CatalogError, match=r"attribute_seller: \['seller'\] are known only after the outcome"):
        catalog(definitions(known_only_after=["seller"]), extra=[seller])


def test_a_shared_feature_that_reads_what_is_known_only_after_is_left_out() -> None:
    left = catalog(definitions(known_only_after=["segment"])).names
    assert set(CATALOG.names) - set(left) == {"prospect_segment"}


def test_an_unknown_feature_is_an_error_with_its_name() -> None:
    with pytest.raises(CatalogError, match=f"no feature 'touch_luck' in the catalogue of {len(CATALOG.names)}"):
        CATALOG.of("touch_luck")


def test_categories_are_the_features_whose_value_is_a_word() -> None:
    assert {"stage_last", "prospect_segment", "attribute_industry"} <= set(CATALOG.categorical)
    assert "attribute_size" not in CATALOG.categorical
    assert all(isinstance(CATALOG.of(name).term, Slot) for name in CATALOG.categorical)


def test_the_catalogue_describes_itself_as_a_table() -> None:
    table = CATALOG.describe().set_index("name")
    row = table.loc["touch_inbound_trend_7d"]
    assert row["window"] == "7 d, 14 d"
    assert row["meaning"] == "coming to us: … compared with the 7 days before"
    assert row["as_of_rule"] == "recorded before as_of; a window of n days is [as_of - n days, as_of)"
    assert len(table) == len(CATALOG.names)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Touch-Calls"}, "'Touch-Calls': a name is lower case letters, digits and underscores"),
        ({"question": "why"}, r"question 'why' is not one of \['prospect', 'person', 'place', 'time', 'offer'\]"),
        ({"says": "some calls"}, r"says 'some calls' does not show the value; write \{value\}"),
        ({"says": "{number} calls"}, r"says '\{number\} calls' cannot be filled with a value"),
        ({"says": "{value:%Q} calls"}, "cannot be filled with a value"),
        ({"term": latest(touches, "kind"), "says": "{value:.0f} calls"}, "cannot be filled with a value"),
    ],
)
def test_a_wrong_declaration_is_refused(changes: dict[str, object], message: str) -> None:
    given = {"name": "touch_x_count_30d", "term": CALLS.term, "question": "time", "concept": "x", "says": "{value}"}
    wanted = {**given, **changes}
    with pytest.raises(CatalogError, match=message):
        feature(wanted.pop("name"), wanted.pop("term"), **wanted)


def test_a_missing_value_has_words_even_where_none_are_given() -> None:
    assert CALLS.missing_says == "nothing known: calls"
