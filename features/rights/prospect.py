"""Right prospect: who they are, where they came from, and how their account bought before."""

from __future__ import annotations

from features.algebra.declaration import feature
from features.algebra.terms import attribute, count, creation, days_since, share, siblings, total

FEATURES = (
    feature(
        "prospect_segment", attribute("segment", "category"),
        question="prospect", concept="segment", says="belongs to the segment {value}",
    ),
    feature(
        "prospect_territory", attribute("territory", "category"),
        question="prospect", concept="territory", says="is in the territory {value}",
    ),
    feature(
        "prospect_source", attribute("source", "category"),
        question="prospect", concept="where they came from", says="came by {value}",
        missing_says="nobody noted where they came from",
    ),
    feature(
        "prospect_age_days", days_since(creation),
        question="time", concept="age", says="we have known them for {value:.0f} days", unit="days",
    ),
    feature(
        "account_wins_count_all", count(siblings, result="won"),
        question="prospect", concept="account history", says="the account bought {value:.0f} times before",
        unit="wins",
    ),
    feature(
        "account_losses_count_all", count(siblings, result="lost"),
        question="prospect", concept="account history", says="the account said no {value:.0f} times before",
        unit="losses",
    ),
    feature(
        "account_wins_share_all", share(siblings, result="won"),
        question="prospect", concept="account history",
        says="the account bought in {value:.0%} of its earlier deals", missing_says="no earlier deal with the account",
    ),
    feature(
        "account_wins_count_365d", count(siblings, result="won", days=365),
        question="prospect", concept="account history",
        says="the account bought {value:.0f} times in the last year", unit="wins",
    ),
    feature(
        "account_wins_total_all", total(siblings, "value", result="won"),
        question="prospect", concept="account history", says="the account has bought for {value:,.0f}",
        unit="currency",
    ),
    feature(
        "account_win_days_since", days_since(siblings, result="won"),
        question="time", concept="account history", says="the account last bought {value:.0f} days ago",
        unit="days", missing_says="the account has not bought yet",
    ),
)  # fmt: skip
