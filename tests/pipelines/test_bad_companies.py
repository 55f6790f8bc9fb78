"""Companies whose data teach little or nothing: each has a list, and what is not known of it is said, not made up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.catalog import catalog
from features.facts.contract import check
from features.facts.definitions import Definitions, parse
from features.facts.ledger import Facts
from features.matrix import build
from features.time.cohort import cohort
from models.bundle import Bundle
from models.companions import Companions
from models.decision.factors import factors
from models.decision.priority import TodaysList, todays_list
from models.decision.score import score
from models.heads.learned import Fitted
from pipelines.steps import training
from pipelines.steps.beside import fit_beside

AS_OF = pd.Timestamp("2026-06-01", tz="UTC").as_unit("us")
WORDS = ("prospect", "contacted", "qualified", "won", "lost", "receptive")
TERM = {"means": "what everybody means by it", "evidence": "select 1", "owner": "x", "since": "2026-01-01"}
PROSPECTS = 60


def definitions(**changes: Any) -> Definitions:
    given = {"company": "Acme", "recorded_at": "column", "horizon_days": 14, "exploration": 0.0, "hold_out": 0.0}
    declared = [{"name": "industry", "type": "category", "says": "works in {value}"}]
    return parse(given | {"terms": dict.fromkeys(WORDS, TERM), "attributes": declared} | changes)


@dataclass
class Company:
    """Sixty prospects in twenty weeks, each called twice; the first forty have ended, every fourth of them won."""

    prospects: pd.DataFrame
    touches: pd.DataFrame
    outcomes: pd.DataFrame
    offers: pd.DataFrame

    @classmethod
    def usual(cls) -> Company:
        n = np.arange(PROSPECTS)
        created = pd.Timestamp("2026-01-05", tz="UTC") + pd.to_timedelta(n * 2, unit="D")
        ids = [f"p{k:02}" for k in n]
        prospects = pd.DataFrame(
            {
                "prospect_id": ids, "created_at": created, "recorded_at": created, "owner_id": ["kim", "lee"] * 30,
                "account_id": [f"a{k}" for k in n], "territory": ["north", "south", "west"] * 20,
                "segment": ["small", "large"] * 30, "industry": ["food", "steel", "paper"] * 20,
            }
        )  # fmt: skip
        calls = [
            {
                "touch_id": f"t{k}{step}", "prospect_id": ids[k], "kind": "call", "channel": "phone",
                "direction": "outbound", "result": "answered" if step else "no_answer",
                "occurred_at": created[k] + pd.Timedelta(days=2 + step),
            }
            for k in n for step in (0, 3)
        ]  # fmt: skip
        ended = n[:40]
        outcomes = pd.DataFrame(
            {
                "prospect_id": np.array(ids)[ended], "occurred_at": created[ended] + pd.Timedelta(days=20),
                "result": np.where(ended % 4 == 0, "won", "lost"), "amount": np.where(ended % 4 == 0, 900.0, np.nan),
            }
        )  # fmt: skip
        touches = pd.DataFrame(calls)
        offers = pd.DataFrame({"offer_id": ["O1"], "name": ["a month free"]})
        return cls(prospects, touches.assign(recorded_at=touches["occurred_at"]), outcomes, offers)

    def facts(self) -> Facts:
        outcomes = self.outcomes.assign(recorded_at=self.outcomes["occurred_at"])
        given = {
            "prospects": self.prospects, "touches": self.touches, "outcomes": outcomes, "offers": self.offers,
            "accounts": pd.DataFrame({"account_id": self.prospects["account_id"].unique()}).assign(
                recorded_at=pd.Timestamp("2026-01-01", tz="UTC")
            ),
        }  # fmt: skip
        checked = {name: check(name, table) for name, table in given.items()}
        assert not [c.quarantined["reason"].iloc[0] for c in checked.values() if len(c.quarantined)]
        return Facts.of({name: c.good for name, c in checked.items()})


@dataclass(frozen=True)
class Learned:
    """What a training as in production made of a company."""

    fitted: Fitted
    heads: Companions


@dataclass(frozen=True)
class Morning:
    """The list of the day after the training, and what it was made of."""

    scores: pd.DataFrame
    said: pd.DataFrame
    today: TodaysList

    @property
    def reasons(self) -> set[str]:
        return set(self.today.left_out["reason"])


def learn(company: Company) -> Learned:
    words = definitions()
    given = training.material(company.facts().visible(AS_OF), AS_OF, definitions=words)
    fitted = training.fit(given, AS_OF, definitions=words, data_version="1", threads=1)
    return Learned(fitted, fit_beside(given, AS_OF, definitions=words, data_version="1", threads=1))


def morning(company: Company, learned: Learned, **changes: Any) -> Morning:
    """Make the list, and check what holds of every list."""
    words, facts = definitions(**changes), company.facts()
    matrix = build(facts, cohort(facts, AS_OF, definitions=words), catalog(words))
    scores = score(Bundle.of(learned.fitted), matrix)
    said = factors(learned.heads, matrix, facts, as_of=AS_OF, definitions=words)
    found = Morning(scores, said, todays_list(scores, facts, words, AS_OF, factors=said))
    everybody = [*found.today.listed["prospect_id"], *found.today.left_out["prospect_id"]]
    assert sorted(everybody) == sorted(scores["prospect_id"])  # each one is listed, or left out with a reason
    assert len(everybody) == 20
    assert scores["chance"].dropna().between(0, 1, inclusive="neither").all()
    assert (said["amount"].dropna() > 0).all()
    assert learned.fitted.note
    return found


@pytest.fixture(scope="module")
def usual() -> Learned:
    return learn(Company.usual())


def test_the_usual_company_has_a_list_and_amounts_and_an_offer_never_made_says_so(usual: Learned) -> None:
    found = morning(Company.usual(), usual)
    assert len(found.today.listed) == 20
    assert found.said["amount"].tolist() == pytest.approx([900.0] * 20)
    assert set(found.today.listed["offer_words"]) == {"a month free: never made yet, nothing is known of it"}


@pytest.mark.parametrize(("result", "amount"), [("won", 900.0), ("lost", np.nan)])
def test_one_class_only_is_an_order_by_recency_that_tells_no_chances_apart(result: str, amount: float) -> None:
    company = Company.usual()
    soon = company.outcomes["occurred_at"] - pd.Timedelta(days=10)  # every snapshot has the same label
    company.outcomes = company.outcomes.assign(result=result, amount=amount, occurred_at=soon)
    learned = learn(company)
    found = morning(company, learned)
    assert learned.fitted.kept.rung.name == "recency"
    assert len(found.today.listed) == 20
    assert found.scores["chance"].nunique() == (1 if result == "won" else 0)  # nearly 1 for all, or not known
    assert found.today.listed["value"].isna().all() == (result == "lost")


def test_features_that_are_the_same_for_everybody_tell_nobody_apart() -> None:
    company = Company.usual()
    company.prospects = company.prospects.assign(industry="food", segment="small", territory="north", owner_id="kim")
    company.touches = company.touches.iloc[:0]
    assert len(morning(company, learn(company)).today.listed) == 15


def test_a_segment_with_one_win_gets_the_amount_of_everybody_and_amounts_of_zero_or_below_none() -> None:
    company = Company.usual()
    rare = company.prospects["prospect_id"].isin(["p00", "p59"])
    company.prospects["segment"] = np.where(rare, "rare", "usual")
    company.outcomes.loc[[0, 4, 8], "amount"] = [1_000_000.0, 0.0, -50.0]
    learned = learn(company)
    found = morning(company, learned)
    assert found.said.set_index("prospect_id").loc["p59", "amount"] == pytest.approx(900.0)
    assert "2 with an amount of zero or below left out" in learned.heads.amount.note


def test_where_no_win_had_an_amount_there_is_no_value() -> None:
    company = Company.usual()
    company.outcomes = company.outcomes.assign(amount=0.0)
    found = morning(company, learn(company))
    assert found.said["amount"].isna().all()
    assert found.today.listed["value"].isna().all()


def test_of_one_account_one_is_called_a_day(usual: Learned) -> None:
    company = Company.usual()
    company.prospects = company.prospects.assign(account_id="a0")
    found = morning(company, usual)
    assert len(found.today.listed) == 1
    assert found.reasons == {"account_called"}


@pytest.mark.parametrize(
    ("rules", "listed", "reasons"),
    [
        ({"capacity": {"default": 0}}, 0, {"no_capacity"}),
        ({"territories": {"kim": ()}}, 10, {"no_salesperson"}),  # kim has no territory at all
        ({"territories": {"max": ("moon",)}}, 20, set()),  # nobody lives in max's
    ],
)
def test_no_capacity_and_empty_territories_are_reasons_and_no_errors(
    usual: Learned, rules: dict[str, Any], listed: int, reasons: set[str]
) -> None:
    found = morning(Company.usual(), usual, **rules)
    assert len(found.today.listed) == listed
    assert found.reasons == reasons
