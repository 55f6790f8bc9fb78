"""A small company that works in a Tryton: every record is made through Tryton's own API, day after day.

Tryton stamps what happens with its own clock, so a past of weeks cannot be made through its API alone. After each day
of work, and only here, the stamps of that day's records are moved back to the day they stand for, in the test's own
database by SQL: `create_date`, `write_date` (history and log included) and the end date that Tryton sets by itself.
Nothing else is written by SQL, and nothing of what happens after the filling is moved.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.tryton.crm import Crm

ZONE: Final = ZoneInfo("Europe/Berlin")
SELLERS: Final = ("Mira Lang", "Jonas Weber", "Aylin Kaya")
INTEREST: Final = {"Machines": 0.5, "Food": 0.2, "Printing": 0.08}
"""Chance that somebody who answers is interested, by the party's category."""
PEOPLE: Final = ("Dana Ito", "Tom Berg", "Ines Roth", "Paul Haas", "Lea Vogt")
ROLES: Final = ("operations lead", "managing director", "buyer")
TABLES: Final = (
    "party_party", "party_address", "party_contact_mechanism", "sale_opportunity", "sale_opportunity__history",
    "ir_note", "ir_model_log", "sale_sale",
)  # fmt: skip
PACE: Final = 600
"""One second of filling becomes ten minutes of the day that it stands for."""


@dataclass
class Deal:
    """An opportunity as its seller knows it."""

    id: int
    interest: float
    opened: dt.date
    state: str = "lead"
    refused: int = 0
    sale: int = 0


