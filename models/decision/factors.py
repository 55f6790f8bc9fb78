"""What the heads beside the win head say of the day's cohort: the factors of a call's worth, and the words for it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from features.facts.contract import TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from features.matrix import Matrix
from models.companions import Companions
from models.measures.ranking import Floats

NEAR: Final = 14
FAR: Final = 90
"""Days of the two chances whose relation says whether now is a good moment."""
FACTORS: Final = (
    "prospect_id", "amount", "timing", "reach", "contact_id", "channel", "why_contact", "hours", "offer_id",
    "offer_words", "timing_words",
)  # fmt: skip


def factors(
    heads: Companions, matrix: Matrix, facts: Facts, *, as_of: pd.Timestamp, definitions: Definitions
) -> pd.DataFrame:
    """Answer for each prospect of a cohort what a win would bring, when, whom, by what and with which offer.

    Parameters
    ----------
    matrix : Matrix
        The cohort of one moment, one row per prospect.
    facts : Facts
        Only what is visible at `as_of` is looked at.

    Returns
    -------
    DataFrame, shape (n_prospects, 11)
        `FACTORS`, rows as in the matrix. `amount` in the company's currency. `timing`: chance of the next 14 days over
        what 14 days would bring at the prospect's own steady pace over 90. `reach`: chance of a positive reply by the
        person and channel suggested, over the average of the day. Both are ratios around 1, so that they do not
        count again what the win head's chance already contains. Missing is not known.
    """
    ids = matrix.keys["prospect_id"].reset_index(drop=True)
    timing = heads.timing.chances(matrix)
    chosen = _chosen(heads, facts, ids, as_of=as_of, definitions=definitions)
    offers = heads.offer.suggest(matrix, facts)
    table = {
        "prospect_id": ids,
        "amount": heads.amount.values(matrix)["amount"].to_numpy(),
        "timing": _pace(timing[f"within_{NEAR}"].to_numpy(), timing[f"within_{FAR}"].to_numpy()),
        "reach": _relative(chosen["reach"].to_numpy(np.float64)),
        **{name: chosen[name].to_numpy() for name in ("contact_id", "channel", "why_contact", "hours")},
        "offer_id": offers["offer_id"].to_numpy(),
        "offer_words": offers["said"].to_numpy(),
        "timing_words": timing["said"].to_numpy(),
    }
    return pd.DataFrame(table)[list(FACTORS)]


def _chosen(
    heads: Companions, facts: Facts, ids: pd.Series[Any], *, as_of: pd.Timestamp, definitions: Definitions
) -> pd.DataFrame:
    """Return the likeliest contact and channel of each prospect, with the best hours, in the order of `ids`."""
    choices = heads.reply.choices(facts, ids, as_of, definitions).drop_duplicates("prospect_id")
    people = current(facts.visible(as_of).contacts, TABLES["contacts"].key).set_index("contact_id")
    zones = people["timezone"].reindex(choices["contact_id"]).to_numpy()
    hours = heads.hours.best(choices[["prospect_id", "contact_id", "channel"]].assign(timezone=zones))
    told = hours["said"].where(hours["weekday"].notna())
    rows = choices.assign(why_contact=choices["said"], hours=told.to_numpy()).set_index("prospect_id")
    return rows[["contact_id", "channel", "reach", "why_contact", "hours"]].reindex(ids)


def _pace(near: Floats, far: Floats) -> Floats:
    """Divide the near chance by the one that a steady hazard with the same far chance would give."""
    with np.errstate(invalid="ignore", divide="ignore"):
        steady = -np.expm1(np.log1p(-far) * NEAR / FAR)
        ratio: Floats = np.where(steady > 0, near / steady, np.nan)
    return ratio


def _relative(reach: Floats) -> Floats:
    """Divide by the mean of what is known."""
    known = reach[~np.isnan(reach)]
    return reach / known.mean() if len(known) and known.mean() > 0 else np.full(len(reach), np.nan)
