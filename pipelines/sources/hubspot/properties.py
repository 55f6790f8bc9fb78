"""Which properties are read: the file, and whether HubSpot still has them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from pipelines.sources.connected.errors import SourceChanged
from pipelines.sources.errors import SourceError
from pipelines.sources.hubspot.api import ENGAGEMENTS, RECORDS, Hubspot

FILE: Final = "properties.yaml"
Properties = Mapping[str, tuple[str, ...]]
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


def read(path: Path) -> Properties:
    """Read which properties of each object are asked for.

    Raises
    ------
    SourceError
        Not YAML, an object that is missing or unknown, or a name that is no internal name.
    """
    try:
        said: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SourceError(f"{path}: not readable as UTF-8 YAML: {error}") from error
    expected = {*RECORDS, *ENGAGEMENTS}
    if not isinstance(said, dict) or set(said) != expected:
        got = sorted(said) if isinstance(said, dict) else type(said).__name__
        raise SourceError(f"{path}: expected a list of properties for each of {sorted(expected)}, got {got}.")
    wrong = [f"{o}: {n!r}" for o, names in said.items() for n in names or [] if not _NAME.fullmatch(str(n))]
    if wrong:
        raise SourceError(f"{path}: expected internal names such as dealstage, got {', '.join(wrong)}.")
    return {o: tuple(dict.fromkeys(said[o] or ())) for o in (*RECORDS, *ENGAGEMENTS)}


def check(hubspot: Hubspot, wanted: Properties, path: Path) -> Mapping[str, Mapping[str, str]]:
    """Return the type of each property that is asked for, by object; HubSpot would leave out unknown ones in silence.

    Raises
    ------
    SourceChanged
        A property is not there: renamed, removed, or never made.
    """
    types = {name: hubspot.property_types(name) for name in wanted}
    missing = [f"{o}.{n}{_like(n, types[o])}" for o, names in wanted.items() for n in names if n not in types[o]]
    if missing:
        raise SourceChanged(
            f"hubspot: has no property {', '.join(missing)}. It was renamed or removed, or never made. Correct the "
            f"name in {path} and in the .sql that uses it, or take it out of both; nothing was taken."
        )
    return {o: {n: types[o][n] for n in names} for o, names in wanted.items()}


def _like(name: str, there: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(name, there, n=1)
    return f" (there is {near[0]})" if near else ""
