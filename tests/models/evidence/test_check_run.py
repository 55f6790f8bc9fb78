from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from models.evidence.checks.check import Check, Finding, NotApplicable, Seen, Severity
from models.evidence.checks.given import Given
from models.evidence.checks.run import CHECKS, document, run_checks
from tests.models.evidence.check_worlds import backwards, given_of, trained, world

PAGE = Path(__file__).parents[3] / "docs" / "CHECKS.md"


def fires(given: Given) -> Seen:
    return Seen("something is wrong", {"by": 2.0})


def is_quiet(given: Given) -> None:
    return None


def cannot_be_made(given: Given) -> None:
    raise NotApplicable("no facts")


def made(code: str, look: object, severity: Severity = Severity.WARNING) -> Check:
    return Check(code, f"Title of {code}", severity, "when", "do this", look)  # type: ignore[arg-type]


def test_codes_are_in_order_and_each_is_one_check() -> None:
    assert [check.code for check in CHECKS] == [f"TK{i:03}" for i in range(1, len(CHECKS) + 1)]
    assert len({check.title for check in CHECKS}) == len(CHECKS)


def test_the_page_says_what_the_code_does() -> None:
    assert PAGE.read_text(encoding="utf-8") == document()


def test_each_check_ends_in_one_of_three_states() -> None:
    checks = [made("TK1", fires), made("TK2", is_quiet), made("TK3", cannot_be_made)]
    found = run_checks(trained(), checks)
    assert found.findings == (
        Finding("TK1", "Title of TK1", Severity.WARNING, "something is wrong", "do this", {"by": 2.0}),
    )
    assert [check.code for check in found.quiet] == ["TK2"]
    assert found.not_applicable == {"TK3": "no facts"}
    table = found.table(checks)
    assert table["state"].tolist() == ["fires", "quiet", "not applicable"]
    assert table["says"].tolist() == ["something is wrong", "", "no facts"]
    assert table["do"].tolist() == ["do this", "", ""]


def test_only_blocking_findings_block() -> None:
    found = run_checks(trained(), [made("TK1", fires), made("TK2", fires, Severity.BLOCKING)])
    assert [finding.code for finding in found.blocking] == ["TK2"]


def test_an_honest_training_fires_nothing() -> None:
    found = run_checks(trained())
    assert found.findings == ()
    assert set(found.not_applicable) == {"TK001", "TK004", "TK007", "TK008"}


def test_a_model_that_learned_the_opposite_is_blocked() -> None:
    found = run_checks(given_of(world(), backwards(world())))
    assert "TK010" in [finding.code for finding in found.blocking]


def test_a_company_with_nothing_yet_is_warned_and_not_blocked() -> None:
    found = run_checks(replace(given_of(world(), "recency"), split=None))
    assert found.blocking == ()
    assert [finding.code for finding in found.findings] == ["TK009"]
