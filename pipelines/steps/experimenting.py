"""Experiments of a home: plan (a card is filed), do (today's prospects join), check and act (how each one stands).

`experiment_files` keeps the cards and who joined when. Two runs of `assign` for the same day write the same; let runs
for different days follow each other.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.time.cohort import cohort as open_at
from models.evidence.experiment_card import Card, ExperimentError
from models.evidence.experiment_results import Result, result, success
from models.evidence.experiments import assign as draw
from models.evidence.experiments import eligible, in_force, to_do
from models.measures.sequential import size_for
from pipelines.home import Home
from pipelines.steps import experiment_files as files
from pipelines.steps import pulling

STATUS: Final = (
    "experiment", "state", "start", "stop", "arm", "against", "n", "successes", "control_n", "control_successes",
    "waiting", "gone", "effect", "low", "high", "p", "decision", "said", "hypothesis", "owner",
)  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """A card that was filed, and what to expect of it.

    Attributes
    ----------
    base_rate : float or None
        Success by the card's measure among those who were eligible the measure's days ago; None where nobody was.
    needed : int or None
        Prospects with a known end, in all arms together, for four chances in five to see `worthwhile`.
    """

    path: Path
    eligible_now: int
    base_rate: float | None
    needed: int | None

    @property
    def said(self) -> str:
        """What to expect, in a sentence."""
        if self.base_rate is None:
            return f"{self.eligible_now:,} prospects are eligible today; nothing is known yet of how they end."
        needed = "more prospects than there will ever be" if self.needed is None else f"about {self.needed:,} prospects"
        return (
            f"{self.eligible_now:,} prospects are eligible today. Earlier ones succeeded in "
            f"{100 * self.base_rate:.1f} % of cases; {needed} are needed to see the worthwhile difference."
        )


def plan(card: Card, home: Home, as_of: pd.Timestamp | None = None) -> Planned:
    """File a card and say what to expect of it; the same card twice changes nothing.

    Parameters
    ----------
    as_of : Timestamp, optional
        Now; by default the moment of the last fact. A card that has begun by then is not replaced.

    Raises
    ------
    ExperimentError
        Another card of this name has begun or has assigned somebody; the card's SQL does not run.
    """
    definitions = pulling.words(home)
    facts, _ = pulling.known(home)
    now = as_of or facts.last_recorded()
    if now is None:
        raise ExperimentError(f"{home.path}: no facts at all; ingest a source before planning an experiment.")
    expected = _expected(card, facts.visible(now), now, definitions)
    path = files.path_of(home, card.name)
    before = files.read(path) if path.exists() else card
    begun = before.begins(definitions) <= now or len(files.joined(home, card.name)) > 0
    if before != card and begun:
        raise ExperimentError(
            f"experiment {card.name}: it began on {before.start} with another card. A card is a promise made before "
            "the start: file the new one under another name, and end this one with `takt experiment stop`."
        )
    files.keep(card, home)
    return Planned(path, *expected)


def stop(name: str, home: Home, day: dt.date) -> Card:
    """End an experiment early: from the day on nobody joins and nobody is treated; its result stays readable.

    Raises
    ------
    ExperimentError
        There is no such experiment.
    """
    path = files.path_of(home, name)
    if not path.exists():
        raise ExperimentError(
            f"no experiment {name!r} in {home.experiments}; there are {[c.name for c in files.cards(home)]}."
        )
    card = files.read(path)
    if card.stopped is None or day < card.stopped:
        card = card.model_copy(update={"stopped": day})
        files.keep(card, home)
    return card


def assign(
    cohort: pd.DataFrame, facts: Facts, home: Home, *, as_of: pd.Timestamp, definitions: Definitions
) -> pd.DataFrame:
    """Let today's prospects join, write them down, and return what the arms ask for (`experiments.to_do`).

    The same day again joins nobody twice and returns the same.

    Parameters
    ----------
    cohort : DataFrame
        `prospect_id` of the open prospects; return rows only for these.
    """
    filed = files.cards(home)
    known = files.assignments(home, filed)
    fresh = draw(cohort, filed, facts, as_of, definitions=definitions, known=known)
    for name, rows in fresh.groupby("experiment", sort=True):
        files.join(home, str(name), rows)
    acted_on = in_force(filed, pd.concat([known, fresh], ignore_index=True), as_of, definitions)
    return to_do(filed, acted_on[acted_on["prospect_id"].isin(cohort["prospect_id"])])


def results(home: Home, as_of: pd.Timestamp) -> list[Result]:
    """Return how every experiment of a home stands at a moment, by start and name."""
    filed = files.cards(home)
    if not filed:
        return []
    definitions = pulling.words(home)
    facts, _ = pulling.known(home, as_of)
    return [result(card, files.joined(home, card.name), facts, as_of, definitions) for card in filed]


def status(home: Home, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return a row for each comparison of each experiment, columns `STATUS`; see `experiment_results.Result`.

    `n` and `successes` are of the arm, `control_n` and `control_successes` of the first arm; `waiting` and `gone` of
    both. `effect` to `p` are missing where nothing can be compared; `said` has the reason.
    """
    rows = [row for found in results(home, as_of) for row in _status(found)]
    return pd.DataFrame(rows, columns=list(STATUS))


def _status(found: Result) -> list[dict[str, Any]]:
    card, arms = found.card, found.arms.set_index("arm")
    control = arms.loc[card.arms[0].name]
    rows = []
    for contrast in found.contrasts.to_dict("records"):
        arm = arms.loc[contrast["arm"]]
        rows.append(
            {str(name): value for name, value in contrast.items()}
            | {"experiment": card.name, "state": found.state, "start": card.start, "stop": card.stopped or card.stop}
            | {"hypothesis": card.hypothesis, "owner": card.owner}
            | {name: int(arm[name]) for name in ("n", "successes")}
            | {f"control_{name}": int(control[name]) for name in ("n", "successes")}
            | {name: int(arm[name] + control[name]) for name in ("waiting", "gone")}
        )
    return rows


def _expected(
    card: Card, facts: Facts, now: pd.Timestamp, definitions: Definitions
) -> tuple[int, float | None, int | None]:
    """Return who is eligible now, how those of the measure's days ago ended, and how many prospects are needed."""

    def asked(moment: pd.Timestamp) -> pd.DataFrame:
        keys = open_at(facts, moment, definitions=definitions)
        return keys[keys["prospect_id"].isin(eligible(card, facts.visible(moment), definitions))]

    before = asked(now - pd.Timedelta(days=card.measure.days)).rename(columns={"as_of": "first_seen"})
    label = success(card, before.reset_index(drop=True), facts, now)
    base = float(label.mean()) if len(label) else None
    if base is None:
        return len(asked(now)), None, None
    shares = (card.arms[0].chance, min(arm.chance for arm in card.arms[1:]))
    rates = (base, min(base + card.worthwhile, 1.0))
    alpha = card.alpha / (len(card.arms) - 1)
    return len(asked(now)), base, size_for(rates, shares=shares, scale=card.worthwhile, alpha=alpha)
