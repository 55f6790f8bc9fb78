"""From a day and a local hour to an instant in UTC, summer time included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from pipelines.sources.simulated.draws import Floats, Ints
from pipelines.sources.simulated.parameters import WorldParameters

MINUTE: Final = 60_000_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
ZONES: Final = ("Europe/Berlin", "Europe/Stockholm", "Europe/London", "Europe/Madrid", "America/New_York")
"""One per region, in the order of `people.REGIONS`."""


@dataclass(frozen=True)
class Clock:
    """Microseconds since 1970 (UTC) for days of the world; local hours lie in `[7, 19)`.

    Between these hours the local day and the UTC day are the same in every zone of this world, so a fact of
    day `d` always lies in `[start + d, start + d + 1)`.
    """

    start: int
    behind: Ints
    """Local time minus UTC in microseconds at noon, shape (zones, days)."""

    @classmethod
    def of(cls, world: WorldParameters) -> Clock:
        """Read the offsets of every zone on every day of the world."""
        noons = pd.date_range(world.start, periods=world.days, unit="us") + pd.Timedelta(hours=12)
        utc = [noons.tz_localize(z).tz_convert("UTC").tz_localize(None) for z in ZONES]
        behind = np.stack([(noons - u).to_numpy().astype("timedelta64[us]").astype(np.int64) for u in utc])
        return cls(int(np.datetime64(world.start, "us").astype(np.int64)), behind)

    def utc(self, day: Ints, hour: Floats, zone: Ints) -> Ints:
        """Return the instants of local `hour` (9.5 is half past nine) on `day` in `zone`."""
        local = self.midnight(day) + (hour * HOUR).astype(np.int64)
        return local - self.behind[zone, day]

    def midnight(self, day: Ints) -> Ints:
        """Return 00:00 UTC of `day`."""
        return self.start + day * DAY

    def day(self, instant: Ints) -> Ints:
        """Return the day of the world in which an instant lies."""
        return (instant - self.start) // DAY


def timestamps(instants: Ints) -> Any:
    """Turn microseconds into a Series of `datetime64[us, UTC]`; negative ones are missing."""
    values = instants.astype("datetime64[us]")
    values[instants < 0] = np.datetime64("NaT")
    return pd.Series(values).dt.tz_localize("UTC")
