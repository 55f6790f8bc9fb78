"""Operational definitions: read, refused with file, field and rule, and hashed."""

from __future__ import annotations

import copy
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DefinitionsError
from features.facts.definitions import LIST_RULES, REQUIRED_TERMS, Capacity, load, parse

TERM = {
    "means": "a person with a budget who asked for a price",
    "evidence": "select prospect_id from prospects",
    "owner": "sales",
    "since": "2026-01-01",
}
WORDS = {
    "company": "Nordwind",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "recorded_at": "column",
    "horizon_days": 90,
    "terms": {name: TERM for name in REQUIRED_TERMS},
    "stages": ["new", "demo", "offer"],
    "attributes": [{"name": "industry", "type": "category", "says": "works in {value}"}],
    "known_only_after": ["lost_reason"],
    "capacity": {"default": 12, "owners": {"ana": 5}},
}


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "definitions.yaml"


def test_definitions_are_read_from_yaml(file: Path) -> None:
    words = load(written(file, yaml.safe_dump(WORDS)))
    assert words.terms["won"].since == dt.date(2026, 1, 1)
    assert (words.horizon_days, words.grid_days, words.max_quarantine) == (90, 7, 0.01)
    assert words.zone == ZoneInfo("Europe/Berlin")


def test_an_owner_without_an_own_capacity_has_the_default_one() -> None:
    capacity = Capacity(default=12, owners={"ana": 5, "ben": 0})
    assert [capacity.of(owner) for owner in ("ana", "ben", "eve", None)] == [5, 0, 12, 12]


def test_definitions_cannot_be_changed_afterwards() -> None:
    words = parse(WORDS)
    with pytest.raises(ValueError, match="frozen"):
        words.horizon_days = 30


# --- refused


