"""The lake: facts come in once, stay, are read as of any version, and have a name by their content."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import ContractError
from features.facts.arrow import to_arrow
from features.facts.contract import TABLES, check, empty
from features.facts.ledger import Facts
from pipelines.lake import Lake, LakeError
from tests.pipelines.literal import day, offers, prospects, rows, touches


def versions_of(lake: Lake, table: str) -> list[int]:
    return lake.history(table)["version"].tolist()


# --- merge


def test_what_was_merged_is_read_with_the_types_of_the_contract(lake: Lake) -> None:
    given = touches(("t1", 1, 10.0), ("t2", 1, float("nan")))
    assert lake.merge("touches", given) == 2
    pd.testing.assert_frame_equal(lake.read("touches"), given)


def test_the_same_rows_again_add_nothing_and_make_no_version(lake: Lake) -> None:
    lake.merge("touches", touches(("t1", 1, 10.0), ("t2", 1, 20.0)))
    assert lake.merge("touches", touches(("t2", 1, 20.0), ("t1", 1, 10.0))) == 0
    assert versions_of(lake, "touches") == [0]


def test_only_the_rows_that_are_not_there_yet_are_added(lake: Lake) -> None:
    lake.merge("touches", touches(("t1", 1, 10.0)))
    assert lake.merge("touches", touches(("t1", 1, 10.0), ("t2", 2, 20.0))) == 1
    assert lake.read("touches")["touch_id"].tolist() == ["t1", "t2"]


def test_a_later_version_of_a_row_is_a_further_row(lake: Lake) -> None:
    lake.merge("touches", touches(("t1", 1, 10.0)))
    assert lake.merge("touches", touches(("t1", 5, 99.0))) == 1
    assert lake.read("touches")[["touch_id", "value"]].to_numpy().tolist() == [["t1", 10.0], ["t1", 99.0]]


def test_a_row_rewritten_in_place_is_not_taken_but_found(lake: Lake) -> None:
    lake.merge("touches", touches(("t1", 1, 10.0), ("t2", 1, float("nan")), ("t3", 1, 5.0)))
    again = touches(("t1", 1, 11.0), ("t2", 1, float("nan")), ("t3", 1, float("nan")), ("t4", 1, 1.0))
    assert lake.changed("touches", again)["touch_id"].tolist() == ["t1", "t3"]
    assert lake.merge("touches", again) == 1
    assert lake.read("touches")["value"].tolist()[0] == 10.0


def test_nothing_is_found_changed_where_there_is_nothing(lake: Lake) -> None:
    assert lake.changed("touches", touches(("t1", 1, 10.0))).empty
    lake.merge("touches", touches(("t1", 1, 10.0)))
    assert lake.changed("touches", empty("touches")).empty


def test_of_two_rows_with_one_identity_in_one_load_the_last_one_counts(lake: Lake) -> None:
    assert lake.merge("touches", touches(("t1", 1, 10.0), ("t1", 1, 20.0))) == 1
    assert lake.read("touches")["value"].tolist() == [20.0]


def test_no_rows_make_no_table(lake: Lake) -> None:
    assert lake.merge("touches", empty("touches")) == 0
    assert lake.versions() == {}


def test_any_text_and_the_ends_of_time_survive(lake: Lake) -> None:
    ids = ["שלום-1", "🧑🏽‍💼", "a" * 200, "quote\"'; --", " ", "NULL", "nan"]
    frame = rows(
        "touches", "touch_id occurred_at recorded_at prospect_id kind direction",
        *((i, day(1), pd.Timestamp("9999-12-31 23:59:59.999999", tz="UTC"), "p1", "call", "outbound") for i in ids),
    )  # fmt: skip
    lake.merge("touches", frame)
    back = lake.read("touches")
    assert sorted(back["touch_id"]) == sorted(ids)
    assert back["recorded_at"].unique().tolist() == [pd.Timestamp("9999-12-31 23:59:59.999999", tz="UTC")]


def test_rows_of_the_wrong_shape_are_refused_as_the_contract_does(lake: Lake) -> None:
    with pytest.raises(ContractError, match=r"table touches: missing column\(s\) \['recorded_at'\]"):
        lake.merge("touches", touches(("t1", 1, 1.0)).drop(columns="recorded_at"))
    with pytest.raises(ContractError, match="unknown table 'visits'; the contract has"):
        lake.merge("visits", touches(("t1", 1, 1.0)))
    with pytest.raises(LakeError, match=r"expected a table name such as touches, got '\.\./x'"):
        lake.read("../x")


# --- offers, attributes, logs


def test_a_changed_offer_replaces_its_row_and_the_version_before_keeps_the_old_one(lake: Lake) -> None:
    assert lake.merge("offers", offers(("o1", "pilot"), ("o2", "demo"))) == 2
    assert lake.merge("offers", offers(("o2", "demo"), ("o1", "free pilot"), ("o3", "audit"))) == 2
    assert lake.read("offers")[["offer_id", "name"]].to_numpy().tolist() == [
        ["o1", "free pilot"], ["o2", "demo"], ["o3", "audit"],
    ]  # fmt: skip
    assert lake.read("offers", 0)["name"].tolist() == ["pilot", "demo"]


def test_the_same_offers_again_make_no_version(lake: Lake) -> None:
    lake.merge("offers", offers(("o1", "pilot"), ("o2", "demo")))
    assert lake.merge("offers", offers(("o2", "demo"))) == 0
    assert versions_of(lake, "offers") == [0]


def test_a_new_attribute_becomes_a_column_that_earlier_rows_lack(lake: Lake) -> None:
    lake.merge("prospects", prospects("p1"))
    lake.merge("prospects", prospects("p2", size=5.0))
    back = lake.read("prospects")
    assert list(back.columns) == [*TABLES["prospects"].columns, "size"]
    assert back["size"].isna().tolist() == [True, False]
    assert list(lake.read("prospects", 0).columns) == list(TABLES["prospects"].columns)


def test_an_attribute_that_a_load_does_not_have_is_missing_there(lake: Lake) -> None:
    lake.merge("prospects", prospects("p1", size=5.0, industry="steel"))
    lake.merge("prospects", prospects("p2"))
    assert lake.read("prospects")[["industry", "size"]].isna().to_numpy().tolist() == [[False] * 2, [True] * 2]


def test_an_attribute_without_any_value_takes_the_type_of_its_first_value(lake: Lake) -> None:
    lake.merge("prospects", prospects("p1", size=[None], since=[None]))
    lake.merge("prospects", prospects("p2", size=5.0, since=day(3)))
    lake.merge("prospects", prospects("p3", size=[None], since=[None]))
    back = lake.read("prospects")
    assert [str(back[c].dtype) for c in ("size", "since")] == ["float64", "datetime64[us, UTC]"]
    assert back["size"].isna().tolist() == [True, False, True]
    assert list(lake.read("prospects", 0).columns)[-2:] == ["since", "size"]


def test_an_attribute_that_turns_from_numbers_to_text_is_refused(lake: Lake) -> None:
    lake.merge("prospects", prospects("p1", size=5.0))
    with pytest.raises(
        ContractError, match=r"attribute size: expected double as before, got string, for example 'big'"
    ):
        lake.merge("prospects", prospects("p2", size="big"))
    assert lake.read("prospects")["prospect_id"].tolist() == ["p1"]


def test_quarantined_rows_are_kept_once_per_run_with_their_reasons(lake: Lake) -> None:
    frame = touches(("t1", 1, 1.0)).assign(kind="webinar")
    bad = check("touches", frame).quarantined
    assert lake.quarantine(bad, source="crm", table="touches", run_id="r1") == 1
    assert lake.quarantine(bad, source="crm", table="touches", run_id="r1") == 0
    assert lake.quarantine(bad, source="crm", table="touches", run_id="r2") == 1
    kept = lake.read("quarantine")
    assert kept[["run_id", "source", "table", "row", "got"]].to_numpy().tolist() == [
        ["r1", "crm", "touches", 0, "webinar"], ["r2", "crm", "touches", 0, "webinar"],
    ]  # fmt: skip
    assert kept["reason"].str.startswith("kind: not one of").all()


def test_nothing_quarantined_is_a_typed_table_without_rows(lake: Lake) -> None:
    assert lake.quarantine(check("touches", empty("touches")).quarantined, source="c", table="t", run_id="r") == 0
    assert lake.read("quarantine").dtypes.astype("str").to_dict() == {
        "run_id": "str", "source": "str", "table": "str", "row": "int64", "reason": "str", "got": "str",
    }  # fmt: skip


def test_a_log_takes_the_same_row_twice(lake: Lake) -> None:
    line = pd.DataFrame({"at": [day(1)], "says": ["started"]})
    assert [lake.append("log", line), lake.append("log", line)] == [1, 1]
    assert lake.read("log")["says"].tolist() == ["started", "started"]


# --- read, versions


def test_an_absent_table_is_read_as_the_contracts_empty_one(lake: Lake) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(lake.read(name), empty(name))
    assert lake.facts().last_recorded() is None
    assert not Path(lake.root).exists()


def test_rows_are_read_in_one_order_however_they_came_in(tmp_path: Path) -> None:
    one, other = Lake(tmp_path / "one"), Lake(tmp_path / "other")
    one.merge("touches", touches(("t1", 1, 1.0), ("t2", 1, 2.0), ("t1", 3, 3.0)))
    other.merge("touches", touches(("t2", 1, 2.0)))
    other.merge("touches", touches(("t1", 3, 3.0), ("t1", 1, 1.0)))
    pd.testing.assert_frame_equal(one.read("touches"), other.read("touches"))


def test_facts_are_read_as_they_were_at_the_versions_given(lake: Lake) -> None:
    lake.merge("prospects", prospects("p1"))
    lake.merge("touches", touches(("t1", 1, 1.0)))
    then = lake.versions()
    lake.merge("touches", touches(("t2", 2, 2.0)))
    lake.merge("offers", offers(("o1", "pilot")))
    assert then == {"prospects": 0, "touches": 0}
    assert lake.versions() == {"prospects": 0, "touches": 1, "offers": 0}
    assert lake.facts(then).touches["touch_id"].tolist() == ["t1"]
    assert lake.facts(then).offers.empty
    assert lake.facts().touches["touch_id"].tolist() == ["t1", "t2"]


@pytest.mark.parametrize("version", [1, -1])
def test_a_version_that_is_not_there_is_refused_with_those_that_are(lake: Lake, version: int) -> None:
    lake.merge("touches", touches(("t1", 1, 1.0)))
    with pytest.raises(LakeError, match=rf"touches: expected version {version}, got 0 to 0"):
        lake.read("touches", version)
    with pytest.raises(LakeError, match="prospects: expected version 0, got no table at all"):
        lake.read("prospects", 0)


def test_the_history_lists_the_commits_the_last_first(lake: Lake) -> None:
    lake.merge("touches", touches(("t1", 1, 1.0), ("t2", 1, 1.0)))
    lake.merge("touches", touches(("t3", 1, 1.0)))
    table = lake.history("touches")
    assert table[["version", "operation", "rows"]].to_numpy().tolist() == [[1, "WRITE", 1], [0, "WRITE", 2]]
    assert str(table["at"].dt.tz) == "UTC"
    assert lake.history("offers").empty


def test_versions_are_kept_longer_than_the_thirty_days_of_delta_lake(lake: Lake) -> None:
    lake.merge("touches", touches(("t1", 1, 1.0)))
    settings_ = DeltaTable(f"{lake.root}/touches").metadata().configuration
    assert settings_["delta.logRetentionDuration"] == "interval 36500 days"
    assert settings_["delta.deletedFileRetentionDuration"] == "interval 36500 days"


# --- the data version

_ROWS = st.lists(
    st.tuples(st.sampled_from(["t1", "t2", "t3", "ü;=1:"]), st.integers(1, 3), st.sampled_from([0.1, 2.0])),
    min_size=1,
    max_size=6,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=10, deadline=None)
@given(_ROWS, st.randoms(use_true_random=False))
def test_the_data_version_depends_on_the_facts_and_not_on_how_they_came(
    tmp_path_factory: pytest.TempPathFactory, facts: list[tuple[str, int, float]], random: object
) -> None:
    place = tmp_path_factory.mktemp("lakes")
    whole, parts = Lake(place / "whole"), Lake(place / "parts")
    whole.merge("touches", touches(*facts))
    for fact in random.sample(facts, len(facts)):
        parts.merge("touches", touches(fact))
    assert whole.data_version() == parts.data_version()


def test_the_data_version_changes_with_every_row_value_and_column(tmp_path: Path) -> None:
    seen = set()
    frames = [
        prospects("p1"),
        prospects("p2"),
        prospects("p1", "p2"),
        prospects("p1", recorded=2),
        prospects("p1", segment="small"),
        prospects("p1", territory="small"),
        prospects("p1", size=1.0),
        prospects("p1", size="1.0"),
        prospects("p1", size=[None]),
    ]
    for n, frame in enumerate(frames):
        lake = Lake(tmp_path / str(n))
        lake.merge("prospects", frame)
        seen.add(lake.data_version())
    assert len(seen) == len(frames)
    assert all(len(version) == 12 for version in seen)


def test_the_data_version_of_no_facts_is_that_of_no_lake(lake: Lake, tmp_path: Path) -> None:
    assert lake.data_version() == Lake(tmp_path / "other").data_version()


def test_the_data_version_of_earlier_versions_is_what_it_was(lake: Lake) -> None:
    lake.merge("offers", offers(("o1", "pilot")))
    lake.merge("touches", touches(("t1", 1, 1.0)))
    name, then = lake.data_version(), lake.versions()
    lake.merge("touches", touches(("t2", 1, 1.0)))
    lake.merge("offers", offers(("o1", "free pilot")))
    assert lake.data_version() != name
    assert Lake(lake.root).data_version(then) == name


def test_the_content_noted_with_a_commit_is_the_content_of_the_rows(lake: Lake) -> None:
    lake.merge("prospects", prospects("p1", size=[None]))
    lake.merge("prospects", prospects("p2", size=5.0))
    lake.merge("touches", touches(("t1", 1, 1.0)))
    lake.merge("touches", touches(("t2", 1, 1.0)))
    lake.merge("offers", offers(("o1", "pilot")))
    lake.merge("offers", offers(("o1", "free pilot")))
    noted = lake.data_version()
    for name in lake.versions():
        DeltaTable(f"{lake.root}/{name}").optimize.compact()
        write_deltalake(f"{lake.root}/{name}", to_arrow(lake.read(name)).slice(0, 0), mode="append")
    assert Lake(lake.root).data_version() == noted


# --- damaged or foreign


def test_a_file_in_place_of_the_lake_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "lake"
    file.write_text("notes")
    with pytest.raises(LakeError, match="expected a folder or a URL, got a file"):
        Lake(file)


def test_a_folder_with_other_contents_is_refused_and_left_alone(lake: Lake) -> None:
    folder = Path(lake.root) / "touches"
    folder.mkdir(parents=True)
    (folder / "budget.xlsx").write_text("figures")
    for action in (lambda: lake.read("touches"), lambda: lake.merge("touches", touches(("t1", 1, 1.0)))):
        with pytest.raises(LakeError, match=r"expected a Delta Lake table or nothing, got \['budget\.xlsx'\]"):
            action()
    assert [f.name for f in folder.iterdir()] == ["budget.xlsx"]


def test_a_delta_table_of_somebody_else_is_refused(lake: Lake) -> None:
    write_deltalake(f"{lake.root}/touches", to_arrow(pd.DataFrame({"touch_id": ["t1"]})))
    with pytest.raises(LakeError, match=r"expected the columns \['channel', .*\] too, got \['touch_id'\]"):
        lake.read("touches")


def test_a_damaged_log_is_refused_with_its_place(lake: Lake) -> None:
    lake.merge("touches", touches(("t1", 1, 1.0)))
    (Path(lake.root) / "touches/_delta_log/00000000000000000000.json").write_text("{not json")
    for action in (lambda: lake.read("touches"), lake.versions, lambda: lake.merge("touches", touches(("t2", 1, 1.0)))):
        with pytest.raises(LakeError, match=r"lake table .*touches: cannot read it: .* restore the folder"):
            action()


def test_a_deleted_data_file_is_refused_rather_than_read_as_fewer_rows(lake: Lake) -> None:
    lake.merge("touches", touches(("t1", 1, 1.0)))
    lake.merge("touches", touches(("t2", 1, 1.0)))
    next((Path(lake.root) / "touches").glob("*.parquet")).unlink()
    with pytest.raises(LakeError, match=r"touches: cannot read it: .*parquet not found"):
        lake.read("touches")


def test_a_url_nobody_can_open_is_refused() -> None:
    with pytest.raises(LakeError, match=r"gopher://x/touches: cannot read it: Unknown scheme"):
        Lake("gopher://x").read("touches")


def test_an_object_store_out_of_reach_is_an_error_and_not_an_empty_lake() -> None:
    nowhere = {
        "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "x",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ALLOW_HTTP": "true", "max_retries": "0",
    }  # fmt: skip
    with pytest.raises(LakeError, match=r"s3://bucket/lake/prospects: cannot read it: "):
        Lake("s3://bucket/lake", nowhere).facts()


def test_every_table_of_the_contract_goes_in_and_comes_back(lake: Lake) -> None:
    given = Facts.of(
        {
            "accounts": rows("accounts", "account_id recorded_at name", ("a1", day(1), "Nordwind")),
            "prospects": prospects("p1"),
            "contacts": rows("contacts", "contact_id recorded_at prospect_id", ("c1", day(1), "p1")),
            "attribute_changes": rows(
                "attribute_changes", "entity id name occurred_at recorded_at value",
                ("prospect", "p1", "stage", day(2), day(2), "demo"),
            ),
            "touches": touches(("t1", 2, 1.0)),
            "offers": offers(("o1", "pilot")),
            "offers_made": rows(
                "offers_made", "prospect_id offer_id occurred_at recorded_at propensity",
                ("p1", "o1", day(3), day(3), 0.5),
            ),
            "outcomes": rows(
                "outcomes", "prospect_id occurred_at recorded_at result", ("p1", day(9), day(9), "won")
            ),
            "withdrawals": rows("withdrawals", "table id recorded_at reason", ("touches", "t9", day(9), "deleted")),
        }
    )  # fmt: skip
    for name, frame in given.tables().items():
        assert lake.merge(name, frame) == 1
    for name, frame in lake.facts().tables().items():
        pd.testing.assert_frame_equal(frame, given.tables()[name])
