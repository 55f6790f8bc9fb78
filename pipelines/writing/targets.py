"""The CRMs that can be written into, by the names of the command line."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from pipelines.writing.errors import UnknownTarget
from pipelines.writing.target import Target

TARGETS: Final = {"hubspot": "Hubspot", "salesforce": "Salesforce", "pipedrive": "Pipedrive", "tryton": "Tryton"}
"""Module of this folder and the class in it."""


def open_target(name: str) -> Target:
    """Return a target with the settings of the environment; nothing is asked of the CRM yet.

    Raises
    ------
    UnknownTarget
        There is none of that name.
    """
    if name not in TARGETS:
        raise UnknownTarget(f"{name!r} cannot be written into; name one of {', '.join(TARGETS)}.")
    made: Target = getattr(import_module(f"pipelines.writing.{name}"), TARGETS[name])()
    return made
