"""The board of the model: read from what the training kept beside the champion, nothing is measured again."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any, Final

import pandas as pd
from pydantic import ValidationError

from models.bundle import Bundle
from models.decision.team import team_capacity
from models.evidence.card import RUNG_NAMES, card, markdown
from models.evidence.checks.run import CHECKS
from models.evidence.training_evidence import FILE, SCHEMA
from pipelines.steps import verdicts
from pipelines.steps.boards.day import Day
from serving.boards import model as shape

WORDS: Final = {
    **RUNG_NAMES, "recency": "the order by recency (whom something happened to last comes first)",
    "logistic": "logistic regression",
}  # fmt: skip


def board(day: Day) -> shape.Model:
    """Say what is known of the champion that made the day's list."""
    bundle, folder = day.bundle, day.home.champion
    evidence, checks = _evidence(folder, day), _checks(folder)
    given = card(bundle, simulated=day.definitions.simulated)
    trainings = verdicts.trainings(day.home)
    return shape.Model(
        rung=bundle.rung.name,
        words=WORDS.get(bundle.rung.name, bundle.rung.name),
        instead=_instead(evidence, checks),
        trained_on=_date(bundle.trained_as_of, day),
        horizon_days=bundle.horizon_days,
        base_rate=given["base_rate"],
        capacity=team_capacity(day.facts, day.as_of, definitions=day.definitions),
        listed=len(day.today.listed),
        says_chances=bundle.calibration is not None,
        evidence=evidence,
        ladder=_ladder(bundle),
        checks=checks,
        challenge=_challenge(trainings[-1], day) if trainings else None,
        trainings=len(trainings),
        beware=tuple(given["warnings"]),
        parts={part: words for part, words in given["parts"].items()},
        versions=given["versions"],
        card=markdown(given),
    )


def _evidence(folder: Path, day: Day) -> shape.Evidence | None:
    """Read the evidence; None where a training of another version kept none, or another kind."""
    raw = _json(folder / FILE)
    if not isinstance(raw, dict) or raw.pop("schema", None) != SCHEMA:
        return None
    periods = [
        period | {end: _date(pd.Timestamp(period[end]), day) for end in ("first", "last")}
        for period in raw.get("periods", ())
    ]
    try:
        return shape.Evidence.model_validate(raw | {"periods": periods})
    except ValidationError:
        return None


def _checks(folder: Path) -> tuple[shape.Check, ...]:
    """Read what the checks said at the training, those that fired first, the blocking ones before all others."""
    when = {check.code: check.when for check in CHECKS}
    try:
        rows = [
            shape.Check.model_validate(row | {"when": when.get(row["code"], "")})
            for row in _json(folder / "checks.json") or ()
        ]
    except ValidationError:
        return ()
    states = ("fires", "not applicable", "quiet")
    return tuple(sorted(rows, key=lambda c: (states.index(c.state), c.severity != "blocking", c.code)))


def _instead(evidence: shape.Evidence | None, checks: tuple[shape.Check, ...]) -> str:
    """Say why a simpler order serves than the one that the ladder kept; empty where that is the one."""
    if evidence is None or evidence.refused is None:
        return ""
    blocking = [check for check in checks if check.state == "fires" and check.severity == "blocking"]
    which = ", ".join(f"{check.title.lower()} ({check.code})" for check in blocking)
    return (
        f"A model was trained ({WORDS.get(evidence.refused, evidence.refused)}), but a check keeps it from making lists"
        f"{': ' + which if which else ''}. What the check saw stands below."
    )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}".rstrip(".") + "."


def _ladder(bundle: Bundle) -> tuple[shape.Rung, ...]:
    return tuple(
        shape.Rung(
            name=row["rung"], words=WORDS.get(row["rung"], row["rung"]), against=row.get("against"),
            gain=shape.Figure(value=row.get("gain"), low=row.get("low"), high=row.get("high")),
            taken=bool(row["taken"]), serves=row["rung"] == bundle.rung.name, why=_named(row.get("why") or ""),
        )
        for row in bundle.ladder
    )  # fmt: skip


def _named(words: str) -> str:
    """Say rungs as they are called outside."""
    return re.sub("|".join(rf"\b{name}\b" for name in RUNG_NAMES), lambda found: RUNG_NAMES[found[0]], words)


def _challenge(note: verdicts.Note, day: Day) -> shape.Challenge:
    return shape.Challenge(
        trained_on=_date(pd.Timestamp(note.trained_as_of), day), version=note.version,
        words=WORDS.get(note.rung, note.rung), promoted=note.promoted, fallback=note.fallback,
        serves=note.fingerprint == day.bundle.fingerprint, why=_sentence(note.why),
    )  # fmt: skip


def _date(moment: pd.Timestamp, day: Day) -> dt.date:
    local: dt.date = moment.tz_convert(day.definitions.zone).date()
    return local


def _json(place: Path) -> Any:
    try:
        return json.loads(place.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
