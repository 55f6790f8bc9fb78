"""What the answers of `serving.routes.manage` look like; a test holds them against the shapes."""

from __future__ import annotations

from typing import Any, Final

_RUN: Final = {"run_id": "29c022d3004b8ea1b5aa", "day": "2026-11-24", "refused": None}
_STAGE: Final[dict[str, Any]] = {
    "name": "contacted", "waiting": 43, "arrived": 20, "left": 13, "per_week": 2.25, "age_usual": 47.7,
    "age_slow": 104.2, "age_longest": 178.5, "took_usual": 42.1, "took_slow": 119.2, "overdue": 0.14, "waited": 2489.8,
    "waiting_share": 0.46, "decided": 270, "passed": 0.637, "passed_low": 0.578, "passed_high": 0.692,
    "bottleneck": True,
}  # fmt: skip
FLOW: Final[dict[str, Any]] = {
    **_RUN,
    "by": None,
    "left_out": ["Left out: 3 moves at or after the outcome of their prospect."],
    "groups": [
        {
            "name": "all", "people": 400, "open": 103, "few": False, "stages": [_STAGE],
            "weeks": [{"last": "2026-11-23", "arrived": 7, "ended": 4, "won": 1, "open": 103}],
            "lead": [
                {"result": "won", "n": 65, "usual": 57.0, "slow": 91.9},
                {"result": "lost", "n": 232, "usual": 135.9, "slow": 159.4},
            ],
            "takt": {
                "days": 28.0, "working_days": 20, "arrived": 25, "won": 2, "every": 0.8, "every_win": 10.0,
                "calls_per_day": 4.75, "calls_per_prospect": 5.7, "needed_per_day": 7.1, "capacity_per_day": 38.0,
                "load": 0.19,
            },
        }
    ],
}  # fmt: skip
EXPERIMENTS: Final[dict[str, Any]] = {
    **_RUN,
    "experiments": [
        {
            "name": "pilot-first",
            "hypothesis": "Offering the pilot first brings more wins among small companies.",
            "changes": "The pilot is suggested instead of the list price.",
            "owner": "head of marketing", "eligible": "select prospect_id from prospects where segment = 'small'",
            "measure": "won", "days": 45, "start": "2026-06-01", "stop": "2026-12-01", "stopped": None,
            "worthwhile": 0.05, "keep_above": 0.0, "alpha": 0.05, "state": "running", "decision": "go on",
            "problem": "",
            "arms": [
                {"name": "as usual", "chance": 0.5, "says": "", "offer_id": None, "channel": None, "rule": None,
                 "assigned": 120, "gone": 0, "waiting": 31, "n": 89, "successes": 8, "share": 0.09},
                {"name": "pilot", "chance": 0.5, "says": "offer the pilot", "offer_id": "pilot", "channel": None,
                 "rule": None, "assigned": 117, "gone": 1, "waiting": 28, "n": 88, "successes": 14, "share": 0.16},
            ],
            "contrasts": [
                {"arm": "pilot", "against": "as usual", "effect": 0.07, "low": -0.11, "high": 0.25, "p": 1.0,
                 "decision": "go on", "said": "+7.0 points (-11.0 to +25.0): not settled yet",
                 "looks": [{"day": "2026-11-24", "n": 177, "effect": 0.07, "low": -0.11, "high": 0.25}]},
            ],
        }
    ],
    "proposals": [
        {"key": "5f3a", "name": "pilot-first", "filed": True,
         "words": "Prospects join from 2026-06-01 to 2026-11-30."},
    ],
}  # fmt: skip
