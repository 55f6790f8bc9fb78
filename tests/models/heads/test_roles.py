"""Which roles had answered in wins and losses, and which have not been heard at a prospect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from features.facts.ledger import Facts
from models.heads.roles import ALIKE, COVERAGE, MISSING, UNKNOWN, missing_roles, role_coverage
from tests.features.literal import day, facts

NOW = day("06-01")


def sales(*rows: str, more: str = "") -> Facts:
    """Write prospects as "id result role role ...": each role a contact that answered on 1 March; the end is 1 May."""
    prospects, contacts, touches, outcomes = [], [], [], []
    for row in rows:
        who, result, *roles = row.split()
        prospects.append(f"{who} 01-01")
        if result != "open":
            outcomes.append(f"{who} 05-01 {result}")
        for role in roles:
            contacts.append(f"{who}.{role} {who} 01-01 {role}")
            touches.append(f"{who}.{role} {who} {who}.{role} call phone outbound 03-01 answered")
    tables = {
        "prospects": "prospect_id created_at\n" + "\n".join(prospects),
        "contacts": "contact_id prospect_id recorded_at role\n" + "\n".join(contacts),
        "outcomes": "prospect_id occurred_at result\n" + "\n".join(outcomes),
        "touches": "touch_id prospect_id contact_id kind channel direction occurred_at result\n"
        + "\n".join([*touches, *more.splitlines()]),
    }
    return facts(**{n: text for n, text in tables.items() if len(text.strip().splitlines()) > 1})


WINS = ("w1 won finance it", "w2 won finance", "w3 won finance it", "w4 won it", "w5 won it")
LOSSES = ("l1 lost it", "l2 lost finance it", "l3 lost it", "l4 lost")


def counts(known: Facts) -> dict[str, tuple[int, int, int, int]]:
    table = role_coverage(known, NOW).set_index("role")[["won", "of_won", "lost", "of_lost"]]
    return {role: tuple(map(int, row)) for role, row in zip(table.index, table.to_numpy(), strict=True)}


def test_roles_are_counted_among_prospects_whose_answering_people_have_roles() -> None:
    assert counts(sales(*WINS, *LOSSES)) == {"finance": (3, 5, 1, 3), "it": (4, 5, 3, 3)}


def test_intervals_are_wilsons() -> None:
    row = role_coverage(sales(*WINS, *LOSSES), NOW).iloc[0]
    assert (row["low"], row["high"]) == pytest.approx(tuple(binomtest(3, 5).proportion_ci(method="wilson")))
    assert (row["low_lost"], row["high_lost"]) == pytest.approx(tuple(binomtest(1, 3).proportion_ci(method="wilson")))


@pytest.mark.parametrize(
    ("touch", "present"),
    [
        ("x w w.x call phone outbound 03-01 no_answer", False),
        ("x w w.x call phone outbound 03-01 wrong_person", False),
        ("x w w.x call phone outbound 03-01 not_interested", True),
        ("x w w.x email email inbound 03-01 -", True),
        ("x w w.x email email inbound 03-01 do_not_contact", False),
        ("x w w.x visit web inbound 03-01 -", False),
        ("x w w.x call phone outbound 05-01 answered", False),
        ("x w w.x call phone outbound 05-02 answered", False),
    ],
)
def test_present_is_who_answered_or_spoke_before_the_end(touch: str, present: bool) -> None:
    known = sales("w won finance", more=touch)
    extra = facts(contacts="contact_id prospect_id recorded_at role\nw.x w 01-01 it").contacts
    both = Facts.of({**known.tables(), "contacts": pd.concat([known.contacts, extra], ignore_index=True)})
    assert ("it" in counts(both)) is present


def test_a_role_that_has_not_answered_is_said_with_the_counts() -> None:
    found = missing_roles(sales(*WINS, *LOSSES, "a open it", "b open finance"), pd.Index(["b", "a"]), NOW)
    assert found["prospect_id"].tolist() == ["a"]
    row = found.iloc[0]
    assert (row["role"], row["n"], row["share_of_wins"], row["share_of_losses"], row["known"]) == (
        "finance", 5, 0.6, pytest.approx(1 / 3), 0,
    )  # fmt: skip
    assert row["said"] == (
        "nobody with the role finance has answered yet; in 3 of 5 wins somebody had, in 1 of 3 losses; "
        "nobody with this role is on record"
    )


def test_somebody_on_record_who_has_not_answered_is_counted() -> None:
    known = sales(*WINS, *LOSSES, "a open it")
    extra = facts(contacts="contact_id prospect_id recorded_at role\nsam a 01-01 finance").contacts
    both = Facts.of({**known.tables(), "contacts": pd.concat([known.contacts, extra], ignore_index=True)})
    row = missing_roles(both, pd.Index(["a"]), NOW).iloc[0]
    assert row["known"] == 1
    assert row["said"].endswith("in 1 of 3 losses")


def test_a_role_that_is_no_more_frequent_in_wins_is_not_called_missing() -> None:
    known = sales("w1 won it", "w2 won it", "w3 won it", "l1 lost it", "a open")
    (row,) = missing_roles(known, pd.Index(["a"]), NOW).to_dict("records")
    assert (row["n"], row["said"]) == (3, ALIKE)
    assert pd.isna(row["role"])


def test_two_wins_are_too_few_to_miss_a_role() -> None:
    found = missing_roles(sales("w1 won finance", "w2 won finance", "a open it"), pd.Index(["a"]), NOW)
    assert found["said"].tolist() == [ALIKE]


def test_without_losses_the_share_of_losses_is_not_known_and_not_said() -> None:
    row = missing_roles(sales(*WINS, "a open it"), pd.Index(["a"]), NOW).iloc[0]
    assert np.isnan(row["share_of_losses"])
    assert "losses" not in row["said"]


@pytest.mark.parametrize("known", [Facts.of({}), sales("w1 won", "a open"), sales("l1 lost it", "a open it")])
def test_where_no_role_of_a_win_is_known_that_is_said(known: Facts) -> None:
    (row,) = missing_roles(known, pd.Index(["a"]), NOW).to_dict("records")
    assert (row["prospect_id"], row["n"], row["said"]) == ("a", 0, UNKNOWN)
    assert set(role_coverage(known, NOW).columns) == set(COVERAGE)


def test_what_is_recorded_later_is_not_known() -> None:
    known = sales(*WINS, *LOSSES, "a open it")
    late = "x a l2.finance call phone outbound 03-02 answered"
    told = missing_roles(sales(*WINS, *LOSSES, "a open it", more=late), pd.Index(["a"]), day("03-02"))
    assert told["said"].tolist() == [UNKNOWN]
    assert list(missing_roles(known, pd.Index([]), NOW).columns) == list(MISSING)
