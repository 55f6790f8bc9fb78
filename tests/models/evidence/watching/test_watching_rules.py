"""What every rule has: a code of its own, a line in the docs, and one of four states."""

from __future__ import annotations

from pathlib import Path

from models.evidence.checks.run import CHECKS
from models.evidence.watching.rule import Action, CannotTell, Measure, Rule, State, worst
from models.evidence.watching.run import OF_DATA, RULES, table, watch
from models.evidence.watching.watched import Watched
from tests.models.evidence.watching.watch_worlds import watched

PAGE = Path(__file__).parents[4] / "docs" / "WATCHING.md"


def measured(*states: State) -> Rule:
    def look(_: Watched) -> tuple[Measure, ...]:
        return tuple(Measure(f"m{n}", f"figure {n}", state) for n, state in enumerate(states))

    return Rule("TW999", "Title", Action.TELL, "when", "do", look)


def test_codes_are_in_order_and_no_title_stands_twice_nor_is_that_of_a_check_of_a_training() -> None:
    assert [rule.code for rule in RULES] == [f"TW{i:03}" for i in range(1, len(RULES) + 1)]
    titles = [rule.title for rule in RULES] + [check.title for check in CHECKS]
    assert len(set(titles)) == len(titles)


def test_the_page_says_what_the_code_does() -> None:
    assert table() in PAGE.read_text(encoding="utf-8")


def test_a_list_is_held_only_by_rules_that_can_be_asked_before_it_is_made() -> None:
    assert {rule.code for rule in RULES if rule.action is Action.HOLD} <= {rule.code for rule in OF_DATA}


def test_a_rule_is_as_bad_as_its_worst_measure_and_unknown_only_without_any_other() -> None:
    given = watched()
    for states, whole in (
        ((State.GOOD, State.UNKNOWN), State.GOOD),
        ((State.GOOD, State.WARNS), State.WARNS),
        ((State.WARNS, State.ALARMS, State.UNKNOWN), State.ALARMS),
        ((State.UNKNOWN,), State.UNKNOWN),
    ):
        assert measured(*states).judge(given).state is whole
    assert worst([]) is State.UNKNOWN


def test_what_a_rule_says_is_what_its_worst_measures_say_at_most_three_of_them() -> None:
    found = measured(State.GOOD, *[State.WARNS] * 5).judge(watched())
    assert found.says == "figure 1; figure 2; figure 3 (and 2 more)"


def test_a_rule_that_cannot_be_told_says_why() -> None:
    def look(_: Watched) -> tuple[Measure, ...]:
        raise CannotTell("too early")

    (found,) = watch(watched(), [Rule("TW999", "Title", Action.TELL, "when", "do", look)])
    assert (found.state, found.says) == (State.UNKNOWN, "too early")


def test_a_company_on_a_usual_morning_neither_warns_nor_alarms() -> None:
    assert {found.state for found in watch(watched())} == {State.GOOD, State.UNKNOWN}
