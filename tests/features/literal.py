"""Facts and moments written as small tables of text, so that a test can be read as an example.

Days are `MM-DD` or `MM-DDThh:mm` of 2026 in UTC, `-` is missing. Where `recorded_at` is left out a fact is known the
moment it happened. A row that would be quarantined is an error of the test.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.algebra.filling import Filling, Snapshots, category
from features.algebra.terms import Term
from features.facts.contract import TABLES, check
from features.facts.ledger import Facts


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-{text}", tz="UTC").as_unit("us")


def table(name: str, text: str) -> pd.DataFrame:
    """Read one contract table: the first line names the columns, cells are separated by blanks."""
    head, *lines = [line.split() for line in text.strip().splitlines()]
    assert all(len(line) == len(head) for line in lines), f"{name}: a line has more or fewer cells than {head}"
    frame = pd.DataFrame(lines, columns=head, dtype="str").replace("-", pd.NA)
    if "recorded_at" not in frame and "recorded_at" in TABLES[name].columns:
        frame["recorded_at"] = frame["created_at" if name == "prospects" else "occurred_at"]
    for column in frame:
        kind = TABLES[name].columns[column].type if column in TABLES[name].columns else "attribute"
        if kind == "time":
            frame[column] = pd.to_datetime("2026-" + frame[column], utc=True, format="ISO8601").dt.as_unit("us")
        if kind == "number" or (kind == "attribute" and frame[column].str.fullmatch(r"[\d.]+").fillna(True).all()):
            frame[column] = frame[column].astype("float64")
    checked = check(name, frame)
    assert checked.quarantined.empty, checked.quarantined
    return checked.good


def facts(**tables: str) -> Facts:
    return Facts.of({name: table(name, text) for name, text in tables.items()})


def keys(*pairs: str) -> pd.DataFrame:
    """Write snapshots as "a 01-05", sorted by prospect and moment."""
    who, when = zip(*(pair.split() for pair in pairs), strict=True)
    times = pd.Series([day(text) for text in when]).astype("datetime64[us, UTC]")
    return pd.DataFrame({"prospect_id": pd.Series(who, dtype="str"), "as_of": times})


def numbers(term: Term, known: Facts, *pairs: str) -> list[float]:
    """Compute one term for the snapshots, by the kernel."""
    (filled,) = Filling(known, Snapshots.of(keys(*pairs)), numbers=[term]).blocks(most=len(pairs), dtype=np.float64)
    return [float(value) for value in filled.numbers[:, 0]]


def words(term: Term, known: Facts, *pairs: str) -> list[str | None]:
    """Compute one category for the snapshots, by the kernel."""
    filling = Filling(known, Snapshots.of(keys(*pairs)), numbers=[], words=list(term.slots()))
    (filled,) = filling.blocks(most=len(pairs))
    return [None if pd.isna(word) else str(word) for word in category(filled.words[0], filling.levels[0])]
