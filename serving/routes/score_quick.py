"""`POST /v1/score` for a few prospects with plain rows: the same answer as by way of tables, without making one.

The bundle, its calibration, the words and the counts are those of the daily run; what is quick is that nothing is laid
out for thousands of rows. Where a body is not plain, there is no answer from here (None).
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydantic_core import to_json

from features.algebra.declaration import Declaration
from features.facts.columns import Ints
from features.time.asof import DAY, moment
from models.decision.reasons import Reason, worded
from models.decision.receipt import told
from models.decision.score import WHY_NOT, scored
from models.decision.shap_values import Concepts, check_sum
from models.heads.encoding import MISSING, UNKNOWN, Encoded
from serving.champion import Champion
from serving.routes.score_events import NotPlain
from serving.routes.score_few import Few, FewFeatures
from serving.routes.score_out import SHOWN, head, not_open
from serving.routes.score_rows import Plain, PlainRows

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@lru_cache(maxsize=2)
def quick(champion: Champion) -> Quick:
    """Return what answers for this champion; it is kept while it is the one that is asked."""
    return Quick(champion)


class Quick:
    """One champion, ready to answer."""

    def __init__(self, champion: Champion) -> None:
        bundle, catalog = champion.bundle, champion.catalog
        self._champion, self._head = champion, head(champion)
        self._rows = PlainRows(champion.definitions.kinds)
        self._features = FewFeatures(catalog)
        self._concepts = Concepts.of(bundle.features, catalog)
        self._declared = [catalog.of(name) for name in bundle.features]
        place = {name: i for i, name in enumerate(bundle.features)}
        self._numbers = [place[d.name] for d in catalog.declarations if not d.is_category]
        self._words = [place[d.name] for d in catalog.declarations if d.is_category]
        self._column = {at: i for ats in (self._numbers, self._words) for i, at in enumerate(ats)}

    def warm(self) -> None:
        """Do once what is slow the first time: LightGBM's import, the trees' layout, the compiled kernels."""
        begin = "2020-01-01T00:00:00Z"
        prospect = {"prospect_id": "-", "created_at": begin, "recorded_at": begin}
        self.answer(to_json({"as_of": "2020-01-02T00:00:00Z", "prospects": [prospect]}))

    def answer(self, body: bytes) -> bytes | None:
        """Return the answer as JSON, or None where the rows have to go through tables."""
        plain = self._rows.read(body)
        if plain is None:
            return None
        prospects = plain.tables["prospects"]
        rows = np.flatnonzero(self._open(plain))
        try:
            items = self._items(plain, rows) if len(rows) else {}
        except NotPlain:
            return None
        return to_json(
            {
                "as_of": _EPOCH + dt.timedelta(microseconds=plain.as_of),
                **self._head,
                "items": [items.get(i) or not_open(row["prospect_id"]) for i, row in enumerate(prospects)],
            }
        )

    def _open(self, plain: Plain) -> list[bool]:
        """Say who is in the cohort, by the rule of `features.time.cohort`."""
        ended: dict[str, int] = {}
        for row in plain.tables["outcomes"]:
            known, who = max(row["occurred_at"], row["recorded_at"]), row["prospect_id"]
            ended[who] = min(known, ended.get(who, known))
        definitions, as_of = self._champion.definitions, plain.as_of
        age = definitions.max_age_days
        begin = definitions.cohort_from
        first = None if begin is None else moment(begin, definitions.zone).value // 1000
        return [
            max(row["created_at"], row["recorded_at"]) < as_of <= ended.get(row["prospect_id"], as_of)
            and (age is None or as_of <= row["created_at"] + age * DAY)
            and (first is None or row["created_at"] >= first)
            for row in plain.tables["prospects"]
        ]

    def _items(self, plain: Plain, rows: Ints) -> dict[int, dict[str, Any]]:
        """Score and explain some of the prospects; by their position."""
        bundle = self._champion.bundle
        few = self._features.of(plain, rows)
        x, blank = self._encoded(few)
        margin = bundle.rung.margin(x)
        found = scored(bundle, margin, blank)
        parts = bundle.rung.contributions(x)
        ids = [plain.tables["prospects"][i]["prospect_id"] for i in rows]
        check_sum(parts, margin, ids)
        columns = {name: values.tolist() for name, values in vars(found).items()}
        reasons = self._reasons(few, parts)
        lines = (dict(zip(columns, line, strict=True)) for line in zip(*columns.values(), strict=True))
        return {
            i: self._item(who, line, why) for i, who, line, why in zip(rows.tolist(), ids, lines, reasons, strict=True)
        }

    def _item(self, who: str, line: dict[str, Any], why: tuple[Reason, ...]) -> dict[str, Any]:
        line["reason"] = WHY_NOT[line["state"]]
        said = told(line, why, base_rate=self._champion.bundle.base_rate)
        said["reasons"] = [{name: getattr(reason, name) for name in SHOWN} for reason in said["reasons"]]
        said["prospect_id"], said["why_not"] = who, line["reason"] or None
        del said["note"]
        return said

    def _encoded(self, few: Few) -> tuple[Encoded, npt.NDArray[np.bool_]]:
        """Return the rows as the bundle's rung takes them, and which of them hold no fact."""
        encoding = self._champion.bundle.rung.encoding
        x = np.empty((len(few.numbers), len(self._declared)), dtype=np.float32)
        x[:, self._numbers] = few.numbers
        known = (np.nan_to_num(few.numbers) != 0).any(axis=1)
        for at, words in zip(self._words, few.words, strict=True):
            codes = encoding.codes[encoding.features[at]]
            x[:, at] = [MISSING if word is None else codes.get(word, UNKNOWN) for word in words]
            known |= x[:, at] != MISSING
        return x, ~known

    def _reasons(self, few: Few, parts: npt.NDArray[np.float64]) -> list[tuple[Reason, ...]]:
        effect, carrier = self._concepts.sums(parts)

        def said(row: int, concept: int) -> tuple[Declaration, Any]:
            feature = int(carrier[row, concept])
            declared, column = self._declared[feature], self._column[feature]
            return declared, few.words[column][row] if declared.is_category else float(few.numbers[row, column])

        return worded(effect, said, facts=self._champion.facts)
