"""A small company at work in HubSpot, as its people would have typed it in; and pulling it into facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import SecretStr

from pipelines.sources.folders import find
from pipelines.sources.hubspot.api import HubspotSettings
from pipelines.sources.mapped import Mapped
from pipelines.sources.mapping import map_source
from tests.pipelines.sources.hubspot_server import TOKEN, HubspotServer

CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
VOICEMAIL = "b2cf5968-551e-4856-9783-52b3da59a7d0"


@dataclass
class Company:
    """The account with the ids of what was made in it, by short names."""

    crm: HubspotServer
    ids: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.ids[name]

    def deal(self, name: str, **properties: str) -> str:
        """Open a deal now, for the people and the company of `acme`."""
        self.ids[name] = self.crm.create(
            "deals",
            {"companies": [self["acme"]], "contacts": [self["dana"]]},
            **{"dealname": name, "pipeline": "default", "dealstage": "appointmentscheduled", **properties},
        )
        return self.ids[name]

    def call(self, name: str, deal: str, **properties: str) -> str:
        """Log a call that has just been made."""
        moment = self.crm.now.isoformat().replace("+00:00", "Z")
        self.ids[name] = self.crm.create(
            "calls",
            {"deals": [self[deal]], "contacts": [self["dana"]]},
            **{"hs_timestamp": moment, "hs_call_direction": "OUTBOUND", **properties},
        )
        return self.ids[name]


def begun() -> Company:
    """Return an account with two companies, two people and two deals, worked on from 1 to 9 March 2026."""
    crm = HubspotServer().at("2026-02-02 08:00")
    made = Company(crm, {})
    made.ids["acme"] = crm.create(
        "companies", None, name="Acme", industry="RETAIL", numberofemployees="50", country="Japan"
    )
    made.ids["bolt"] = crm.create("companies", None, name="Bolt")
    made.ids["dana"] = crm.create(
        "contacts", {"companies": [made["acme"]]}, firstname="Dana", lastname="Ito", email="dana@acme.example",
        jobtitle="Head of operations", associatedcompanyid=made["acme"],
    )  # fmt: skip
    made.ids["ken"] = crm.create(
        "contacts", {"companies": [made["bolt"]]}, firstname="Ken", associatedcompanyid=made["bolt"]
    )
    crm.at("2026-03-01 09:00")
    made.deal("pilot", amount="100", hubspot_owner_id="11", hs_analytics_source="PAID_SEARCH", dealtype="newbusiness")
    crm.at("2026-03-02 10:00")
    made.call("call", "pilot", hs_call_disposition=CONNECTED, hs_call_duration="90000")
    crm.at("2026-03-03 10:00").update("deals", made["pilot"], dealstage="qualifiedtobuy", amount="250")
    crm.at("2026-03-04 10:00")
    made.deal("renewal", hubspot_owner_id="12")
    crm.at("2026-03-05 16:30").update("calls", made["call"], hs_call_disposition=VOICEMAIL)
    crm.at("2026-03-09 10:00").update(
        "deals", made["pilot"], dealstage="closedwon", closedate="2026-03-08T00:00:00Z", closed_won_reason="price"
    )
    return made


def settings(url: str, **more: Any) -> HubspotSettings:
    """Return settings for a server on loopback that wait for nothing."""
    return HubspotSettings(**{"url": url, "token": SecretStr(TOKEN), "backoff_s": 0, "attempts": 3, **more})


def pull(url: str, raw: Path, **more: Any) -> None:
    """Pull as `takt ingest` does."""
    find("hubspot").pull(raw, settings=settings(url, **more))


def mapped(raw: Path) -> Mapped:
    """Map the raw files to the contract."""
    return map_source(find("hubspot"), raw)


def table(facts: Mapped, name: str, *columns: str) -> list[tuple[Any, ...]]:
    """Return columns of the good rows of a table, times as `03-01 09:00` and missing values as None."""
    return [tuple(_short(v) for v in row) for row in facts.checked[name].good[list(columns)].itertuples(index=False)]


def files(raw: Path) -> Mapping[str, bytes]:
    """Return the bytes of the raw files that are mapped."""
    return {p.name: p.read_bytes() for p in sorted(raw.glob("*.parquet"))}


def _short(value: Any) -> Any:
    if pd.isna(value):
        return None
    return f"{value:%m-%d %H:%M}" if isinstance(value, pd.Timestamp) else value
