"""Flow: whether every step from stage to stage is in the log."""

from __future__ import annotations

import pandas as pd

from features.flow_stages import BACK, ONWARD, Journeys, journeys
from features.readiness.assessment import Finding, judge, unknown
from features.readiness.given import Given

P = "flow"


def findings(given: Given) -> list[Finding]:
    """Look at the stages that are defined, and at the moves that are logged."""
    stages = given.definitions.stages
    if not stages:
        return [
            judge(
                P, "Stages", met=0, blocks=True, evidence="definitions.yaml names no stages.",
                action="Write the stages in their order into definitions.yaml, and map the moves between them.",
            )
        ]  # fmt: skip
    found = journeys(given.facts, stages=stages, as_of=given.as_of, max_age_days=given.definitions.max_age_days)
    if found.moves == 0:
        return [
            judge(
                P, "Moves between stages", met=0, blocks=True,
                evidence=f"{len(stages)} stages are defined, and no move to one of them is in the log.",
                action='Map the changes of stage to touches of kind "stage" (touches.sql).',
            )
        ]  # fmt: skip
    if len(stages) == 1:
        return [_steps(stages), _known(found)]
    return [_steps(stages), _logged(found), _known(found), _rework(found)]


def _steps(stages: tuple[str, ...]) -> Finding:
    return judge(
        P, "There is more than one stage", met=float(len(stages) > 1),
        evidence=f"{len(stages)} stages: {', '.join(stages)}.",
        action="Name the steps on the way to a win: with one stage nothing can be said of where it is stuck.",
    )  # fmt: skip


def _logged(found: Journeys) -> Finding:
    title = "Wins went through the stages"
    won = found.people.loc[found.people["end"] == "won", "prospect_id"]
    if won.empty:
        return unknown(P, title, evidence="No win is known yet.")
    last = found.visits["place"].max()
    own = found.visits[found.visits["prospect_id"].isin(won)]
    reached = own.groupby("prospect_id")["place"].max()
    moved, through = int((reached > 0).sum()), int((reached == last).sum())
    return judge(
        P, title, met=moved / len(won),
        evidence=f"{moved:,} of {len(won):,} wins moved beyond the first stage in the log, {through:,} to the last.",
        action="Log each step when it happens, not only the win.",
    )  # fmt: skip


def _known(found: Journeys) -> Finding:
    n = found.moves + sum(found.unknown.values())
    named = ", ".join(f"{stage} ({count:,})" for stage, count in sorted(found.unknown.items()))
    return judge(
        P, "Stages in the log are defined", met=found.moves / n,
        evidence=f"{found.moves:,} of {n:,} logged moves go to a stage that is defined"
        f"{'; not defined: ' + named if named else ''}. {found.after_end:,} moves lie at or after the outcome.",
        action="Add these stages to definitions.yaml in their order, or map them to those that are there.",
    )  # fmt: skip


def _rework(found: Journeys) -> Finding:
    exits: pd.Series = found.visits["exit"]
    back, moves = int((exits == BACK).sum()), int(exits.isin((BACK, ONWARD)).sum())
    if moves == 0:
        return unknown(P, "Steps go onward", evidence="No prospect has gone from one stage to another.")
    return judge(
        P, "Steps go onward", met=1 - back / moves,
        evidence=f"{back:,} of {moves:,} steps from stage to stage went back.",
        action="See at the flow board from which stage prospects come back, and what was missing there.",
    )  # fmt: skip
