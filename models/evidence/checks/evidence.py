"""Whether there is enough evidence for a model, and whether it holds against simpler ones."""

from __future__ import annotations

from typing import Final

from models.evidence.checks.at_capacity import loses, recency_order
from models.evidence.checks.check import Check, NotApplicable, Seen, Severity
from models.evidence.checks.given import Given
from models.evidence.checks.parts import LEAST_WINS, later_data, split_of
from models.heads.ladder import STEPS
from models.heads.rung import Rung
from models.heads.training import Training
from models.measures.ranking import Floats

LOWEST: Final = "recency"


def too_few_wins(given: Given) -> Seen | None:
    """Answer whether later data hold enough wins to say anything about the model."""
    if given.split is None:
        return Seen("nothing was measured on later data: history is too short for a forward test", {"wins": 0.0})
    wins = given.part(given.split.test).wins
    if wins >= LEAST_WINS:
        return None
    return Seen(f"{wins} winning prospects on later data, {LEAST_WINS} needed", {"wins": float(wins)})


def rung_below(given: Given) -> Seen | None:
    """Answer whether the model loses to the simpler rung that it was taken over, on later data."""
    below = _below(given)
    if below == LOWEST:
        raise NotApplicable(f"the rung below is {LOWEST}, which TK011 looks at")
    part = later_data(given)
    other = _refitted(given, below).margin(part.matrix.values)
    return _lost(given, other, below)


def recency_at_capacity(given: Given) -> Seen | None:
    """Answer whether calling the most recent first would have had more wins."""
    if given.bundle.rung.name == LOWEST:
        raise NotApplicable(f"the model is the order by {LOWEST}")
    part = later_data(given)
    return _lost(given, recency_order(part.matrix.values, part.matrix.keys), LOWEST)


def other_words(given: Given) -> Seen | None:
    """Answer whether the model was trained under other definitions or with other features than today's."""
    pairs = {
        "definitions": (given.bundle.definitions_hash, given.definitions_hash),
        "features": (given.bundle.catalog_hash, given.catalog_hash),
    }
    stale = [f"{name} {was}, today {now}" for name, (was, now) in pairs.items() if was != now]
    return Seen(f"trained with {' and '.join(stale)}") if stale else None


def _below(given: Given) -> str:
    if given.bundle.rung.name == LOWEST:
        raise NotApplicable("the model is on the lowest rung")
    rows = {row["rung"]: row for row in given.bundle.ladder}
    below = str(rows.get(given.bundle.rung.name, {}).get("against"))
    if below not in STEPS:
        raise NotApplicable("the model was not taken over another rung")
    return below


def _refitted(given: Given, name: str) -> Rung:
    """Fit a rung on the same snapshots as the model; seeds are equal, so it is the one that was compared."""
    training = Training.of(
        given.matrix.values, given.label, keys=given.matrix.keys, encoding=given.bundle.rung.encoding,
        horizon=given.horizon, seed=given.seed, threads=given.threads,
    )  # fmt: skip
    return STEPS[name].fit(training.take(split_of(given).train))


def _lost(given: Given, other: Floats, name: str) -> Seen | None:
    part = later_data(given)
    own = given.bundle.rung.margin(part.matrix.values)
    loss = loses(part.label, own, other, keys=part.matrix.keys, calls=given.capacity, seed=given.seed)
    if loss is None:
        return None
    figures: dict[str, float | str] = {"lost": -loss.capacity.value, "auc": loss.auc.value, "against": name}
    return Seen(f"at {given.capacity} calls a day {loss.words(name)}", figures)


_LOSES: Final = (
    "On later data with at least {wins} winning prospects its list surely has fewer wins at the team's capacity (95 % "
    "interval), or its order as a whole is surely worse (AUC) and its list not surely better."
)

CHECKS: Final = (
    Check(
        "TK009", "Too few wins to tell", Severity.WARNING,
        f"Later data hold fewer than {LEAST_WINS} winning prospects, or there is no forward test at all.",
        "Read the list as an order, not as chances; wait for more outcomes, or load more history.",
        too_few_wins,
    ),
    Check(
        "TK010", "Loses to the rung below", Severity.BLOCKING,
        f"The model loses to the simpler rung that it was taken over. {_LOSES.format(wins=LEAST_WINS)}",
        "Nothing by hand: the champion stays, or the order by recency is served, until a training passes.",
        rung_below,
    ),
    Check(
        "TK011", "Loses to calling the most recent first", Severity.BLOCKING,
        f"The model loses to the order by recency. {_LOSES.format(wins=LEAST_WINS)}",
        "Nothing by hand: the champion stays, or the order by recency is served, until a training passes.",
        recency_at_capacity,
    ),
    Check(
        "TK012", "Trained under other words", Severity.BLOCKING,
        "The definitions or the features of the model are not those of today.",
        "Train again; a list under old words answers a question that nobody asks any more.",
        other_words,
    ),
)  # fmt: skip
