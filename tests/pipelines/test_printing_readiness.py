from __future__ import annotations

from io import StringIO

import pandas as pd
from rich.console import Console

from features.readiness.assessment import Assessment, judge, unknown
from pipelines.printing_readiness import assessed


def test_each_principle_has_its_score_what_is_to_be_done_and_what_is_in_place() -> None:
    steady = judge("prospect", "Steady [base] rate", met=0.5, evidence="6.4% won, then 25.8%", action="Calibrate anew.")
    found = Assessment.of(
        "Acme [sales]", pd.Timestamp("2026-06-01", tz="UTC"),
        [
            steady, judge("prospect", "Wins", met=1.0, evidence="200", action=""),
            unknown("offer", "Offers logged", evidence="no log"),
        ],
    )  # fmt: skip
    out = Console(file=StringIO(), width=120)
    assessed(found, out)
    said = " ".join(out.file.getvalue().split())  # type: ignore[attr-defined]
    assert "Readiness of Acme [sales], as of 2026-06-01 00:00 UTC" in said
    assert "those who did not: 75 of 100" in said
    assert "weakens │ Steady [base] rate │ 6.4% won, then 25.8% │ Calibrate anew." in said
    assert "in place: Wins" in said
    assert "Right person: it is known who at the prospect decides, and whom not to call: no score" in said
    assert "nan" not in said
