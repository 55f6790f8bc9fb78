"""A receipt says what was said, on what grounds, under which versions; its id is its content."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.decision.errors import DecisionError
from models.decision.reasons import NO_REASONS, Reason
from models.decision.receipt import Versions, as_frame, grade, receipts

AS_OF = pd.Timestamp("2026-03-02", tz="UTC").as_unit("us")
WHY = Reason("4 meetings", "for", 0.7, "meetings", "person", "meetings_30d", 80, 31)
VERSIONS = Versions(bundle="b1", model="takt-win 3", definitions="d1", catalog="c1", data="lake 7")
SCORES = pd.DataFrame(
    {
        "prospect_id": ["a", "b"], "as_of": [AS_OF, AS_OF], "margin": [-0.5, np.nan], "chance": [0.38, np.nan],
        "low": [0.28, np.nan], "high": [0.49, np.nan], "like_n": [80, 0], "like_won": [31, 0],
        "state": ["scored", "unscored"], "reason": ["", "nothing was known about this prospect"],
    }
)  # fmt: skip


def written(scores: pd.DataFrame = SCORES, versions: Versions = VERSIONS, why: Reason = WHY):
    return receipts(scores, [(why,), (why,)], versions=versions, base_rate=0.2)


def test_a_receipt_holds_score_grounds_and_versions():
    receipt = written()[0]
    assert (receipt.prospect_id, receipt.as_of, receipt.state) == ("a", "2026-03-02T00:00:00+00:00", "scored")
    assert (receipt.chance, receipt.low, receipt.high) == (0.38, 0.28, 0.49)
    assert (receipt.like_n, receipt.like_won, receipt.grade) == (80, 31, "A")
    assert receipt.reasons == (WHY,)
    assert receipt.versions == VERSIONS
    assert len(receipt.receipt_id) == 20


def test_the_unscored_get_a_receipt_without_numbers_grade_or_reasons():
    receipt = written()[1]
    assert (receipt.state, receipt.chance, receipt.low, receipt.margin, receipt.grade) == (
        "unscored",
        *[None] * 4,
    )
    assert receipt.reasons == ()
    assert receipt.note == "nothing was known about this prospect"


def test_a_chance_without_reasons_says_that_nothing_sets_the_prospect_apart():
    (receipt,) = receipts(SCORES.iloc[:1], [()], versions=VERSIONS, base_rate=0.2)
    assert receipt.note == NO_REASONS
    assert written()[0].note == ""


def test_a_prospect_that_is_only_ranked_has_a_margin_but_no_chance_grade_or_reasons():
    row = SCORES.iloc[:1].assign(chance=np.nan, low=np.nan, high=np.nan, state="ranked", reason="not enough wins")
    (receipt,) = receipts(row, [(WHY,)], versions=VERSIONS, base_rate=float("nan"))
    assert (receipt.margin, receipt.chance, receipt.grade, receipt.reasons) == (-0.5, None, None, ())
    assert receipt.note == "not enough wins"


def test_the_same_inputs_give_the_same_ids_and_different_prospects_different_ones():
    first, again = written(), written(SCORES.copy())
    assert [r.receipt_id for r in first] == [r.receipt_id for r in again]
    assert len({r.receipt_id for r in first}) == 2


@pytest.mark.parametrize(
    "changed",
    [
        lambda: written(SCORES.assign(chance=[0.38 + 1e-16 + 1e-15, np.nan])),
        lambda: written(SCORES.assign(as_of=AS_OF + pd.Timedelta(days=1))),
        lambda: written(why=replace(WHY, counts_won=32)),
        lambda: written(versions=replace(VERSIONS, data="lake 8")),
        lambda: written(versions=replace(VERSIONS, bundle="b2")),
    ],
    ids=["chance", "moment", "reason", "data", "bundle"],
)
def test_anything_changed_changes_the_id(changed):
    assert changed()[0].receipt_id != written()[0].receipt_id


def test_a_receipt_that_was_tampered_with_betrays_itself():
    receipt = written()[0]
    assert receipt.is_genuine()
    assert not replace(receipt, chance=0.9).is_genuine()


@pytest.mark.parametrize(
    ("chance", "base_rate", "expected"),
    [
        (0.19, 0.1, "A"), (0.18, 0.1, "B"), (0.1, 0.1, "B"), (0.06, 0.1, "C"), (0.05, 0.1, "D"),
        (0.78, 0.63, "A"), (0.7, 0.63, "B"), (0.5, 0.63, "C"), (0.4, 0.63, "D"),
        (None, 0.1, None), (0.1, 0.0, None), (0.1, 1.0, None), (0.1, float("nan"), None),
    ],
)  # fmt: skip
def test_the_grade_compares_odds_with_the_base_rate(chance, base_rate, expected):
    assert grade(chance, base_rate) == expected


def test_the_table_has_a_row_each_with_reasons_as_plain_values():
    table = as_frame(written())
    assert table["reasons"].tolist() == [[WHY.to_dict()], []]
    assert table["bundle_version"].tolist() == ["b1", "b1"]
    assert "versions" not in table.columns


def test_versions_are_read_from_the_bundle(fitted):
    assert Versions.of(fitted(), model="takt-win 3", data="lake 7") == Versions(
        "f" * 16, "takt-win 3", "d" * 12, "c" * 12, "lake 7"
    )


def test_scores_and_reasons_of_different_length_are_refused():
    with pytest.raises(DecisionError, match="2 scores but reasons for 1"):
        receipts(SCORES, [()], versions=VERSIONS, base_rate=0.2)
