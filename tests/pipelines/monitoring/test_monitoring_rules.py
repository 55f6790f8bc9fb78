"""`monitoring.yaml`: its defaults, what it may say, and what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.evidence.watching.rule import Action
from models.evidence.watching.run import RULES
from pipelines.home import Home
from pipelines.steps.monitoring_rules import BadMonitoring, Monitoring, monitoring


def written(home: Path, text: str) -> Monitoring:
    (home / "monitoring.yaml").write_text(text)
    return monitoring(Home(home))


def test_without_a_file_every_rule_is_looked_at_and_does_what_it_says(tmp_path: Path) -> None:
    wanted = monitoring(Home(tmp_path))
    assert wanted.looked_at == RULES
    assert [wanted.action(rule) for rule in RULES] == [rule.action for rule in RULES]
    assert written(tmp_path, "") == wanted


def test_a_company_may_hold_tell_or_leave_out_what_it_likes(tmp_path: Path) -> None:
    wanted = written(tmp_path, "rules: {TW002: tell, TW003: hold, TW010: off}\nmail: [ops@northwind.example]\n")
    actions = {rule.code: wanted.action(rule) for rule in wanted.looked_at}
    assert (actions["TW002"], actions["TW003"]) == (Action.TELL, Action.HOLD)
    assert "TW010" not in actions
    assert written(tmp_path, "least_coverage: 0.2").limits.least_coverage == 0.2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules: {TK001: hold}", "'TK001' is no rule; they are TW001"),
        ("rules: {TW001: shout}", "rules.TW001: Input should be 'hold', 'retrain', 'tell' or 'off'"),
        ("mail: [nobody]", "'nobody' is not an e-mail address"),
        ("least_coverage: 50", "least_coverage: Input should be less than or equal to 1"),
        ("mails: []", "mails: Extra inputs are not permitted"),
        ("rules: [TW001]", "expected a mapping of fields"),
        ("[1, 2]", "expected a mapping of fields"),
        ("rules: {TW001: hold", "not readable as UTF-8 YAML"),
    ],
)
def test_what_nobody_can_do_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadMonitoring) as refused:
        written(tmp_path, text)
    assert says in str(refused.value)
    assert "monitoring.yaml" in str(refused.value)
