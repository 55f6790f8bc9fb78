"""All rules of the watch, in the order of their codes: judge them, and write down what they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from models.evidence.watching import chances, drift, freshness, people, promise, pulls, volume
from models.evidence.watching.rule import Judged, Rule
from models.evidence.watching.watched import Watched

RULES: Final = tuple(
    sorted(
        (
            *freshness.RULES, *volume.RULES, *pulls.RULES, *drift.RULES, *chances.RULES, *promise.RULES,
            *people.RULES,
        ),
        key=lambda rule: rule.code,
    )
)  # fmt: skip
OF_DATA: Final = tuple(rule for rule in RULES if rule.of_data)


def watch(given: Watched, rules: Sequence[Rule] = RULES) -> tuple[Judged, ...]:
    """Judge every rule; one that cannot be told says why, and is never counted as well."""
    return tuple(rule.judge(given) for rule in rules)


def table() -> str:
    """Return the table of docs/WATCHING.md: what each rule is, from the rules themselves."""
    rows = [f"| {r.code} | {r.title} | {r.action} | {r.when} | {r.do} |" for r in RULES]
    return (
        "\n".join(["| code | title | an alarm leads to | when | what to do |", "|---|---|---|---|---|", *rows]) + "\n"
    )
