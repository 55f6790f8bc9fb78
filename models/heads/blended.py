"""The rung above naive Bayes: the mean of what it, logistic regression and boosted trees say, in log-odds.

Three models that err in different ways err less together, most of all where wins are few. The weights are equal and
not learned: weights learned from few wins are mostly noise ("Combining forecasts", Clemen, 1989). Logistic regression
and trees minimise log loss, so their margins are log-odds as they come; naive Bayes is too sure of itself, so its
margin is first put on that scale by a sigmoid, fitted on prospects that it has not seen.

Trees take part from `LEAST_WINS_FOR_TREES` winning prospects on.

A mean of sums is a sum: what each feature adds is the mean of what it adds in the three.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.heads.boosted import Boosted, fit_boosted
from models.heads.encoding import Encoding, Given
from models.heads.frequency import Frequency, fit_frequency
from models.heads.logistic import Logistic, fit_logistic
from models.heads.rung import Rung
from models.heads.training import Training
from models.measures.calibration import Calibration, fit_calibration
from models.measures.ranking import Floats

FOLDS: Final = 3
LEAST_WINS_FOR_TREES: Final = 50
FIT: Final[Mapping[str, Callable[[Training], Rung]]] = {
    "frequency": fit_frequency, "logistic": fit_logistic, "boosted": fit_boosted,
}  # fmt: skip
READ: Final[Mapping[str, Callable[[Mapping[str, str], Encoding], Rung]]] = {
    "frequency": Frequency.from_files, "logistic": Logistic.from_files, "boosted": Boosted.from_files,
}  # fmt: skip


@dataclass(frozen=True)
class Blended:
    """Members and the weight of each one's margin; `base` is added, so that the sum is a log-odds."""

    encoding: Encoding
    members: tuple[Rung, ...]
    weights: tuple[float, ...]
    base: float
    name: str = "blended"

    def margin(self, values: Given) -> Floats:
        """Return the weighted sum of the members' margins, shape (n_rows,)."""
        out = np.full(len(values), self.base)
        for member, weight in zip(self.members, self.weights, strict=True):
            out += weight * member.margin(values)
        return out

    def contributions(self, values: Given) -> Floats:
        """Return the weighted sum of what each feature adds in the members."""
        out = np.zeros((len(values), len(self.encoding.features) + 1))
        for member, weight in zip(self.members, self.weights, strict=True):
            out += weight * member.contributions(values)
        out[:, -1] += self.base
        return out

    def to_files(self) -> Mapping[str, str]:
        """Return blended.json and the files of the members."""
        names = [member.name for member in self.members]
        own = {"members": names, "weights": self.weights, "base": self.base}
        files = {name: text for member in self.members for name, text in member.to_files().items()}
        return {"blended.json": json.dumps(own), **files}

    @classmethod
    def from_files(cls, files: Mapping[str, str], encoding: Encoding) -> Blended:
        """Read what `to_files` wrote."""
        raw = json.loads(files["blended.json"])
        members = tuple(READ[name](files, encoding) for name in raw["members"])
        return cls(encoding, members, tuple(raw["weights"]), raw["base"])


def fit_blended(training: Training) -> Blended:
    """Fit the members and join them; wins and others must both occur."""
    return blend(training, {})


def blend(training: Training, rungs: dict[str, Rung]) -> Blended:
    """Join rungs that were fitted on `training`; a member that is not among them is fitted and added."""
    names = [name for name in FIT if name != "boosted" or training.wins >= LEAST_WINS_FOR_TREES]
    for name in names:
        if name not in rungs:
            rungs[name] = FIT[name](training)
    share, scale = 1.0 / len(names), _scale(training)
    weights = tuple(share * scale.slope if name == "frequency" else share for name in names)
    return Blended(training.encoding, tuple(rungs[name] for name in names), weights, share * scale.intercept)


def _scale(training: Training) -> Calibration:
    """Fit the sigmoid that turns naive Bayes' margin into log-odds, on prospects left out of its counts."""
    fold = training.folds(FOLDS)
    margin, told = np.zeros(len(fold)), np.zeros(len(fold), dtype=np.bool_)
    for out in range(FOLDS):
        rest, held = training.take(fold != out), fold == out
        if held.any() and 0 < rest.label.sum() < len(rest.label):
            margin[held], told[held] = fit_frequency(rest).margin(training.values.loc[held]), True
    return fit_calibration(margin[told], training.label[told], wins=0)
