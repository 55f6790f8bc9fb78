"""What checks are given in tests: a small simulated company, its split, and one rung fitted on its training part."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from features.matrix import Matrix
from models.bundle import Bundle
from models.evidence.checks.check import Check
from models.evidence.checks.given import Given
from models.evidence.checks.run import CHECKS
from models.heads.encoding import Encoding
from models.heads.ladder import STEPS
from models.heads.rung import Rung
from models.heads.training import Training
from models.measures.calibration import fit_calibration
from models.measures.likeness import Bands
from models.measures.splits import ForwardSplit, forward_split
from tests.models.journeys import HORIZON, HORIZON_DAYS, Journeys, journeys

TRAINED = pd.Timestamp("2025-07-01", tz="UTC").as_unit("us")
CODES = {check.code: check for check in CHECKS}
BELOW = {"recency": "base rate", "frequency": "recency", "logistic": "frequency"}


@cache
def world() -> Journeys:
    return journeys(prospects=900, weeks=78)


def check(code: str) -> Check:
    return CODES[code]


def split_of(given: Journeys) -> ForwardSplit:
    return forward_split(given.matrix.keys, given.label, horizon=HORIZON)


def training_of(given: Journeys, split: ForwardSplit) -> Training:
    encoding = Encoding.fit(given.matrix.values[split.train])
    return Training.of(given.matrix.values, given.label, keys=given.matrix.keys, encoding=encoding, horizon=HORIZON)


def bundle_of(given: Journeys, rung: str | Rung, *, split: ForwardSplit | None = None, **changes: object) -> Bundle:
    """Fit one rung on the training part and calibrate it on the later part, as the ladder does."""
    split = split or split_of(given)
    training = training_of(given, split)
    fitted = STEPS[rung].fit(training.take(split.train)) if isinstance(rung, str) else rung
    held = training.take(split.calibrate)
    made = Bundle(
        head="win",
        company="simulated",
        rung=fitted,
        calibration=fit_calibration(fitted.margin(held.values), held.label, wins=held.wins),
        horizon_days=HORIZON_DAYS,
        trained_as_of=TRAINED,
        definitions_hash="words",
        catalog_hash="features",
        data_version="1",
        base_rate=0.2,
        bands=Bands(),
        ladder=({"rung": fitted.name, "against": BELOW.get(fitted.name)},),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def given_of(given: Journeys, rung: str | Rung = "logistic", **changes: object) -> Given:
    """Return what checks look at after a training on this company."""
    split = split_of(given)
    made = Given(
        bundle=bundle_of(given, rung, split=split),
        matrix=given.matrix,
        label=given.label,
        capacity=10,
        definitions_hash="words",
        catalog_hash="features",
        split=split,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@cache
def trained() -> Given:
    """Return what is given after an honest training of the logistic rung."""
    return given_of(world())


def backwards(given: Journeys, rung: str = "logistic") -> Rung:
    """Fit a rung on the opposite of the labels: an order that is surely worse than any."""
    split = split_of(given)
    turned = Journeys(given.matrix, 1 - given.label, given.truth)
    return STEPS[rung].fit(training_of(turned, split).take(split.train))


def with_column(given: Journeys, name: str, column: object) -> Journeys:
    """Add a feature."""
    values = given.matrix.values.assign(**{name: column})
    return Journeys(Matrix(given.matrix.keys, values), given.label, given.truth)


def with_label(given: Journeys, label: np.ndarray) -> Journeys:
    return Journeys(given.matrix, label, given.truth)
