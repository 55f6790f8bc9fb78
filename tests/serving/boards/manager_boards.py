"""Literal boards of the manager's pages: two stages, two groups, three experiments, two lists."""

from __future__ import annotations

import datetime as dt
from typing import Any

from serving.boards.experiments import Arm, Contrast, Experiment, ExperimentsBoard, Look
from serving.boards.filed import Filed
from serving.boards.flow import FlowBoard, Group, Lead, Split, Stage, Takt, Week
from serving.boards.team import Dealt, HeldOut, Judged, Outcome, TeamBoard

NOTHING = dict.fromkeys(
    ("per_week", "age_usual", "age_slow", "age_longest", "took_usual", "took_slow", "overdue", "waiting_share",
     "passed", "passed_low", "passed_high")
)  # fmt: skip


def stage(name: str, waiting: int = 0, **more: Any) -> Stage:
    given = NOTHING | {"arrived": 20, "left": 13, "waited": 50.0 * waiting, "decided": 0, "bottleneck": False}
    return Stage(name=name, waiting=waiting, **(given | more))


def takt(**more: Any) -> Takt:
    given = {
        "days": 28.0, "working_days": 20, "arrived": 40, "won": 2, "every": 0.5, "every_win": 10.0,
        "calls_per_day": 9.0, "calls_per_prospect": 6.0, "needed_per_day": 12.0, "capacity_per_day": 10.0, "load": 1.2,
    }  # fmt: skip
    return Takt(**(given | more))


def group(name: str, people: int = 400, **more: Any) -> Group:
    stages = (
        stage("new", 32, age_usual=0.05, took_usual=0.5, decided=368, passed=0.913, passed_low=0.88, passed_high=0.94),
        stage("con_tacted", 43, age_usual=47.7, age_slow=104.0, waiting_share=0.46, bottleneck=True, per_week=2.25),
    )
    weeks = tuple(
        Week(last=dt.date(2026, 11, 23) - dt.timedelta(weeks=k), arrived=9, ended=7, won=1, open=75 - 2 * k)
        for k in (2, 1, 0)
    )
    lead = (Lead(result="won", n=65, usual=57.0, slow=91.9), Lead(result="lost", n=3, usual=None, slow=None))
    given = {"open": 75, "few": False, "stages": stages, "weeks": weeks, "lead": lead, "takt": takt()}
    return Group(name=name, people=people, **(given | more))


ONE = group(
    "l<b>arge", 1, open=1, few=True, stages=(stage("new", 1),),
    takt=takt(arrived=1, won=0, every=20.0, every_win=None, capacity_per_day=None, load=None),
)  # fmt: skip
FLOW = FlowBoard(
    all=group("all"),
    splits=(Split(by="segment", groups=(group("small", 399), ONE), unsaid=2, unsaid_open=3),),
    left_out=("Left out: 3 moves at or after the outcome of their prospect.",),
    office_hours=10,
)


def experiment(name: str, state: Any, **more: Any) -> Experiment:
    arms = tuple(
        Arm(name=arm, chance=0.5, says="", offer_id=offer, channel=None, rule=rule, assigned=120, gone=1, waiting=30,
            n=89, successes=won, share=won / 89)
        for arm, offer, rule, won in (("as usual", None, None, 8), ("pi<b>lot", "pilot", "always_listed", 24))
    )  # fmt: skip
    given: dict[str, Any] = {
        "hypothesis": "Offering the pilot first brings more wins.", "changes": "The pilot first.", "owner": "marketing",
        "eligible": "select prospect_id from prospects where 1 < 2", "measure": "won", "days": 45,
        "start": dt.date(2026, 6, 1), "stop": dt.date(2026, 12, 1), "stopped": None, "worthwhile": 0.05,
        "keep_above": 0.0, "alpha": 0.05, "decision": "go on", "problem": "", "arms": arms, "contrasts": (),
    }  # fmt: skip
    return Experiment(name=name, state=state, **(given | more))


def contrast(decision: Any, *, looks: int = 0, **figures: float | None) -> Contrast:
    given: dict[str, Any] = dict.fromkeys(("effect", "low", "high", "p")) | {"said": "fewer than 20 in an arm"}
    seen = tuple(
        Look(day=dt.date(2026, 9, 1) + dt.timedelta(days=9 * k), n=100 + 20 * k, effect=0.18, low=0.01, high=0.35)
        for k in range(looks)
    )
    return Contrast(arm="pi<b>lot", against="as usual", decision=decision, looks=seen, **(given | figures))


KEPT = contrast("keep", looks=3, effect=0.18, low=0.013, high=0.347, p=0.03)
EXPERIMENTS = ExperimentsBoard(
    experiments=(
        experiment("kept", "finished", decision="keep", contrasts=(KEPT,)),
        experiment("young", "running", contrasts=(contrast("go on"),)),
        experiment("uneven", "running", decision="cannot say", problem="the arms did not fill as drawn",
                   contrasts=(contrast("cannot say"),)),
        experiment("to-come", "planned", contrasts=(contrast("go on"),)),
    ),
    proposals=(Filed(key="k1", name="wrong-one", filed=False, words="Another experiment is called so."),),
)  # fmt: skip


def dealt(owner: str | None, calls: int, against: float | None) -> Dealt:
    figures = {"value": 800.0, "per_call": 100.0, "value_share": 0.5}
    told = figures if calls else dict.fromkeys(figures)
    return Dealt(owner_id=owner, calls=calls, places=8, against_team=against, **told)


TEAM = TeamBoard(
    lists=(dealt("an<b>a", 8, 0.04), dealt("ben", 8, -0.04), dealt("zoe", 0, None)),
    in_money=True,
    band=0.1,
    left_out={"no_capacity": 53, "too_soon": 6},
    horizon_days=45,
    first_list=dt.date(2026, 6, 1),
    outcomes=(
        Outcome(group=None, people=12, n=200, won=24, share=0.12, low=0.08, high=0.17, waiting=30),
        Outcome(group="north", people=6, n=10, won=1, share=None, low=None, high=None, waiting=5),
    ),
    judged=(Judged(group="override_call", n=3, won=1, share=None, low=None, high=None, waiting=2),),
    judged_said="your overrides: too few to say",
    held_out=HeldOut(share=0.05, n=400, won=48, held_n=40, held_won=2, waiting=7, difference=0.07, low=0.01, high=0.11),
)
