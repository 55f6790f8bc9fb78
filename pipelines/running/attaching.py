"""A command that is typed while `takt up` runs uses its servers, instead of a temporary one beside them."""

from __future__ import annotations

import os
from pathlib import Path

from pipelines.running import state


def attach(home: Path) -> bool:
    """Point this process at the Prefect server that was started for a home; False: there is none that answers.

    Call it before Prefect is imported. What the environment names already stays.
    """
    if "PREFECT_API_URL" in os.environ:
        return False
    known = state.read(home.absolute())
    if known is None or not state.watched(home.absolute()):
        return False
    from pipelines.running.health import answers

    if answers(known.part("prefect").health):
        return False
    os.environ["PREFECT_API_URL"] = known.api
    return True
