from __future__ import annotations

import pytest

from serving.pages.why_now import why_now
from serving.store.queries import Listed
from serving.store.tables import Call, Prospect, Receipt


def reason(text: str, direction: str = "for") -> dict[str, str]:
    return {"text": text, "direction": direction}


def line(*reasons: dict[str, str], trend=None, change=None, timing=None) -> Listed:
    receipt = Receipt(reasons=list(reasons), trend=trend, change=change)
    return Listed(Call(timing_words=timing), receipt, Prospect(), None)


THEN = "9 % on 2026-11-20, now 20 %"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (line(reason("a meeting")), "A meeting"),
        (line(reason("no budget", "against"), reason("a meeting")), "A meeting"),
        (line(reason("a demo"), trend="rising", change=f"{THEN}: a meeting"), "A meeting"),
        (line(reason("a demo"), trend="rising", change=f"{THEN}; another model than then"), "A demo"),
        (line(reason("a demo"), trend="falling", change=f"{THEN}: what spoke for it: a meeting"), "A demo"),
        (line(timing="call this week (chance to sign: 3 % within 14)"), "Call this week"),
        (line(reason("no budget", "against")), ""),
        (line(), ""),
    ],
)  # fmt: skip
def test_a_call_begins_with_what_moved_else_with_what_speaks_most_for_it(given, words):
    assert why_now(given).words == words


def test_the_reason_in_the_line_is_not_repeated_and_the_strongest_against_is_among_the_three_below():
    four, against = [reason(f"for {i}") for i in range(4)], [reason(f"against {i}", "against") for i in range(2)]
    said = why_now(line(*four, *against))
    assert said.reason == four[0]
    assert said.others == [four[1], four[2], against[0]]
    assert why_now(line(four[0], *against)).others == against
    assert why_now(line(*four)).others == four[1:]
