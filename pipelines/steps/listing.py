"""From today's facts and the champion to a published list."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import pandas as pd

from features.catalog import catalog
from features.errors import TaktError
from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.matrix import Matrix, build
from features.time.cohort import cohort
from models.bundle import Bundle
from models.companions import Companions
from models.decision.fact_counts import FactCounts
from models.decision.factors import factors
from models.decision.priority import TodaysList, owners, todays_list
from models.decision.reasons import Reason, explain
from models.decision.receipt import Versions, as_frame, receipts
from models.decision.score import score
from models.evidence.card import card
from pipelines.cluster.shards import Builder
from pipelines.home import Home
from pipelines.progress import stage
from pipelines.steps import experimenting, proposals, publishing, treating
from pipelines.steps.boards.day import Day
from pipelines.steps.boards.every import boards
from pipelines.steps.training import SEED
from serving.store.publish import PublishedRun

EXPLAIN_ALL_UP_TO = 5_000
"""A cohort up to this size is explained whole; of a larger one only the prospects listed."""


class StaleModel(TaktError):
    """The champion was trained under other definitions or features than are in force; the list is not made."""


@dataclass(frozen=True)
class Made:
    """A list ready to be published, and the same for printing."""

    run: PublishedRun
    today: TodaysList


def champion(home: Home, definitions: Definitions) -> tuple[Bundle, FactCounts, Companions]:
    """Return the promoted bundle with the heads beside it, refused when the meaning of its answer has changed since.

    Raises
    ------
    BundleError
        Nothing was promoted yet.
    StaleModel
        Definitions or catalogue are others than in training.
    """
    bundle = Bundle.load(home.champion)
    declared = catalog(definitions).hash
    for what, then, now in (
        ("definitions", bundle.definitions_hash, definitions.meaning),
        ("features", bundle.catalog_hash, declared),
    ):
        if then != now:
            raise StaleModel(
                f"the champion was trained with {what} {then}, now {now} are in force: its chances would mean "
                "something else. Run `takt train`; yesterday's list stays as it is."
            )
    facts = FactCounts.from_json((home.champion / "facts.json").read_text(encoding="utf-8"))
    return bundle, facts, Companions.load(home.champion)


def make(
    facts: Facts, as_of: pd.Timestamp, home: Home, *, definitions: Definitions, data_version: str,
    with_boards: bool = True, builder: Builder = build,
) -> Made:  # fmt: skip
    """Score the day's cohort, explain it, choose the calls and put everything together.

    `with_boards` False leaves away what the pages beside the list show, which takes longer than the list itself.
    `builder` makes the matrix: in this process, or in shards (`pipelines.cluster`), to the same bits.
    """
    bundle, counts, heads = champion(home, definitions)
    with stage(f"cohort of {as_of.tz_convert(definitions.zone).date()}") as told:
        keys = cohort(facts, as_of, definitions=definitions)
        told.found, told.rows = f"{len(keys):,} open prospects", len(keys)
    with stage("scoring") as told:
        matrix = builder(facts, keys, catalog(definitions))
        scores = score(bundle, matrix)
        told.rows = len(scores)
        told.found = ", ".join(f"{n:,} {state}" for state, n in scores["state"].value_counts().items())
    with stage("asking what a win is worth, when, whom and with which offer") as told:
        said = factors(heads, matrix, facts, as_of=as_of, definitions=definitions)
        told.found = ", ".join(f"{said[name].notna().sum():,} {name}" for name in ("amount", "timing", "reach"))
    filed = proposals.file(home, as_of, definitions)
    asked = experimenting.assign(keys, facts, home, as_of=as_of, definitions=definitions)
    today = _choose(scores, facts, asked, as_of=as_of, definitions=definitions, said=said)
    with stage("explaining and writing receipts") as told:
        versions = Versions.of(bundle, model=f"{bundle.head}-{bundle.rung.name}", data=data_version)
        why = _reasons(matrix, scores, today, bundle=bundle, counts=counts, definitions=definitions)
        issued = as_frame(receipts(scores, why, versions=versions, base_rate=bundle.base_rate))
        issued = publishing.with_changes(issued, home, as_of=as_of, bundle=bundle, definitions=definitions)
        told.found, told.rows = f"{len(issued):,} receipts", len(issued)
    model_card = card(bundle, simulated=definitions.simulated)
    with stage("filling the boards") as told:
        shown = boards(Day(
            as_of=as_of, home=home, facts=facts.visible(as_of), definitions=definitions, bundle=bundle, heads=heads,
            matrix=matrix, scores=scores, factors=said, today=today, proposals=filed,
        )) if with_boards else {}  # fmt: skip
        told.found = ", ".join(shown) or "left away"
    summary = publishing.summary_of(keys, today, as_of=as_of, model_card=model_card)
    proposed = [proposal.model_dump_json() for proposal in filed]
    partly = () if with_boards else ("no boards",)
    models = (bundle.fingerprint, heads.fingerprint, asked.to_json(orient="records"), *proposed, *partly)
    run = publishing.assemble(
        facts, issued, today, as_of=as_of, bundle=bundle, definitions=definitions, data_version=data_version,
        run_id=_run_id(as_of, models, definitions, data_version), summary=summary, model_card=model_card, boards=shown,
        said=said,
    )  # fmt: skip
    return Made(run, today)


def _choose(
    scores: pd.DataFrame, facts: Facts, asked: pd.DataFrame, *,
    as_of: pd.Timestamp, definitions: Definitions, said: pd.DataFrame,
) -> TodaysList:  # fmt: skip
    """Find each prospect its place on a list or its reason against, as the experiments' arms (`asked`) demand."""
    with stage("choosing the calls") as told:
        held, first = treating.never_listed(asked), treating.always_listed(asked)
        free = ~scores["prospect_id"].isin(held["prospect_id"])
        today = todays_list(
            scores[free], facts, definitions, as_of, factors=treating.treated(said, asked)[free.to_numpy()],
            seed=SEED, first=first["prospect_id"],
        )  # fmt: skip
        today = treating.with_held_out(today, held, owners(facts.visible(as_of)))
        today = treating.with_listed(today, first)
        told.found = f"{len(today.listed):,} listed, {len(today.left_out):,} left out with a reason"
        told.rows = len(today.listed)
    return today


def _reasons(
    matrix: Matrix, scores: pd.DataFrame, today: TodaysList, *,
    bundle: Bundle, counts: FactCounts, definitions: Definitions,
) -> list[tuple[Reason, ...]]:  # fmt: skip
    """Explain the prospects listed, and the others of a small cohort; the rest get no reasons."""
    listed = scores["prospect_id"].isin(today.listed["prospect_id"])
    rows = (listed | (len(scores) <= EXPLAIN_ALL_UP_TO)).to_numpy().nonzero()[0]
    why: list[tuple[Reason, ...]] = [()] * len(scores)
    if len(rows):
        given = explain(bundle, matrix.where(rows), catalog=catalog(definitions), facts=counts)
        for row, reasons in zip(rows, given, strict=True):
            why[row] = reasons
    return why


def _run_id(as_of: pd.Timestamp, models: tuple[str, ...], definitions: Definitions, data_version: str) -> str:
    """Name the run by everything that it is made from, so that the same day twice is the same run."""
    inputs = [as_of.isoformat(), *models, definitions.hash, catalog(definitions).hash, data_version]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:20]
