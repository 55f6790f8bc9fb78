"""Why somebody whom the CRM no longer has is not called: said with the day, for as long as somebody may wonder."""

from __future__ import annotations

import pandas as pd

from features.facts.ledger import Facts
from models.decision.priority import todays_list
from models.decision.why_not import why_not
from tests.models.decision.days import AS_OF, facts_of, prospect, scores


def withdrawn(*rows: tuple[str, str, str], **tables: list[dict[str, object]]) -> Facts:
    gone = pd.DataFrame(rows, columns=["id", "recorded_at", "reason"]).assign(
        table="prospects", happened_at=pd.NaT, name=None
    )
    gone["recorded_at"] = pd.to_datetime(gone["recorded_at"], utc=True, format="ISO8601").dt.as_unit("us")
    known = facts_of(**{"prospects": [prospect(p) for p in "abc"], **tables})
    return Facts.of(known.tables() | {"withdrawals": gone})


def test_the_reason_names_what_the_crm_did_and_when_in_the_companys_day(definitions_of):
    facts = withdrawn(("b", "2026-02-27T23:30Z", "deleted"), ("c", "2026-02-20T12:00Z", "merged"))
    words = definitions_of(timezone="Europe/Berlin")
    today = todays_list(scores(a=0.5), facts, words, AS_OF)
    assert [why_not(today, p) for p in "abc"] == [
        "a is called today: rank 1 of the list of kim",
        "b is not called today (withdrawn): deleted in the CRM on 2026-02-28",
        "c is not called today (withdrawn): merged into another record in the CRM on 2026-02-20",
    ]


def test_who_is_known_to_have_been_deleted_only_later_is_looked_at_as_ever(definitions_of):
    facts = withdrawn(("b", AS_OF.isoformat(), "deleted"))
    today = todays_list(scores(a=0.5, b=0.4), facts, definitions_of(), AS_OF)
    assert today.listed["prospect_id"].tolist() == ["a", "b"]
    assert today.left_out.empty


def test_it_is_told_for_a_horizon_and_not_of_who_was_closed_or_too_old(definitions_of):
    long_ago = AS_OF - pd.Timedelta(days=definitions_of().horizon_days + 1)
    facts = withdrawn(("b", long_ago.isoformat(), "deleted"), ("c", "2026-02-20T12:00Z", "deleted"))
    assert todays_list(scores(a=0.5), facts, definitions_of(), AS_OF).left_out["prospect_id"].tolist() == ["c"]
    assert todays_list(scores(a=0.5), facts, definitions_of(max_age_days=1), AS_OF).left_out.empty
