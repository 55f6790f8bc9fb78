"""Pull from HubSpot: what changed since the last pull, with the history of its properties.

Settings come from the environment (`HubspotSettings`); which properties are read stands in properties.yaml beside this
file, so that a copy of this folder reads others.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.sources.connected.landing import land
from pipelines.sources.hubspot import properties
from pipelines.sources.hubspot.api import SOURCE, Hubspot, HubspotSettings
from pipelines.sources.hubspot.pulling import Pull


def pull(raw: Path, settings: HubspotSettings | None = None) -> None:
    """Bring the raw log in `raw` up to what HubSpot holds now.

    Parameters
    ----------
    raw : Path
        Folder of the raw files; made if absent.
    settings : HubspotSettings, optional
        By default from the environment.

    Raises
    ------
    SourceError
        A named outcome for whatever went wrong; the raw files are those of the last complete pull.
    """
    settings = settings or HubspotSettings()
    path = Path(settings.properties) if settings.properties else Path(__file__).with_name(properties.FILE)
    wanted = properties.read(path)
    hubspot = Hubspot(settings)
    types = properties.check(hubspot, wanted, path)
    begun = Pull(hubspot, types, raw, settings.overlap_s * 1000, hubspot.now())
    land(raw, SOURCE, begun.resources())
