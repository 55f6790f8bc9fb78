"""Right person: whether it is known who is there, what they decide, and whom not to call."""

from __future__ import annotations

import pandas as pd

from features.readiness.assessment import Finding, judge, unknown
from features.readiness.given import Given, filled

P = "person"


def findings(given: Given) -> list[Finding]:
    """Look at contacts, their roles, who was spoken to, and do-not-contact."""
    people = given.last("contacts")
    if people.empty:
        return [
            judge(
                P, "Contacts", met=0, blocks=True,
                evidence="There is no contact: prospects are called, not people.",
                action="Map the people of each prospect or account (contacts.sql) with their role.",
            )
        ]  # fmt: skip
    return [_reachable(given, people), _roles(people), _spoken_to(given), _wishes(given, people), _zones(people)]


def _reachable(given: Given, people: pd.DataFrame) -> Finding:
    open_ = given.people[given.people["result"].isna()]
    looked = open_ if len(open_) else given.people
    has = looked["account_id"].isin(people["account_id"].dropna())
    has |= looked["prospect_id"].isin(people["prospect_id"].dropna())
    return judge(
        P, "Prospects with a contact", met=float(has.mean()) if len(has) else float("nan"),
        evidence=f"{int(has.sum()):,} of {len(has):,} {'open' if len(open_) else 'closed'} prospects have a contact "
        f"({len(people):,} contacts in all).",
        action="Add a contact to the prospects that have none.",
    )  # fmt: skip


def _roles(people: pd.DataFrame) -> Finding:
    role, seniority = filled(people["role"]), filled(people["seniority"])
    return judge(
        P, "Roles of contacts", met=role,
        evidence=f"Role is filled for {role:.0%} of {len(people):,} contacts, seniority for {seniority:.0%}; "
        f"{people['role'].nunique()} different roles.",
        action="Fill in the role when a contact is entered: who is missing in an account is seen from it.",
    )  # fmt: skip


def _spoken_to(given: Given) -> Finding:
    tried = given.outbound
    if tried.empty:
        return unknown(P, "Touches name the person", evidence="There is no outbound touch.")
    share = filled(tried["contact_id"])
    return judge(
        P, "Touches name the person", met=share,
        evidence=f"{share:.0%} of {len(tried):,} outbound touches say whom they went to.",
        action="Log each call and e-mail at the contact, not at the account.",
    )  # fmt: skip


def _wishes(given: Given, people: pd.DataFrame) -> Finding:
    asked = int(people["do_not_contact_since"].notna().sum())
    said = int(given.last("touches")["result"].eq("do_not_contact").sum())
    return judge(
        P, "Do not contact", met=float(asked + said > 0),
        evidence=f"{asked:,} of {len(people):,} contacts carry a do-not-contact date; {said:,} touches ended with one.",
        action="Nobody ever asked not to be called, or it is not recorded. Find where it is kept, and map it "
        "(do_not_contact_since) before the first list is called.",
    )  # fmt: skip


def _zones(people: pd.DataFrame) -> Finding:
    share = filled(people["timezone"])
    return judge(
        P, "Time zones of contacts", met=share,
        evidence=f"The time zone is filled for {share:.0%} of the contacts; the company's stands in for the others.",
        action="Fill in the time zone where customers live in another one than you.",
    )  # fmt: skip
