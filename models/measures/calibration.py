"""From a margin to a chance that holds: of those scored 30 %, about 30 in 100 win.

Few wins allow two parameters: a sigmoid on the margin (Platt, 1999, "Probabilistic outputs for support
vector machines", with his smoothed targets). From `ISOTONIC_WINS` on the shape is learned: isotonic
regression (Zadrozny & Elkan, 2002). Neither may turn an order around: a margin that runs against the wins
gets one chance for all.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Final

import numpy as np

from features.errors import SchemaMismatch
from models.measures.probability import SMALLEST
from models.measures.ranking import Floats

ISOTONIC_WINS: Final = 1000
"""Winning prospects from which on the curve's shape is learned (Niculescu-Mizil & Caruana, 2005)."""


@dataclass(frozen=True)
class Calibration:
    """A non-decreasing map of margins to chances strictly inside (0, 1).

    Attributes
    ----------
    kind : "sigmoid" or "isotonic"
    slope, intercept : float
        Sigmoid: `expit(slope * margin + intercept)`, slope >= 0.
    margins, chances : tuple of float
        Isotonic: knots, linear between them, constant outside.
    """

    kind: str
    slope: float = 0.0
    intercept: float = 0.0
    margins: tuple[float, ...] = ()
    chances: tuple[float, ...] = ()

    def apply(self, margin: Floats) -> Floats:
        """Return the chance for each margin, shape (n_rows,); never 0, never 1."""
        if self.kind == "isotonic":
            return np.interp(margin, self.margins, self.chances)
        from scipy.special import expit  # a server starts without

        chance: Floats = expit(self.slope * margin + self.intercept)
        return np.clip(chance, SMALLEST, 1 - SMALLEST)

    def after(self, shift: float, scale: float) -> Calibration:
        """Return the same map for margins `m` that mean `shift + scale * m` here; scale > 0."""
        if self.kind == "isotonic":
            return replace(self, margins=tuple((x - shift) / scale for x in self.margins))
        return replace(self, slope=self.slope * scale, intercept=self.intercept + self.slope * shift)

    def to_json(self) -> str:
        """Return the map as JSON; numbers read back to the same bits."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Read what `to_json` wrote.

        Raises
        ------
        SchemaMismatch
            The text is not a calibration.
        """
        try:
            raw = json.loads(text)
            return cls(**(raw | {"margins": tuple(raw["margins"]), "chances": tuple(raw["chances"])}))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise SchemaMismatch(f"not a calibration as written by to_json: {error}. Train again.") from error


def fit_calibration(margin: Floats, label: Floats, *, wins: int | None = None) -> Calibration:
    """Fit on held-out margins.

    Parameters
    ----------
    margin, label : array, shape (n_rows,)
        Margins of rows that the model was not fitted on, and 0.0/1.0.
    wins : int, optional
        Winning prospects among them (default: winning rows); decides between sigmoid and isotonic.
    """
    wins = int(label.sum()) if wins is None else wins
    return _isotonic(margin, label) if wins >= ISOTONIC_WINS else _sigmoid(margin, label)


def _sigmoid(margin: Floats, label: Floats) -> Calibration:
    from scipy.optimize import minimize  # only a fit needs it: a server starts without
    from scipy.special import expit

    won = label.sum()
    target = np.where(label == 1.0, (won + 1) / (won + 2), 1 / (len(label) - won + 2))
    # standardised, or the steps of the search would depend on the unit of the margin
    center, spread = float(margin.mean()), float(margin.std()) or 1.0
    z = (margin - center) / spread

    def loss(parameters: Floats) -> tuple[float, Floats]:
        eta = parameters[0] * z + parameters[1]
        miss = expit(eta) - target
        value = np.logaddexp(0.0, eta) - target * eta
        return float(value.mean()), np.array([(miss * z).mean(), miss.mean()])

    start = np.array([1.0, np.log(target.mean() / (1 - target.mean()))])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None), (None, None)])
    slope = float(found.x[0]) / spread
    return Calibration("sigmoid", slope=slope, intercept=float(found.x[1]) - slope * center)


def _isotonic(margin: Floats, label: Floats) -> Calibration:
    from sklearn.isotonic import IsotonicRegression  # only a fit needs it: a server starts without

    fitted = IsotonicRegression(out_of_bounds="clip").fit(margin, label)
    floor = 1 / (len(label) + 2)
    chances = np.clip(fitted.y_thresholds_, floor, 1 - floor)
    return Calibration(
        "isotonic",
        margins=tuple(map(float, fitted.X_thresholds_)),
        chances=tuple(map(float, chances)),
    )
