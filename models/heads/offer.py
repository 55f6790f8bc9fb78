"""The offer head: what to offer whom, and whether it was the offer that helped.

**An offer worked** means, operationally: it was answered with "accepted" or "interested" within H days of being made.
An effect is said only where chance chose the offer and the chance was logged; everything else is an *association*:
salespeople give the discount to whom they sense a need in, so that its plain rate of yes flatters it. No figure of an
association is called an effect.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from features.catalog import Catalog
from features.facts.contract import TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from features.matrix import Matrix
from models.heads.offer_effects import drawn_by_chance, effects, trial_of, unlikely_chances
from models.heads.offer_evidence import NOTHING_MEASURED, later_value
from models.heads.offer_rates import rates
from models.heads.offer_tables import records_of, table_of, told_of, with_effects
from models.heads.offer_words import choice, note
from models.heads.offers_seen import PLACE, allowed, answers_known, declined, offers_seen, places
from models.heads.uplift import pseudo_outcomes

SUGGESTED: Final = ["prospect_id", "offer_id", "name", "basis", "effect", "low", "high", "n", "accepted", "said"]
MANIFEST: Final = "offer.json"


@dataclass(frozen=True)
class Offer:
    """What is known of each offer.

    Attributes
    ----------
    by_segment : DataFrame
        One row per offer and place (segment, stage) in which prospects stood: columns `offer_tables.BY_SEGMENT`.
        Basis "uplift": `effect`, `low`, `high` are shares (0.06: six points) against the offer `control`, from draws
        only, `n` draws of the offer there and `accepted` yes among them; the control's effect is 0 by definition.
        Basis "association": effect NaN, n and accepted over all that were made. Basis "none": never made anywhere.
        `rate` is the share of yes over all that were made, drawn towards the offer's overall share; `rate_low`,
        `rate_high` the Wilson interval of the plain counts there. A missing segment or stage is not known.
    overall : DataFrame
        The same columns, one row per offer, for places that were never seen.
    control : str or None
        The offer that effects are measured against; None where nothing is said of effects.
    horizon_days : int
        H, also the days in which an offer that was declined is not suggested again.
    report : DataFrame
        model, metric, value, low, high, reason, on later draws.
    """

    by_segment: pd.DataFrame
    overall: pd.DataFrame
    control: str | None
    horizon_days: int
    report: pd.DataFrame
    note: str

    def suggest(self, matrix: Matrix, facts: Facts) -> pd.DataFrame:
        """Answer which offer to make to each prospect, and what that rests on.

        Parameters
        ----------
        matrix : Matrix
            Snapshots; their segment, stage and moment decide what may be offered.
        facts : Facts
            For the offers, and for what each prospect declined as far as known at its moment.

        Returns
        -------
        DataFrame, shape (n_snapshots, 10)
            `SUGGESTED`, rows as in `matrix`. Offers that are not valid then, not for this segment or stage, or declined
            within H days are not suggested. Where none is left offer_id is missing and `said` tells why.
        """
        known = current(facts.offers, TABLES["offers"].key).reset_index(drop=True)
        rows = matrix.keys.reset_index(drop=True).join(places(matrix).reset_index(drop=True))
        rows = rows.assign(row=np.arange(len(rows)))
        candidates = self._candidates(rows, known)
        candidates = candidates[~declined(candidates, facts, days=self.horizon_days)]
        best = candidates.sort_values(["row", "place", "worth", "offer_id"], ascending=[True, True, False, True])
        best = best.drop_duplicates("row").set_index("row").reindex(rows["row"])
        names = dict(zip(known["offer_id"], known["name"], strict=True))
        told = best.assign(may=rows["may"].to_numpy()).to_dict("records")
        said = [choice(r, names, control=self.control) for r in told]
        out = best.assign(prospect_id=rows["prospect_id"].to_numpy(), said=said, name=best["offer_id"].map(names))
        out["basis"] = out["basis"].fillna("none")
        counts = {c: out[c].fillna(0).astype("int64") for c in ("n", "accepted")}
        return out.assign(**counts).reset_index(drop=True)[SUGGESTED]

    def _candidates(self, rows: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
        """Return every offer that may be made in each row, with what is known of it there."""
        may = [allowed(offer, rows, rows["as_of"]) for _, offer in known.iterrows()]
        rows["may"] = np.sum(may, axis=0) if may else 0
        parts = [rows[m].assign(offer_id=o) for m, o in zip(may, known["offer_id"], strict=True)]
        each = pd.concat([p for p in parts if len(p)] or [rows[:0].assign(offer_id=pd.Series(dtype="str"))])
        return told_of(each, self.by_segment, self.overall)

    def to_files(self) -> dict[str, str]:
        """Return offer.json."""
        raw = {
            "control": self.control, "horizon_days": self.horizon_days, "note": self.note,
            "by_segment": records_of(self.by_segment), "overall": records_of(self.overall),
            "report": records_of(self.report),
        }  # fmt: skip
        return {MANIFEST: json.dumps(raw, sort_keys=True, indent=1, ensure_ascii=False)}

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> Offer:
        """Read what `to_files` wrote."""
        raw = json.loads(files[MANIFEST])
        here, overall = table_of(raw["by_segment"]), table_of(raw["overall"])
        report = pd.DataFrame(raw["report"], columns=NOTHING_MEASURED.columns).astype(NOTHING_MEASURED.dtypes)
        return cls(here, overall, raw["control"], raw["horizon_days"], report, raw["note"])


def fit_offer(
    facts: Facts,
    matrix: Matrix,
    *,
    catalog: Catalog,
    definitions: Definitions,
    trained_as_of: pd.Timestamp,
    data_version: str,
    seed: int = 7,
    threads: int = 2,
) -> Offer:
    """Learn what each offer does where; works from no offer made on.

    Parameters
    ----------
    facts : Facts
        What was known at `trained_as_of`; later facts are not looked at.
    matrix : Matrix
        Snapshots of the training grid: the segments and stages in which prospects stand. What was known before each
        offer is computed from `facts`.
    data_version : str
        Told in the note.
    """
    known = facts.visible(trained_as_of)
    seen = offers_seen(known, catalog=catalog, definitions=definitions, trained_as_of=trained_as_of)
    offers = current(known.offers, TABLES["offers"].key).reset_index(drop=True)
    trial = trial_of(seen, known, catalog=catalog, offers=offers)
    doubt = "" if trial is None else unlikely_chances(trial)
    found, report = None, NOTHING_MEASURED
    if trial is not None and not doubt:
        drawn = seen[drawn_by_chance(seen)].reset_index(drop=True)
        found = effects(trial, pseudo_outcomes(trial, seed=seed, threads=threads), drawn)
        horizon = pd.Timedelta(days=definitions.horizon_days)
        report = later_value(trial, drawn, horizon=horizon, seed=seed, threads=threads)
    stood = pd.concat([places(matrix), seen[list(PLACE)]]).drop_duplicates().sort_values(list(PLACE), ignore_index=True)
    here, overall = rates(seen, stood, offer_ids=offers["offer_id"])
    words = note(
        seen, found, doubt=doubt, days=definitions.horizon_days, answers=answers_known(known.offers_made),
        data_version=data_version,
    )  # fmt: skip
    here, overall = with_effects(here, found), with_effects(overall, found, everywhere=True)
    return Offer(here, overall, found.control if found else None, definitions.horizon_days, report, words)
