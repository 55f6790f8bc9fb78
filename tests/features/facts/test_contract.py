"""What the contract accepts, what it refuses whole, and which rows it sets aside, by their reasons."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import ContractError
from features.facts.contract import KINDS, TABLES, Checked, check, empty, set_aside

JAN_5 = pd.Timestamp("2026-01-05 09:00", tz="UTC")


def touches(*rows: dict[str, object]) -> pd.DataFrame:
    """Return one valid touch per row, with the changes of the row."""
    valid = {
        "touch_id": "t1", "prospect_id": "p1", "kind": "call", "channel": "phone", "direction": "outbound",
        "occurred_at": JAN_5, "recorded_at": JAN_5, "result": "answered", "value": 10.0, "duration_s": 60.0,
    }  # fmt: skip
    return pd.DataFrame([{**valid, **row} for row in rows])


def touch(**changes: object) -> pd.DataFrame:
    """Return one valid touch, with changes."""
    return touches(changes)


def prospects(**columns: object) -> pd.DataFrame:
    """Return two valid prospects with further columns."""
    return pd.DataFrame({"prospect_id": ["p1", "p2"], "created_at": [JAN_5] * 2, "recorded_at": [JAN_5] * 2, **columns})


def offer_made(propensity: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "prospect_id": ["p1"], "offer_id": ["o1"], "occurred_at": [JAN_5], "recorded_at": [JAN_5],
            "propensity": [propensity],
        }
    )  # fmt: skip


def reasons(checked: Checked) -> list[tuple[int, str, object]]:
    """Return the findings as literal rows; a missing value reads None."""
    found = checked.quarantined[["row", "reason", "got"]]
    return [(r, why, None if pd.isna(got) else got) for r, why, got in found.itertuples(index=False)]


# --- refused whole


def test_an_unknown_table_is_refused_with_the_names_of_the_eight() -> None:
    with pytest.raises(ContractError, match=r"unknown table 'toches'.*'prospects'.*'outcomes'"):
        check("toches", touch())


def test_a_missing_column_is_refused_with_what_came_and_how_to_map_it() -> None:
    frame = touch().drop(columns=["recorded_at", "kind"])
    with pytest.raises(
        ContractError, match=r"touches \(crm\.csv\): missing column\(s\) \['kind', 'recorded_at'\].*as kind"
    ):
        check("touches", frame, origin="crm.csv")


def test_an_unknown_column_of_an_event_table_is_refused() -> None:
    with pytest.raises(ContractError, match=r"unknown column\(s\) \['mood'\].*Only prospects and accounts"):
        check("touches", touch(mood="good"))


def test_a_column_that_stands_twice_is_refused() -> None:
    frame = touch()
    frame.columns = [*frame.columns[:-1], "kind"]
    with pytest.raises(ContractError, match=r"columns \['kind'\] stand twice"):
        check("touches", frame)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"occurred_at": pd.Timestamp("2026-01-05")},
            "occurred_at: expected a time with its time zone, got a time without",
        ),
        (
            {"occurred_at": "2026-01-05"},
            r"expected a time with its time zone, got str, for example '2026-01-05' in row 0",
        ),
        ({"value": "10"}, r"value: expected numbers, got str, for example '10' in row 0"),
        ({"value": True}, r"value: expected numbers, got bool"),
        ({"prospect_id": 1.5}, r"prospect_id: expected text, got float64, for example .*1\.5.* in row 0"),
        ({"stage": 3}, r"stage: expected text, got int64"),
    ],
)
def test_a_wrong_type_is_refused_with_an_example(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        check("touches", touch(**changes))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([pd.Timestamp("2026-01-05")] * 2, "met_on: expected a time with its time zone, got a time without"),
        ([dt.date(2026, 1, 5)] * 2, "met_on: expected text, numbers or a time with its time zone, got date"),
        ([["a"], ["b"]], "met_on: expected text, numbers or a time with its time zone, got mixed"),
        ([1, "a"], "met_on: expected text, numbers or a time with its time zone, got mixed-integer"),
    ],
)
def test_an_attribute_that_is_no_text_number_or_zoned_time_is_refused(column: list[object], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        check("prospects", prospects(met_on=column))


def test_an_attribute_with_a_name_that_no_feature_could_have_is_refused() -> None:
    with pytest.raises(ContractError, match=r"attribute\(s\) \['Lead Origin'\].*as lead_origin"):
        check("prospects", prospects(**{"Lead Origin": ["web", "fair"]}))


# --- accepted, and how


def test_whole_numbered_ids_become_text_even_where_some_are_missing() -> None:
    good = check("touches", touch(touch_id=7, contact_id=pd.array([3], dtype="Int64")[0])).good
    assert good[["touch_id", "contact_id"]].to_numpy().tolist() == [["7", "3"]]
    frame = prospects(account_id=pd.array([12, None], dtype="Int64"))
    assert check("prospects", frame).good["account_id"].tolist()[0] == "12"
    assert check("prospects", frame).good["account_id"].isna().tolist() == [False, True]


def test_categories_become_text_and_their_missing_values_stay_missing() -> None:
    frame = prospects(segment=pd.Categorical(["small", None]), account_id=pd.Categorical([4, None]))
    good = check("prospects", frame).good
    assert good["segment"].isna().tolist() == [False, True]
    assert good["account_id"].tolist()[0] == "4"


def test_text_with_missing_values_is_text_in_every_representation() -> None:
    for column in (["x", None], pd.Series(["x", np.nan], dtype="object"), pd.array(["x", pd.NA], dtype="string")):
        good = check("prospects", prospects(segment=column)).good
        assert good["segment"].dtype == "str"
        assert good["segment"].isna().tolist() == [False, True]


def test_a_column_without_any_value_is_typed_whatever_it_was() -> None:
    for nothing in (None, np.nan, pd.NA, pd.NaT):
        good = check("touches", touch(value=nothing, stage=nothing, contact_id=nothing)).good
        assert [str(good[c].dtype) for c in ("value", "stage", "contact_id")] == ["float64", "str", "str"]
        assert good[["value", "stage", "contact_id"]].isna().all(axis=None)


def test_an_absent_optional_column_is_missing_everywhere() -> None:
    good = check("touches", touch().drop(columns=["value", "result"])).good
    assert good[["value", "result"]].isna().all(axis=None)
    assert list(good.columns) == list(TABLES["touches"].columns)


def test_a_zoned_time_becomes_utc_microseconds() -> None:
    berlin = pd.Timestamp("2026-01-05 10:00", tz="Europe/Berlin")
    good = check("touches", touch(occurred_at=berlin)).good
    assert good["occurred_at"].dtype == "datetime64[us, UTC]"
    assert good["occurred_at"].tolist() == [JAN_5]


def test_attributes_become_text_numbers_or_times() -> None:
    frame = prospects(
        size=[3, 5],
        listed=pd.Series([True, None], dtype="object"),
        turnover=[Decimal("1.5"), None],
        industry=pd.Categorical(["steel", None]),
        tier=pd.Categorical([1, 2]),
        met_at=[JAN_5, pd.NaT],
        unknown=[None, None],
    )
    good = check("prospects", frame).good
    types = {c: str(good[c].dtype) for c in list(frame.columns)[3:]}
    assert types == {
        "size": "float64", "listed": "float64", "turnover": "float64", "industry": "str",
        "tier": "float64", "met_at": "datetime64[us, UTC]", "unknown": "str",
    }  # fmt: skip
    assert good["listed"].tolist()[0] == 1.0


@pytest.mark.parametrize("id_", ["شركة-١٢", "שלום", "🧑🏽‍💼-7", "a" * 200, "O'Brien; drop table", " "])
def test_ids_may_be_any_text_of_up_to_200_characters(id_: str) -> None:
    checked = check("touches", touch(touch_id=id_))
    assert checked.good["touch_id"].tolist() == [id_]


def test_an_empty_table_passes_with_its_columns_typed() -> None:
    for name in TABLES:
        checked = check(name, empty(name))
        pd.testing.assert_frame_equal(checked.good, empty(name))
        assert (len(checked.quarantined), checked.share) == (0, 0.0)


def test_several_versions_of_a_key_are_all_good() -> None:
    frame = touches({}, {"recorded_at": JAN_5 + pd.Timedelta(days=1)})
    assert len(check("touches", frame).good) == 2


def test_a_kind_of_ones_own_is_good_when_the_definitions_name_it() -> None:
    assert reasons(check("touches", touch(kind="webinar")))[0][2] == "webinar"
    assert reasons(check("touches", touch(kind="webinar"), kinds=["webinar"])) == []


# --- set aside, row by row

TOO_EARLY = JAN_5 - pd.Timedelta(minutes=5, microseconds=1)


@pytest.mark.parametrize(
    ("changes", "reason", "got"),
    [
        ({"kind": "webinar"}, "kind: not one of " + ", ".join(KINDS), "webinar"),
        ({"channel": "fax"}, "channel: not one of phone, email, web, in_person, chat, social, post, partner", "fax"),
        ({"direction": "sideways"}, "direction: not one of inbound, outbound", "sideways"),
        ({"result": "happy"}, None, "happy"),
        ({"touch_id": ""}, "touch_id: empty or longer than 200 characters", ""),
        ({"touch_id": "a" * 201}, "touch_id: empty or longer than 200 characters", "a" * 201),
        ({"value": np.inf}, "value: outside -1e+10 to 1e+10", "inf"),
        ({"value": -1e300}, "value: outside -1e+10 to 1e+10", "-1e+300"),
        ({"duration_s": -1.0}, "duration_s: outside 0 to 1e+10", "-1.0"),
        ({"recorded_at": TOO_EARLY}, "recorded_at: before occurred_at", str(TOO_EARLY)),
    ],
)  # fmt: skip
def test_a_row_that_breaks_a_rule_is_set_aside_with_its_reason(
    changes: dict[str, object], reason: str | None, got: str
) -> None:
    frame = touches({"touch_id": "fine"}, changes)
    checked = check("touches", frame)
    assert checked.good["touch_id"].tolist() == ["fine"]
    (row, why, found), *more = reasons(checked)
    assert (row, found, more) == (1, got, [])
    assert why == reason or (reason is None and why.startswith("result: not one of"))


@pytest.mark.parametrize("column", ["touch_id", "prospect_id", "kind", "direction", "occurred_at", "recorded_at"])
def test_a_missing_value_that_is_needed_is_set_aside(column: str) -> None:
    frame = touches({"touch_id": "fine"}, {})
    frame[column] = frame[column].where(frame.index == 0)
    assert reasons(check("touches", frame)) == [(1, f"{column}: missing", None)]


def test_two_clocks_may_differ_by_five_minutes() -> None:
    assert reasons(check("touches", touch(recorded_at=JAN_5 - pd.Timedelta(minutes=5)))) == []


def test_a_prospect_recorded_before_it_was_created_is_set_aside() -> None:
    frame = prospects(recorded_at=[JAN_5, TOO_EARLY])
    assert reasons(check("prospects", frame)) == [(1, "recorded_at: before created_at", str(TOO_EARLY))]


@pytest.mark.parametrize("propensity", [0.0, -0.1, 1.5, np.inf])
def test_a_propensity_outside_its_range_is_set_aside(propensity: float) -> None:
    assert reasons(check("offers_made", offer_made(propensity))) == [
        (0, "propensity: outside 1e-09 to 1", str(propensity))
    ]


@pytest.mark.parametrize("propensity", [1.0, 0.5, 1e-9, np.nan])
def test_a_propensity_in_range_or_not_logged_is_good(propensity: float) -> None:
    assert reasons(check("offers_made", offer_made(propensity))) == []


def test_an_infinite_attribute_is_set_aside_and_a_missing_one_is_not() -> None:
    assert reasons(check("prospects", prospects(size=[np.nan, np.inf]))) == [(1, "size: not a finite number", "inf")]


def test_the_first_broken_rule_of_a_row_is_named_and_the_row_number_is_of_the_input() -> None:
    frame = touches(*({"touch_id": f"t{i}"} for i in range(6)))
    frame.loc[4, ["kind", "duration_s"]] = ["webinar", -1.0]
    frame.loc[2, "recorded_at"] = TOO_EARLY
    frame.index = range(100, 106)
    assert [(row, why.split(":")[0]) for row, why, _ in reasons(check("touches", frame))] == [
        (2, "recorded_at"),
        (4, "kind"),
    ]


def test_the_reason_of_an_outcome_is_kept_beside_the_reason_for_setting_it_aside() -> None:
    frame = pd.DataFrame(
        {
            "prospect_id": ["p1"], "occurred_at": [JAN_5], "recorded_at": [JAN_5],
            "result": ["maybe"], "reason": ["too dear"],
        }
    )  # fmt: skip
    (row,) = check("outcomes", frame).quarantined.to_dict("records")
    assert (row["reason"], row["got"], row["reason_given"]) == ("result: not one of won, lost", "maybe", "too dear")


def test_the_share_set_aside_counts_rows() -> None:
    frame = touches({}, {}, {}, {"kind": "webinar"})
    assert check("touches", frame).share == 0.25


def test_rows_set_aside_later_keep_their_row_number() -> None:
    frame = touches({"kind": "webinar"}, {}, {"stage": "late"})
    checked = check("touches", frame)
    late = set_aside(checked, checked.good["stage"].eq("late"), "stage: too late", "stage")
    assert reasons(late)[1] == (2, "stage: too late", "late")
    assert late.good.index.tolist() == [1]


def test_setting_aside_nothing_changes_nothing() -> None:
    checked = check("touches", touch())
    assert set_aside(checked, checked.good["stage"].eq("late"), "stage: too late", "stage") is checked


# --- laws

_TOUCHES = st.lists(
    st.fixed_dictionaries(
        {
            "touch_id": st.sampled_from(["t1", "t2", "", None, "x" * 201]),
            "kind": st.sampled_from(["call", "email", "webinar", None]),
            "channel": st.sampled_from(["phone", "fax", None]),
            "value": st.sampled_from([1.0, -1e10, np.nan, np.inf, 1e11]),
            "stage": st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=3)),
            "recorded_at": st.sampled_from([JAN_5, TOO_EARLY, pd.NaT]),
        }
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=30, deadline=None)
@given(_TOUCHES)
def test_no_row_is_lost_and_none_is_in_both_halves(rows: list[dict[str, object]]) -> None:
    frame = touches(*rows)
    checked = check("touches", frame)
    assert sorted([*checked.good.index, *checked.quarantined["row"]]) == list(range(len(frame)))
    back = pd.concat([checked.good, checked.quarantined[list(checked.good.columns)]]).sort_index()
    for column in frame.columns:
        assert (back[column].eq(frame[column]) | (back[column].isna() & frame[column].isna())).all(), column


@settings(max_examples=30, deadline=None)
@given(_TOUCHES)
def test_the_good_rows_pass_again_unchanged(rows: list[dict[str, object]]) -> None:
    frame = touches(*rows)
    good = check("touches", frame).good
    again = check("touches", good)
    pd.testing.assert_frame_equal(again.good, good.reset_index(drop=True))
    assert again.quarantined.empty


def test_every_reason_names_a_column_of_its_table() -> None:
    frame = touches({"kind": "x"}, {"value": np.inf}, {"touch_id": ""})
    for _, why, _ in reasons(check("touches", frame)):
        assert re.match(r"\w+", why).group() in TABLES["touches"].columns
