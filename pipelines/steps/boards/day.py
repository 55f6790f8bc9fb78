"""What the boards of a day are made of: everything the daily run knew when it made the list."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.matrix import Matrix
from models.bundle import Bundle
from models.companions import Companions
from models.decision.priority import TodaysList
from pipelines.home import Home
from serving.boards.filed import Filed


@dataclass(frozen=True, kw_only=True)
class Day:
    """One daily run.

    Attributes
    ----------
    facts : Facts
        Only what was visible at `as_of`.
    matrix, scores, factors : one row per prospect of the cohort, in the same order
        Features, chances (`models.decision.score`), and what the other heads say (`models.decision.factors`).
    proposals : tuple of Filed
        Experiments asked for on a page, and whether this run filed or refused them.
    """

    as_of: pd.Timestamp
    home: Home
    facts: Facts
    definitions: Definitions
    bundle: Bundle
    heads: Companions
    matrix: Matrix
    scores: pd.DataFrame
    factors: pd.DataFrame
    today: TodaysList
    proposals: tuple[Filed, ...] = ()
