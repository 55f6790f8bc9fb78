"""The e-mail test that Kevin Hillstrom published in 2008: 64,000 customers, no e-mail or one of two, by lot.

It has no dates: what is known is how many months ago somebody bought, and what they did in the two weeks after the
e-mail. The contract asks when each fact happened and when it was known, so this table cannot be a source, and no
dates are made up for it. It is read as a randomised table, on which ways of choosing an offer can be compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from models.heads.trial import Trial
from models.measures.policy import Logged
from pipelines.sources.errors import SourceError

FILE: Final = "hillstrom.csv"
ARMS: Final = {"No E-Mail": "no e-mail", "Mens E-Mail": "men's e-mail", "Womens E-Mail": "women's e-mail"}
"""The first is the control."""
OUTCOMES: Final = ("visit", "conversion", "spend")
"""Came to the site, bought, and for how many dollars, within two weeks; none of them is known before."""
NUMBERS: Final = ("recency", "history", "mens", "womens", "newbie")
CATEGORIES: Final = ("zip_code", "channel")
"""`history_segment` is left out: it is `history` in seven steps."""
PROPENSITY: Final = 1 / 3


def read(data: Path, *, outcome: str = "visit") -> Trial:
    """Read the table as a randomised trial.

    Parameters
    ----------
    data : Path
        The folder that holds the CSV file.
    outcome : {"visit", "conversion", "spend"}
        What is to be raised: 0/1, 0/1, or US dollars.

    Raises
    ------
    SourceError
        The file or a column is absent, a cell is empty, an arm is not one of the three, an outcome is unknown.
    """
    if outcome not in OUTCOMES:
        raise SourceError(f"outcome {outcome!r}: expected one of {', '.join(OUTCOMES)}.")
    frame = _frame(data / FILE)
    values = frame[[*NUMBERS]].astype("float32")
    for name in CATEGORIES:
        values[name] = pd.Categorical(frame[name])
    names = list(ARMS)
    arm = frame["treatment"].map({name: j for j, name in enumerate(names)}).to_numpy(dtype=np.int64)
    logged = Logged(arm, np.full(len(frame), PROPENSITY), frame[outcome].to_numpy(dtype=np.float64))
    return Trial(values, logged, tuple(ARMS.values()))


def _frame(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise SourceError(f"{path}: no such file; give the folder that holds {FILE}.")
    frame = pd.read_csv(path)
    wanted = [*NUMBERS, *CATEGORIES, "treatment", *OUTCOMES]
    missing = [c for c in wanted if c not in frame.columns]
    if missing:
        raise SourceError(f"{path}: columns {missing} not found among {list(frame.columns)}.")
    empty = frame[wanted].isna().any(axis=1)
    if empty.any():
        raise SourceError(f"{path}: {int(empty.sum())} rows with an empty cell, the first is row {empty.idxmax()}.")
    strange = sorted(set(frame["treatment"]) - set(ARMS))
    if strange:
        raise SourceError(f"{path}: treatment {strange} unknown; expected {list(ARMS)}.")
    return frame
