"""The same receipt once more: from the same facts, bundle and definitions it must come out with the same id.

Nothing is looked up here: `pipelines.steps.replaying` finds the facts, the bundle and the words under which a receipt
was written; this is the scoring and the comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import pandas as pd

from features.catalog import Catalog
from features.facts.ledger import Facts
from features.matrix import build
from models.bundle import Bundle
from models.decision.errors import DecisionError
from models.decision.fact_counts import FactCounts
from models.decision.reasons import Reason, explain
from models.decision.receipt import Receipt, Versions, receipts
from models.decision.score import score

COMPARED: Final = (
    "receipt_id", "prospect_id", "state", "chance", "low", "high", "like_n", "like_won", "margin", "grade", "reasons",
)  # fmt: skip
"""What is published of a receipt, besides its versions, which belong to the run."""


@dataclass(frozen=True)
class Replayed:
    """A receipt made again.

    Attributes
    ----------
    receipt : Receipt
        As it comes out now.
    same : bool
        Every published field is equal bit for bit, the id among them, which is the hash of all content.
    differences : mapping of field to (published, now)
        Empty where it is the same. The id alone differs where something changed that is not published by itself.
    """

    receipt: Receipt
    same: bool
    differences: Mapping[str, tuple[Any, Any]]


def reissue(
    facts: Facts, key: tuple[str, pd.Timestamp], *, bundle: Bundle, counts: FactCounts, catalog: Catalog,
    versions: Versions, explained: bool,
) -> Receipt:  # fmt: skip
    """Score one prospect as of a moment, explain it and write its receipt.

    Parameters
    ----------
    facts : Facts
        Those of the lake at the versions of the run; what was not visible at the moment is left away here.
    key : (str, Timestamp)
        prospect_id, and the moment (UTC).
    versions : Versions
        Of the run. Its catalogue and definitions must be the bundle's.
    explained : bool
        Whether the receipt was written with reasons; of a large cohort only those listed are.

    Raises
    ------
    DecisionError
        The catalogue is not the one that the bundle was trained with: the features of today are others.
    """
    if catalog.hash != bundle.catalog_hash:
        raise DecisionError(
            f"the bundle {bundle.fingerprint} was trained with features {bundle.catalog_hash}, this version of Takt "
            f"computes {catalog.hash} from the same definitions; use the version that wrote the receipt."
        )
    prospect_id, as_of = key
    keys = pd.DataFrame({"prospect_id": pd.array([prospect_id], dtype="str"), "as_of": pd.DatetimeIndex([as_of])})
    seen = facts.visible(as_of).of_prospects(pd.Index([prospect_id]))
    matrix = build(seen, keys, catalog)
    why: list[tuple[Reason, ...]] = [()]
    if explained:
        why = explain(bundle, matrix, catalog=catalog, facts=counts)
    (receipt,) = receipts(score(bundle, matrix), why, versions=versions, base_rate=bundle.base_rate)
    return receipt


def compare(published: Mapping[str, Any], receipt: Receipt) -> Replayed:
    """Set the published fields (`COMPARED`) beside those that came out again."""
    again = asdict(receipt) | {"reasons": [reason.to_dict() for reason in receipt.reasons]}
    differences = {name: (published[name], again[name]) for name in COMPARED if published[name] != again[name]}
    return Replayed(receipt, not differences, differences)