def test_an_absent_file_is_named(file: Path) -> None:
    with pytest.raises(DefinitionsError, match=r"definitions\.yaml: no such file; every source has"):
        load(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"company: \xff\xfe", r"definitions\.yaml: not readable as UTF-8 YAML: .*can't decode byte"),
        ("company: [unclosed", r"definitions\.yaml: not readable as UTF-8 YAML"),
        ("company: !!python/object:os.system x", r"definitions\.yaml: not readable as UTF-8 YAML"),
        ("company: A\ncurrency: EUR\ncompany: B\n", r"'company' stands twice, again in line 3"),
        ("", r"definitions\.yaml: expected a mapping of fields, got NoneType"),
        ("- company", r"definitions\.yaml: expected a mapping of fields, got list"),
    ],
)
def test_a_file_that_is_no_yaml_mapping_is_refused(file: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(DefinitionsError, match=message):
        load(written(file, text))


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionsError, match=r"not readable as UTF-8 YAML: .*[Dd]irectory"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"terms": {n: TERM for n in REQUIRED_TERMS if n != "won"}}, r"terms: \['won'\] not defined"),
        ({"terms": {**WORDS["terms"], "won": {**TERM, "means": "short"}}}, r"terms\.won\.means: .*at least 10"),
        ({"terms": {**WORDS["terms"], "won": {**TERM, "sql": "x"}}}, r"terms\.won\.sql: Extra inputs"),
        ({"timezone": "Berlin"}, r"timezone: 'Berlin' is not an IANA name such as Europe/Berlin"),
        ({"known_only_after": ["industry"]}, r"attributes: \['industry'\] are listed as known only after the outcome"),
        ({"attributes": [*WORDS["attributes"], *WORDS["attributes"]]}, r"attributes: \['industry'\] declared twice"),
        ({"attributes": [{**WORDS["attributes"][0], "name": "Lead Origin"}]}, r"attributes\.0\.name: .*pattern"),
        ({"stages": ["new", "demo", "new"]}, r"stages: \['new'\] declared twice"),
        ({"horizon_days": 0}, r"horizon_days: .*greater than or equal to 1"),
        ({"horizon_days": "soon"}, r"horizon_days: .*valid integer"),
        ({"recorded_at": "sometimes"}, r"recorded_at: .*'column' or 'occurred_at'"),
        ({"currency": "euro"}, r"currency: .*pattern"),
        ({"max_quarantine": 1.5}, r"max_quarantine: .*less than or equal to 1"),
        ({"max_quarantine": float("nan")}, r"max_quarantine: "),
        ({"capacity": {"default": -1}}, r"capacity\.default: .*greater than or equal to 0"),
        ({"hrizon_days": 30}, r"hrizon_days: Extra inputs"),
    ],
)
def test_a_broken_rule_is_named_with_file_and_field(file: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(DefinitionsError, match=message) as caught:
        load(written(file, yaml.safe_dump({**WORDS, **changes}, sort_keys=False).replace("&id001 ", "")))
    assert str(caught.value).startswith(f"{file}: 1 thing(s) to correct")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(DefinitionsError, match=r"(?s)3 thing\(s\).*company:.*currency:.*horizon_days:"):
        parse({**{k: v for k, v in WORDS.items() if k != "company"}, "currency": "x", "horizon_days": 0})


# --- the hash


def test_the_hash_is_twelve_hex_digits_and_stays_what_it_was() -> None:
    assert parse(WORDS).hash == parse(copy.deepcopy(WORDS)).hash
    assert len(parse(WORDS).hash) == 12
    assert int(parse(WORDS).hash, 16) >= 0


@settings(max_examples=20, deadline=None)
@given(st.permutations(list(WORDS)), st.permutations(list(REQUIRED_TERMS)))
def test_the_hash_does_not_depend_on_the_order_of_keys(fields: list[str], terms: list[str]) -> None:
    shuffled = {name: WORDS[name] for name in fields}
    shuffled["terms"] = {name: dict(reversed(TERM.items())) for name in terms}
    assert parse(shuffled).hash == parse(WORDS).hash


def test_the_hash_of_a_file_with_the_defaults_written_out_is_the_same() -> None:
    assert parse({**WORDS, "grid_days": 7, "kinds": {}, "simulated": False}).hash == parse(WORDS).hash


@pytest.mark.parametrize(
    "changes",
    [
        {"company": "Südwind"},
        {"simulated": True},
        {"timezone": "UTC"},
        {"currency": "USD"},
        {"recorded_at": "occurred_at"},
        {"horizon_days": 91},
        {"grid_days": 14},
        {"cohort_from": "2026-02-01"},
        {"observed_until": "2026-02-01"},
        {"max_age_days": 365},
        {"terms": {**WORDS["terms"], "won": {**TERM, "means": "a signed contract is on file"}}},
        {"terms": {**WORDS["terms"], "won": {**TERM, "evidence": "select prospect_id from outcomes"}}},
        {"terms": {**WORDS["terms"], "won": {**TERM, "owner": "finance"}}},
        {"terms": {**WORDS["terms"], "won": {**TERM, "since": "2026-02-01"}}},
        {"terms": {**WORDS["terms"], "nurtured": TERM}},
        {"stages": ["demo", "new", "offer"]},
        {"kinds": {"webinar": "a talk on the web"}},
        {"attributes": []},
        {"known_only_after": []},
        {"capacity": {"default": 12, "owners": {"ana": 6}}},
        {"minimum_gap_days": 3},
        {"minimum_gap_account_days": 3},
        {"territories": {"ana": ["north"]}},
        {"working_days": [1, 2, 3]},
        {"holidays": ["2026-12-25"]},
        {"away": {"ana": ["2026-12-24"]}},
        {"office_hours": [9, 17]},
        {"exploration": 0.1},
        {"hold_out": 0.1},
        {"fairness_band": 0.2},
        {"cost_per_call": 5},
        {"max_quarantine": 0.02},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_hash_changes_with_every_field(changes: dict[str, object]) -> None:
    assert parse({**WORDS, **changes}).hash != parse(WORDS).hash


def test_no_field_is_left_out_of_the_test_above() -> None:
    meanings = {"company", "simulated", "timezone", "currency", "recorded_at", "horizon_days", "grid_days",
                "cohort_from", "observed_until", "max_age_days", "terms", "stages", "kinds", "attributes",
                "known_only_after"}  # fmt: skip
    assert set(type(parse(WORDS)).model_fields) == meanings | set(LIST_RULES)


def test_a_rule_of_the_list_changes_the_hash_but_not_the_meaning_that_models_depend_on() -> None:
    changed = parse({**WORDS, "holidays": ["2026-12-25"], "capacity": {"default": 3}})
    assert changed.hash != parse(WORDS).hash
    assert changed.meaning == parse(WORDS).meaning
    assert parse({**WORDS, "horizon_days": 91}).meaning != parse(WORDS).meaning
