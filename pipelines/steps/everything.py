"""The parts of `takt evaluate --all` that are measured in their own way: timing, offers, base rates, the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from features.errors import NotEnoughHistory
from models.evidence.offers import evaluate_offers
from models.evidence.timing_peers import PeerMissing, compare_with_cox
from pipelines.home import Home
from pipelines.progress import stage
from pipelines.sources.evaluated import Evaluated, evaluated
from pipelines.sources.randomised import Randomised, randomised
from pipelines.steps import moments, pulling, training
from pipelines.steps.forms_evaluation import evaluate_forms
from pipelines.steps.results import Section, evaluate_all
from pipelines.steps.small_evaluation import evaluate_small
from pipelines.steps.truth_evaluation import evaluate_truth

MOST_FORMS: Final = 5
"""Companies in which the forms of the order are compared: every head must be trained in each of them."""


def measure(data: Path, home: Home, *, page: Path, threads: int, seeds: int, splits: int) -> tuple[Section, ...]:
    """Measure everything and write the page of results, with today's date.

    Parameters
    ----------
    data : Path
        The folder with the data sets of all sources.
    page : Path
        Replaced as a whole when all is measured, or not at all.
    """
    own = others(data, home, threads=threads, seeds=seeds, splits=splits)
    return evaluate_all(data, home, day=moments.today(), page=page, threads=threads, others=own)


def others(data: Path, home: Home, *, threads: int, seeds: int, splits: int) -> list[Section]:
    """Measure timing beside Cox, offers by lot, and the list beside the truth, where there are data for it.

    Parameters
    ----------
    seeds : int
        Simulated companies.
    splits : int
        Random halvings of a randomised table.
    """
    sources = evaluated(data)
    timed = [timing(one, home, threads=threads) for one in sources if one.times]
    offered = [offers(one, splits=splits, threads=threads) for one in randomised(data)]
    true = [truth(one, home, seeds=seeds, threads=threads) for one in sources if one.truth]
    earned = [forms(one, home, seeds=min(seeds, MOST_FORMS), threads=threads) for one in sources if one.truth]
    small = [few_wins(one, home, seeds=seeds, threads=threads) for one in sources if one.truth]
    return [*timed, *offered, *true, *earned, *small]


def timing(one: Evaluated, home: Home, *, threads: int) -> Section:
    """Put the timing head beside Cox's model on one source."""
    title = f"{one.source.name}: when, beside Cox's model"
    if one.data is not None and not one.data.is_dir():
        return _nothing(title, f"Not measured: no folder {one.data.name} in the data directory.")
    mapped = pulling.map_and_check(one.source, pulling.pull(one.source, one.data, Home(home.path / one.source.name)))
    words, facts = mapped.definitions, mapped.facts()
    as_of = moments.as_of_for(None, facts, words)
    try:
        given = training.material(facts.visible(as_of), as_of, definitions=words)
        with stage(f"{one.source.name}: the timing head beside Cox"):
            table = compare_with_cox(
                given.matrix, given.facts, catalog=given.catalog, definitions=words, trained_as_of=as_of,
                seed=training.SEED, threads=threads,
            )  # fmt: skip
    except (NotEnoughHistory, PeerMissing) as error:
        return _nothing(title, f"Not measured: {error}")
    return Section.of(title, table, ["`..._over X`: what Takt gains over X on the same draws; positive is better."])


def offers(one: Randomised, *, splits: int, threads: int) -> Section:
    """Measure the choice of an offer on a table of offers made by lot."""
    title = f"{one.name}: which offer, by {one.outcome}"
    if not one.data.is_dir():
        return _nothing(title, f"Not measured: no folder {one.data.name} in the data directory.")
    with stage(title):
        table = evaluate_offers(one.read(), splits=splits, seed=training.SEED, threads=threads)
    about = f"Offers made by lot; {splits} random halvings; medians of the values and of the ends of the intervals."
    return Section.of(title, table, [about, "A random split: the table has no dates, so this is no forecast."])


def truth(one: Evaluated, home: Home, *, seeds: int, threads: int) -> Section:
    """Measure the list of a simulated company beside what an oracle with the true chances would have made."""
    title = f"{one.source.name}: the list beside the truth"
    with stage(f"{title}, {seeds} companies"):
        table = evaluate_truth(one.source, home.path / "truth", seeds=range(1, seeds + 1), threads=threads)
    about = (
        "Simulated companies. *oracle* orders by the true chance, from the hidden state of the day (which needs are "
        "there or about to be, who decides), which nobody can see; *clairvoyant* by the chance of somebody who also "
        "knows when each need will begin and end; *knowable* by a model that learned the same features from a much "
        "larger company: what these features could tell at best.",
    )
    return Section.of(title, table, about)


def forms(one: Evaluated, home: Home, *, seeds: int, threads: int) -> Section:
    """Measure what calls of the list truly bring, by each form of the order."""
    title = f"{one.source.name}: which form of the order earns most"
    with stage(f"{title}, {seeds} companies"):
        table = evaluate_forms(one.source, home.path / "forms", seeds=range(1, seeds + 1), threads=threads)
    about = (
        "Simulated companies, lists of the last seven Mondays by heads trained before them. A call brings the money "
        "that it changes: the rate at which the suggested person answers on the suggested channel x what a "
        "conversation adds to the chance that day x what a win is worth; nothing where that person does not decide.",
        "*chance*, *chance_amount* (the value shown), *damped* and *full* (timing and reach move the odds, by their "
        "square roots or whole). *oracle* knows all of that, decider and best channel included.",
    )
    return Section.of(title, table, about)


def few_wins(one: Evaluated, home: Home, *, seeds: int, threads: int) -> Section:
    """Measure the list of companies that have hardly won anything beside calling the last touched first."""
    title = f"{one.source.name}: few wins, beside recency"
    with stage(f"{title}, {seeds} companies"):
        table = evaluate_small(one.source, home.path / "small", seeds=range(1, seeds + 1), threads=threads)
    about = (
        "Simulated companies cut down to so many winning prospects; the list learns from these alone and orders "
        "everybody who is open on the days of the last horizon. True wins per call at the team's capacity.",
    )
    return Section.of(title, table, about)


def _nothing(title: str, why: str) -> Section:
    return Section.of(title, pd.DataFrame({"model": [], "metric": [], "value": np.array([], dtype=float)}), [why])