@dataclass
class Company:
    """The company behind a Crm: who works there, and what is open."""

    crm: Crm
    company: int
    currency: int
    employees: list[int]
    categories: dict[str, int]
    open: dict[int, Deal] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(11))

    @classmethod
    def found(cls, crm: Crm) -> Company:
        """Make company, currency, sellers and categories, and a user for Takt with a key for REST."""
        currency = _one(crm, "currency.currency", {
            "name": "Euro", "code": "EUR", "rounding": money("0.01"), "digits": 2,
            "rates": [["create", [{"rate": money("1"), "date": day(dt.date(2020, 1, 1))}]]],
        })  # fmt: skip
        owner = _one(crm, "party.party", {"name": "Northwind Instruments"})
        company = _one(crm, "company.company", {"party": owner, "currency": currency, "timezone": str(ZONE)})
        people = [_one(crm, "party.party", {"name": name}) for name in SELLERS]
        employees = [_one(crm, "company.employee", {"party": p, "company": company}) for p in people]
        (admin,) = crm.call("res.user", "search", [["login", "=", "admin"]], 0, None, None)
        mine = {"companies": [["add", [company]]], "company": company, "employees": [["add", employees[:1]]],
                "employee": employees[0]}  # fmt: skip
        crm.call("res.user", "write", [admin], mine)
        crm.sign_in()
        names = crm.call("res.group", "search", [["name", "in", ["Sale Opportunity", "Sales"]]], 0, None, None)
        takt = _one(crm, "res.user", {"name": "Takt", "login": "takt", "groups": [["add", names]],
                                      "companies": [["add", [company]]], "company": company})  # fmt: skip
        key = _one(crm, "res.user.application", {"application": "rest", "user": takt})
        crm.key = crm.call("res.user.application", "read", [key], ["key"])[0]["key"]
        categories = {name: _one(crm, "party.category", {"name": name}) for name in INTEREST}
        return cls(crm, company, currency, employees, categories)

    def work(self, *, days: int, until: dt.date | None = None) -> None:
        """Work all weekdays of so many days, the last one before `until` (default today)."""
        until = until or dt.datetime.now(ZONE).date()
        for ago in range(days, 0, -1):
            date = until - dt.timedelta(days=ago)
            if date.isoweekday() <= 5:
                began = dt.datetime.now(dt.UTC)
                self.live(date)
                self._move_back(began, date)

    def live(self, date: dt.date) -> None:
        """One day: leads come in, sellers call, deals move."""
        self.open |= {deal.id: deal for deal in self.leads(date, self.chance.randint(4, 7))}
        moves: dict[str, list[Deal]] = {"opportunity": [], "convert": [], "confirm": [], "lost": [], "cancel": []}
        notes: list[tuple[int, str]] = []
        for deal in list(self.open.values()):
            if move := self._move(deal, date, notes):
                moves[move].append(deal)
        self.note(notes)
        for move, deals in moves.items():
            if deals:
                getattr(self, move)(deals)
        for deal in (*moves["confirm"], *moves["lost"], *moves["cancel"]):
            del self.open[deal.id]

    def leads(self, date: dt.date, count: int) -> list[Deal]:
        """Enter new parties, each with two people, and a lead for each."""
        kinds = self.chance.choices(list(INTEREST), k=count)
        sizes = [self.chance.randint(4, 60) * 500 for _ in kinds]
        parties = self.crm.call("party.party", "create", [self._party(kind) for kind in kinds])
        ids = self.crm.call("sale.opportunity", "create", [
            {"party": party, "employee": self.chance.choice(self.employees), "company": self.company,
             "currency": self.currency, "amount": money(f"{size}.00"), "start_date": day(date)}
            for party, size in zip(parties, sizes, strict=True)
        ])  # fmt: skip
        return [Deal(i, INTEREST[kind], date) for i, kind in zip(ids, kinds, strict=True)]

    def note(self, notes: Sequence[tuple[int, str]]) -> None:
        """Write down what was done, one note per (opportunity, text)."""
        if notes:
            rows = [{"resource": f"sale.opportunity,{deal}", "message": text} for deal, text in notes]
            self.crm.call("ir.note", "create", rows)

    def opportunity(self, deals: Sequence[Deal]) -> None:
        """Make opportunities of leads."""
        self._press("sale.opportunity", "opportunity", (d.id for d in deals))
        self._are(deals, "opportunity")

    def convert(self, deals: Sequence[Deal]) -> None:
        """Make a sale of each, and quote it."""
        self._press("sale.opportunity", "convert", (d.id for d in deals))
        origins = [f"sale.opportunity,{d.id}" for d in deals]
        sales = self.crm.call("sale.sale", "search_read", [["origin", "in", origins]], 0, None, None, ["origin"])
        by_deal = {int(s["origin"].split(",")[1]): s["id"] for s in sales}
        line = {"type": "line", "quantity": 1, "description": "Instrument", "unit_price": money("4800")}
        for deal in deals:
            deal.sale = by_deal[deal.id]
        plain = {"invoice_method": "manual", "shipment_method": "manual", "lines": [["create", [line]]]}
        self.crm.call("sale.sale", "write", [d.sale for d in deals], plain)
        self._press("sale.sale", "quote", (d.sale for d in deals))
        self._are(deals, "converted")

    def confirm(self, deals: Sequence[Deal]) -> None:
        """Confirm the sales; Tryton then sets the opportunities to won."""
        self._press("sale.sale", "confirm", (d.sale for d in deals))

    def cancel(self, deals: Sequence[Deal]) -> None:
        """Cancel the sales; Tryton then sets the opportunities to lost."""
        self._press("sale.sale", "cancel", (d.sale for d in deals))

    def lost(self, deals: Sequence[Deal]) -> None:
        """Close as lost, with the reason."""
        ids = [d.id for d in deals]
        self._press("sale.opportunity", "lost", ids)
        self.crm.call("sale.opportunity", "write", ids, {"lost_reason": "no need"})

    def _press(self, model: str, button: str, ids: Iterable[int]) -> None:
        self.crm.call(model, button, list(ids))

    def _are(self, deals: Sequence[Deal], state: str) -> None:
        for deal in deals:
            deal.state = state

    def _party(self, kind: str) -> dict[str, Any]:
        people = self.chance.sample(PEOPLE, 2)
        name = f"{self.chance.choice(('Alpha', 'Delta', 'Kappa', 'Omega'))} {kind} {self.chance.randint(100, 999)}"
        ways = [
            {"type": "phone", "value": f"+4930{self.chance.randint(10**6, 10**7 - 1)}", "name": person,
             "comment": self.chance.choice(ROLES)}
            for person in people
        ]  # fmt: skip
        return {
            "name": name, "categories": [["add", [self.categories[kind]]]], "contact_mechanisms": [["create", ways]],
            "addresses": [["create", [{"city": "Berlin"}]]],
        }  # fmt: skip

    def _move(self, deal: Deal, date: dt.date, notes: list[tuple[int, str]]) -> str:
        """Say what the seller does with a deal today, and write down the call."""
        if deal.state == "converted":
            drawn = self.chance.random()
            return "confirm" if drawn < 0.3 else "cancel" if drawn < 0.35 else ""
        if (date - deal.opened).days > 40:
            return "lost"
        if self.chance.random() > 0.3:
            return ""
        result = self._result(deal)
        notes.append((deal.id, f"call: {result}\nby phone"))
        if result == "not interested":
            deal.refused += 1
            return "lost" if deal.refused == 2 else ""
        if result != "interested":
            return ""
        return "opportunity" if deal.state == "lead" else "convert"

    def _result(self, deal: Deal) -> str:
        if self.chance.random() < 0.45:
            return "no answer"
        if self.chance.random() < deal.interest:
            return "interested"
        return self.chance.choice(("answered", "not now", "not interested"))

    def _move_back(self, began: dt.datetime, date: dt.date) -> None:
        """Give the records of the day just worked the time of the day that they stand for."""
        start = dt.datetime.combine(date, dt.time(9), ZONE).astimezone(dt.UTC)
        new, old = (f"timestamp '{t.replace(tzinfo=None).isoformat()}'" for t in (start, began))
        statements = [
            f"update {table} set {stamp} = {new} + ({stamp} - {old}) * {PACE} where {stamp} >= {old}"
            for table in TABLES
            for stamp in ("create_date", "write_date")
        ]
        ended = f"set end_date = date '{date}' where end_date >= current_date - 1 and state in ('won', 'lost')"
        statements += [f"update {t} {ended}" for t in ("sale_opportunity", "sale_opportunity__history")]
        self.crm.server.execute(";".join(statements), database=self.crm.database)


def money(amount: str) -> dict[str, str]:
    """Write an exact number as Tryton's JSON has it."""
    return {"__class__": "Decimal", "decimal": amount}


def day(date: dt.date) -> dict[str, Any]:
    """Write a date as Tryton's JSON has it."""
    return {"__class__": "date", "year": date.year, "month": date.month, "day": date.day}


def _one(crm: Crm, model: str, values: dict[str, Any]) -> int:
    (made,) = crm.call(model, "create", [values])
    return int(made)
