"""Right person: whom we know in the account, who answers, and whether somebody who decides has spoken."""

from __future__ import annotations

from features.algebra.declaration import feature
from features.algebra.terms import count, days_since, distinct, known_contacts, latest, people, share, touches
from features.facts.contract import ANSWERED, POSITIVE

FEATURES = (
    feature(
        "contact_known_count_all", count(known_contacts),
        question="person", concept="people we know", says="we know {value:.0f} people there", unit="people",
    ),
    feature(
        "contact_executives_count_all", count(known_contacts, seniority="executive"),
        question="person", concept="people we know", says="we know {value:.0f} executives there", unit="people",
    ),
    feature(
        "contact_roles_distinct_all", distinct(known_contacts, "role"),
        question="person", concept="people we know", says="we know people in {value:.0f} roles", unit="roles",
    ),
    *(
        feature(
            f"touch_contacts_distinct_{days}d", distinct(touches, "contact", days=days),
            question="person", concept="people in touch",
            says=f"{{value:.0f}} people were in touch in the last {days} days", unit="people",
        )
        for days in (30, 90)
    ),
    feature(
        "touch_answering_contacts_distinct_90d", distinct(touches, "contact", days=90, result=ANSWERED),
        question="person", concept="people in touch",
        says="{value:.0f} people answered in the last 90 days", unit="people",
    ),
    feature(
        "person_roles_distinct_90d", distinct(people, "role", days=90),
        question="person", concept="roles in touch",
        says="people in {value:.0f} roles were in touch in the last 90 days", unit="roles",
    ),
    feature(
        "person_executive_touches_count_90d", count(people, days=90, seniority="executive"),
        question="person", concept="executives in touch",
        says="{value:.0f} contacts with an executive in the last 90 days", unit="touches",
    ),
    feature(
        "person_executive_answers_count_90d", count(people, days=90, seniority="executive", result=ANSWERED),
        question="person", concept="executives in touch",
        says="an executive answered {value:.0f} times in the last 90 days", unit="answers",
    ),
    feature(
        "person_executive_days_since", days_since(people, seniority="executive"),
        question="person", concept="executives in touch",
        says="an executive was last in touch {value:.0f} days ago", unit="days",
        missing_says="no executive has been in touch",
    ),
    feature(
        "person_manager_touches_count_90d", count(people, days=90, seniority="manager"),
        question="person", concept="managers in touch",
        says="{value:.0f} contacts with a manager in the last 90 days", unit="touches",
    ),
    feature(
        "person_role_last", latest(people, "role"),
        question="person", concept="roles in touch", says="last in touch: {value}",
        missing_says="nobody with a known role has been in touch",
    ),
    feature(
        "touch_answered_share_90d", share(touches, days=90, direction="outbound", result=ANSWERED),
        question="person", concept="answers",
        says="{value:.0%} of what happened in the last 90 days was an answer to us",
        missing_says="nothing happened in the last 90 days",
    ),
    feature(
        "touch_answered_count_30d", count(touches, days=30, direction="outbound", result=ANSWERED),
        question="person", concept="answers", says="they answered {value:.0f} times in the last 30 days",
        unit="answers",
    ),
    feature(
        "touch_answered_count_all", count(touches, direction="outbound", result=ANSWERED),
        question="person", concept="answers", says="they answered {value:.0f} times in all", unit="answers",
    ),
    feature(
        "touch_answered_days_since", days_since(touches, direction="outbound", result=ANSWERED),
        question="person", concept="answers", says="they last answered {value:.0f} days ago", unit="days",
        missing_says="they have never answered",
    ),
    *(
        feature(
            f"touch_positive_count_{days}d", count(touches, days=days, result=POSITIVE),
            question="person", concept="interest shown",
            says=f"{{value:.0f}} times interested in the last {days} days", unit="answers",
        )
        for days in (30, 90)
    ),
    feature(
        "touch_positive_days_since", days_since(touches, result=POSITIVE),
        question="person", concept="interest shown", says="last showed interest {value:.0f} days ago",
        unit="days", missing_says="has not shown interest yet",
    ),
    feature(
        "touch_refusals_count_90d", count(touches, days=90, result=("not_now", "not_interested")),
        question="person", concept="refusals", says="said not now or no {value:.0f} times in the last 90 days",
        unit="answers",
    ),
)  # fmt: skip
