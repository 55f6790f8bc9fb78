"""Which form of the order earns most: the money that calls truly bring, in simulated companies.

The heads are trained as in production, some weeks before the end, and make a list on each Monday after that, once by
each form of `models.decision.worth`. A call to the suggested person on the suggested channel truly brings

    rate at which this person answers there  x  what a conversation with the decider adds to the chance today  x  value

and nothing where the person does not decide or there is no need today. That is what a call *changes*; the chance of a
win is not, for many win without it. All of it is written down by the source in its folder `truth`. `oracle` knows it
and calls the decider on the best channel; `anybody` is the mean of the cohort, person and channel as suggested.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from features.catalog import catalog
from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.matrix import Matrix, build
from features.time.asof import moment
from features.time.cohort import cohort
from models.bundle import Bundle
from models.companions import Companions
from models.decision.factors import factors
from models.decision.ownership import owners
from models.decision.score import score
from models.decision.worth import DEFAULT, FORMS, worth
from models.measures.ranking import Floats
from pipelines.sources.folders import SourceFolder
from pipelines.sources.mapping import map_source
from pipelines.steps import training
from pipelines.steps.beside import fit_beside
from pipelines.steps.truth_evaluation import COLUMNS, called, true_chances

WEEKS: Final = 7
"""Mornings that a company is judged on, one a week up to the end; the heads know nothing of these weeks."""
ORACLE, ANYBODY, VERSION = "oracle", "anybody", "evaluation"


@dataclass(frozen=True)
class Truth:
    """What the source wrote down and nobody knows."""

    chances: pd.DataFrame
    prospects: pd.DataFrame
    rates: pd.DataFrame

    @classmethod
    def read(cls, folder: Path) -> Truth:
        """Read the folder `truth` of a simulated company."""
        names = ("chances", "prospects", "answer_rates")
        chances, prospects, rates = (pd.read_parquet(folder / f"{name}.parquet") for name in names)
        return cls(chances, prospects.set_index("prospect_id"), rates.set_index(["contact_id", "channel"])["rate"])

    def brings(self, keys: pd.DataFrame, asked: pd.DataFrame) -> tuple[Floats, Floats]:
        """Return what a call brings as it is suggested, and at best: money, shape (n_prospects,) each.

        Parameters
        ----------
        keys : DataFrame
            prospect_id and as_of, one morning.
        asked : DataFrame
            contact_id and channel suggested to the same prospects; missing: nobody, who brings nothing.
        """
        here = self.prospects.loc[keys["prospect_id"]]
        gain = np.nan_to_num(true_chances(keys, self.chances, column="gain")) * here["value"].to_numpy(np.float64)
        decider = here["right_contact_id"].to_numpy()
        pairs = pd.MultiIndex.from_arrays([asked["contact_id"].astype("object"), asked["channel"].astype("object")])
        rate = np.nan_to_num(self.rates.reindex(pairs).to_numpy(np.float64))
        best = self.rates.groupby(level="contact_id").max().reindex(decider).to_numpy(np.float64)
        return gain * np.where(asked["contact_id"].to_numpy() == decider, rate, 0.0), gain * best


def evaluate_forms(
    source: SourceFolder, place: Path, *, seeds: Sequence[int], prospects: int = 2000, end: str = "2026-07-01",
    threads: int = 2, draws: int = 2000,
) -> pd.DataFrame:  # fmt: skip
    """Answer what a call of the list brings on average, by each form of the order.

    Parameters
    ----------
    place : Path
        Folder for the simulated companies, one below it for each seed.
    seeds : sequence of int
        Companies; an interval over seeds needs several.

    Returns
    -------
    DataFrame
        model (the form), metric, value, low, high, n, note. `earned per call` and its `share of oracle` are means
        over the seeds with the 2.5 and 97.5 % points of the mean over draws of seeds; `over DEFAULT` is the gain over
        the form in use, on the same draws.
    """
    earned = [_company(source, place / str(s), seed=s, prospects=prospects, end=end, threads=threads) for s in seeds]
    table = pd.DataFrame(earned)
    drawn = np.random.default_rng(training.SEED).integers(0, len(table), (draws, len(table)))
    means = {name: table[name].to_numpy()[drawn].mean(axis=1) for name in table}
    rows = []
    for name in table:
        used = "the form in use" if name == DEFAULT else ""
        shown = {
            "earned per call": (table[name].mean(), means[name]),
            "share of oracle": (table[name].mean() / table[ORACLE].mean(), means[name] / means[ORACLE]),
            f"over {DEFAULT}": (table[name].mean() / table[DEFAULT].mean() - 1, means[name] / means[DEFAULT] - 1),
        }
        for metric, (value, draw) in shown.items():
            if (name, metric) not in ((ORACLE, "share of oracle"), (DEFAULT, f"over {DEFAULT}")):
                low, high = np.quantile(draw, [0.025, 0.975])
                rows.append((name, metric, float(value), float(low), float(high), len(table), used))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _company(
    source: SourceFolder, place: Path, *, seed: int, prospects: int, end: str, threads: int
) -> dict[str, float]:
    """Train on one company and return what a call brings on average over its mornings, by order."""
    source.pull(place / "raw", prospects=prospects, seed=seed, end=end)
    mapped = map_source(source, place / "raw")
    facts, words = mapped.facts(), mapped.definitions
    last = dt.date.fromisoformat(end)
    days = [moment(last - dt.timedelta(weeks=w), words.zone) for w in range(WEEKS, 0, -1)]
    known = facts.visible(days[0])
    given = training.material(known, days[0], definitions=words)
    fitted = training.fit(given, days[0], definitions=words, data_version=VERSION, threads=threads)
    heads = fit_beside(given, days[0], definitions=words, data_version=VERSION, threads=threads)
    truth = Truth.read(place / "truth")
    bundle = Bundle.of(fitted)
    mornings = [_morning(bundle, heads, facts, truth, as_of=day, definitions=words) for day in days]
    return dict(pd.DataFrame(mornings).mean())


def _morning(
    bundle: Bundle, heads: Companions, facts: Facts, truth: Truth, *, as_of: pd.Timestamp, definitions: Definitions
) -> dict[str, float]:
    """Return what a call of one morning brings on average, by order."""
    keys = cohort(facts, as_of, definitions=definitions)
    matrix: Matrix = build(facts, keys, catalog(definitions))
    scores = score(bundle, matrix)
    said = factors(heads, matrix, facts, as_of=as_of, definitions=definitions)
    brings, best = truth.brings(keys, said[["contact_id", "channel"]])
    owner = owners(facts.visible(as_of)).reindex(keys["prospect_id"])

    def first(order: Floats) -> float:
        listed = np.zeros(len(order), dtype=np.bool_)
        for name in owner.dropna().unique():
            rows = (owner == name).to_numpy()
            listed |= called(order, keys["as_of"], rows, calls=definitions.capacity.of(name))
        return float((best if order is best else brings)[listed].mean())

    by_form = {form: worth(scores, said, definitions=definitions, form=form)["weight"] for form in FORMS}
    return {ORACLE: first(best), **{f: first(w.to_numpy()) for f, w in by_form.items()}, ANYBODY: float(brings.mean())}
