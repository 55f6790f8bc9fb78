"""Do: who joins an experiment today, and what the arms ask for; `experiment_results` is the check and the act.

The arm comes from the card alone (`Card.arm_of`), so all that has to be kept is since when. A prospect takes part from
the first day on which it is eligible until its measure's days have passed. Of experiments that pull the same lever
(offer, channel, list rule) the first that has a prospect has it alone for that time; experiments with different levers
cross freely, for their hashes are independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from features.errors import DefinitionsError
from features.facts.contract import TIME_TYPE
from features.facts.definitions import Definitions, Term
from features.facts.evidence import who
from features.facts.ledger import Facts
from models.evidence.experiment_card import LEVERS, Card, ExperimentError

COLUMNS: Final = {
    "experiment": "str", "prospect_id": "str", "arm": "str", "chance": "float64", "first_seen": TIME_TYPE,
}  # fmt: skip


def eligible(card: Card, facts: Facts, definitions: Definitions) -> pd.Series[str]:
    """Return the prospects that the card's SQL names, sorted; give `facts.visible(as_of)`.

    Raises
    ------
    ExperimentError
        The SQL is not one SELECT, reads files or the clock, fails, or returns no text column `prospect_id`.
    """
    words = Term(means="who is eligible", evidence=card.eligible, owner=card.owner, since=card.start)
    asked = definitions.model_copy(update={"terms": {"eligible": words}})
    try:
        return who(asked, facts, "eligible")
    except DefinitionsError as error:
        raise ExperimentError(f"experiment {card.name}: {error}") from error


def assign(
    cohort: pd.DataFrame, cards: Sequence[Card], facts: Facts, as_of: pd.Timestamp, *,
    definitions: Definitions, known: pd.DataFrame,
) -> pd.DataFrame:  # fmt: skip
    """Answer who joins which experiment on this day, in which arm; those who joined before are not among them.

    Parameters
    ----------
    cohort : DataFrame
        `prospect_id` of the open prospects.
    known : DataFrame
        Earlier assignments (`COLUMNS`), of all experiments.

    Returns
    -------
    DataFrame, shape (n, 5)
        `COLUMNS`: experiment, prospect_id, arm, chance (of that arm), first_seen (`as_of`); by card and prospect_id.
        Nobody outside a card's dates.
    """
    seen, out = facts.visible(as_of), [known]
    for card in sorted(cards, key=lambda card: (card.start, card.name)):
        if not card.begins(definitions) <= as_of < card.ends(definitions):
            continue
        so_far = pd.concat(out, ignore_index=True)
        busy = in_force(_rivals(card, cards), so_far, as_of, definitions)["prospect_id"]
        joined = so_far.loc[so_far["experiment"] == card.name, "prospect_id"]
        found = eligible(card, seen, definitions)
        fresh = found[found.isin(cohort["prospect_id"]) & ~found.isin(joined) & ~found.isin(busy)]
        out.append(_rows(card, fresh, as_of))
    return pd.concat([no_assignments(), *out[1:]], ignore_index=True).astype(COLUMNS)


def in_force(cards: Sequence[Card], known: pd.DataFrame, as_of: pd.Timestamp, definitions: Definitions) -> pd.DataFrame:
    """Return the assignments that are acted on at a moment: joined by then, the measure's days not yet over.

    Whoever joined keeps its arm after the card's last day, or its measure would mix two ways of doing it; only an
    experiment that somebody ended early is not acted on any more.
    """
    running = {c.name: c.measure.days for c in cards if c.stopped is None or as_of < c.ends(definitions)}
    rows = known[known["experiment"].isin(list(running))]
    until = rows["first_seen"] + pd.to_timedelta(rows["experiment"].map(running), unit="D")
    return rows[(rows["first_seen"] <= as_of) & (as_of < until)].reset_index(drop=True)


def to_do(cards: Sequence[Card], acted_on: pd.DataFrame) -> pd.DataFrame:
    """Return what the arms ask for, one row per prospect.

    Returns
    -------
    DataFrame, shape (n_prospects, 5)
        `prospect_id`; `offer_id`, `channel`, `rule` (missing: as usual); `experiments`: "name: arm" in words, with what
        the arm says, joined by "; ".
    """
    arms = {(card.name, arm.name): arm for card in cards for arm in card.arms}
    rows: dict[str, dict[str, Any]] = {}
    for given in acted_on.sort_values(["prospect_id", "experiment"], kind="stable").itertuples():
        arm = arms[str(given.experiment), str(given.arm)]
        row = rows.setdefault(str(given.prospect_id), {"experiments": []})
        row |= {lever: getattr(arm, lever) for lever in LEVERS if getattr(arm, lever) is not None}
        row["experiments"].append(f"{given.experiment}: {arm.name}" + (f" ({arm.says})" if arm.says else ""))
    table = [{"prospect_id": who_} | row | {"experiments": "; ".join(row["experiments"])} for who_, row in rows.items()]
    return pd.DataFrame(table, columns=["prospect_id", *LEVERS, "experiments"]).astype("str")


def no_assignments() -> pd.DataFrame:
    """Return a table of assignments without rows."""
    return pd.DataFrame({name: pd.Series([], dtype=type_) for name, type_ in COLUMNS.items()})


def _rivals(card: Card, cards: Sequence[Card]) -> list[Card]:
    """Return the other experiments that pull a lever of this one."""
    return [other for other in cards if other.name != card.name and other.levers & card.levers]


def _rows(card: Card, prospects: pd.Series[str], as_of: pd.Timestamp) -> pd.DataFrame:
    arms = [card.arm_of(prospect) for prospect in prospects]
    columns = {
        "experiment": card.name, "prospect_id": prospects.to_numpy(), "arm": [arm.name for arm in arms],
        "chance": [arm.chance for arm in arms], "first_seen": as_of,
    }  # fmt: skip
    return pd.DataFrame(columns).astype(COLUMNS)
