"""Who refuses according to the CRM is off the published list as soon as that is ingested, not at the next daily run."""

from __future__ import annotations

import pandas as pd

from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps import moments
from pipelines.steps.publishing import engine_of
from serving.store.do_not_contact import marked
from serving.store.migrations import upgrade


def tell(home: Home, settings: PipelineSettings) -> int:
    """Mark in the store whoever is not to be contacted by what the lake knows now; return how many rows that changed.

    Where nothing was published yet there is nothing to mark.
    """
    if not settings.store_url and not (home.path / "store.db").is_file():
        return 0
    now = pd.Timestamp(moments.now())
    contacts = home.lake.read("contacts")
    known = contacts[contacts["recorded_at"] < now].drop_duplicates("contact_id", keep="last")
    refusing = known.loc[known["do_not_contact_since"] <= now, "contact_id"]
    engine = engine_of(home, settings)
    try:
        upgrade(engine)
        return marked(engine, [str(who) for who in refusing])
    finally:
        engine.dispose()
