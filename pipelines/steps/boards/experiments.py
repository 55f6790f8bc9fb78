"""The board of experiments: each card as it stands, and what was known of its effect at earlier looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from features.facts.ledger import Facts
from models.evidence.experiment_card import Card
from models.evidence.experiment_results import Result, result
from pipelines.steps import experiment_files as files
from pipelines.steps.boards.day import Day
from serving.boards.experiments import Arm, Contrast, Experiment, ExperimentsBoard, Look, State

LOOKS: Final = 10
"""Looks back at most, evenly spread; reading any number of them is allowed, the interval is valid at every look."""
ORDER: Final[tuple[State, ...]] = ("running", "waiting", "planned", "finished")


def board(day: Day) -> ExperimentsBoard:
    """Tell how every experiment of the home stands.

    Raises
    ------
    ExperimentError
        A card, or the note of who joined, cannot be read.
    """
    seen = _Seen(day)
    made = [_experiment(card, day, seen) for card in files.cards(day.home)]
    made.sort(key=lambda one: (ORDER.index(one.state), one.start, one.name))
    return ExperimentsBoard(experiments=tuple(made), proposals=day.proposals)


class _Seen:
    """The facts as they were at earlier moments, each cut once."""

    def __init__(self, day: Day) -> None:
        self._facts, self._cut = day.facts, dict[pd.Timestamp, Facts]()

    def at(self, moment: pd.Timestamp) -> Facts:
        """Return what was visible at a moment not after the day's own."""
        return self._cut.setdefault(moment, self._facts.visible(moment))


def _experiment(card: Card, day: Day, seen: _Seen) -> Experiment:
    assigned = files.joined(day.home, card.name)
    found = result(card, assigned, day.facts, day.as_of, day.definitions)
    earlier = [
        (moment, result(card, assigned, seen.at(moment), moment, day.definitions))
        for moment in _moments(card, found, day)
    ]
    looks = _looks([*earlier, (day.as_of, found)], day)
    said = card.model_dump(
        include={"name", "hypothesis", "changes", "owner", "eligible", "start", "stop", "stopped"}
        | {"worthwhile", "keep_above", "alpha"}
    )
    return Experiment(
        **said, measure=card.measure.kind, days=card.measure.days, state=found.state, decision=found.decision,
        problem=found.problem, arms=_arms(found),
        contrasts=tuple(_contrast(row, looks) for row in found.contrasts.to_dict("records")),
    )  # fmt: skip


def _moments(card: Card, found: Result, day: Day) -> list[pd.Timestamp]:
    """Return midnights before the day's own at which something could be known; none where nothing can be said."""
    wait = pd.Timedelta(days=card.measure.days)
    first, last = card.begins(day.definitions) + wait, min(day.as_of, card.ends(day.definitions) + wait)
    if found.problem or last <= first:
        return []
    spread = pd.date_range(first, last, periods=LOOKS).tz_convert(day.definitions.zone).normalize()
    return sorted({moment.tz_convert("UTC").as_unit("us") for moment in spread if moment < day.as_of})


def _looks(told: list[tuple[pd.Timestamp, Result]], day: Day) -> dict[str, tuple[Look, ...]]:
    """Return for each arm the looks at which its effect could be told."""
    out: dict[str, list[Look]] = {}
    for moment, found in told:
        n = found.arms.set_index("arm")["n"]
        for row in found.contrasts.dropna(subset="effect").to_dict("records"):
            look = Look(
                day=moment.tz_convert(day.definitions.zone).date(), n=int(n[row["arm"]] + n[row["against"]]),
                effect=row["effect"], low=row["low"], high=row["high"],
            )  # fmt: skip
            out.setdefault(str(row["arm"]), []).append(look)
    return {arm: tuple(looks) for arm, looks in out.items()}


def _arms(found: Result) -> tuple[Arm, ...]:
    rows = found.arms.set_index("arm")
    return tuple(
        Arm(
            name=arm.name, chance=arm.chance, says=arm.says, offer_id=arm.offer_id, channel=arm.channel, rule=arm.rule,
            share=_figure(rows.loc[arm.name, "share"]),
            **{name: int(rows.loc[arm.name, name]) for name in ("assigned", "gone", "waiting", "n", "successes")},
        )
        for arm in found.card.arms
    )  # fmt: skip


def _contrast(row: Mapping[Any, Any], looks: Mapping[str, tuple[Look, ...]]) -> Contrast:
    figures = {name: _figure(row[name]) for name in ("effect", "low", "high", "p")}
    texts = {name: row[name] for name in ("arm", "against", "decision", "said")}
    return Contrast(**texts, **figures, looks=looks.get(str(row["arm"]), ()))


def _figure(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
