"""Which fields of deals and organizations become attributes: fields.yaml against what the company has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from pipelines.sources.connected.errors import SourceChanged
from pipelines.sources.errors import SourceError
from pipelines.sources.pipedrive.client import SOURCE, Api

ENTITIES: Final = {"deal": "/api/v2/dealFields", "organization": "/api/v2/organizationFields"}
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_MOST_CUSTOM: Final = 15


@dataclass(frozen=True)
class Found:
    """A field of the company: its code, its name, its choices, and the attribute that it becomes ("" for none).

    `optional`: a list shows it only when it is asked for.
    """

    entity: str
    code: str
    name: str
    kind: str
    custom: bool
    optional: bool
    options: Mapping[str, str]
    attribute: str = ""


def read_fields(path: Path) -> dict[str, dict[str, str]]:
    """Read fields.yaml.

    Raises
    ------
    SourceError
        It is not there, not YAML, or not as expected; the text says what is.
    """
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SourceError(f"{path}: not readable as UTF-8 YAML: {error}") from error
    if (
        not isinstance(said, dict)
        or set(said) != set(ENTITIES)
        or not all(isinstance(v, dict) and v for v in said.values())
    ):
        raise SourceError(
            f"{path}: expected {' and '.join(ENTITIES)}, each with at least one field below it; got {str(said)[:200]}."
        )
    bad = [f"{e}.{n}" for e, names in said.items() for n in names if not _NAME.fullmatch(str(n))]
    if bad:
        raise SourceError(f"{path}: {', '.join(bad)}: expected names such as deal_size in lower case.")
    return {entity: {str(n): str(v) for n, v in names.items()} for entity, names in said.items()}


def found(api: Api, asked: Mapping[str, Mapping[str, str]]) -> dict[str, list[Found]]:
    """Return the fields of the company by entity, with the attributes that were asked for.

    Raises
    ------
    SourceChanged
        A field that was asked for is not there (any more), or its name is not the only one of its kind.
    """
    out = {}
    for entity, path in ENTITIES.items():
        fields = [_field(entity, row) for page in api.listed(path) for row in page]
        named = {_one(fields, entity, wanted).code: name for name, wanted in asked[entity].items()}
        out[entity] = [Found(**{**vars(f), "attribute": named.get(f.code, "")}) for f in fields]
        custom = [f for f in out[entity] if f.custom and f.attribute]
        if len(custom) > _MOST_CUSTOM:
            raise SourceError(
                f"{SOURCE}: {len(custom)} custom fields of {entity} asked for; expected {_MOST_CUSTOM} at most."
            )
    return out


def _one(fields: Iterable[Found], entity: str, wanted: str) -> Found:
    fields = list(fields)
    hits = [f for f in fields if f.code == wanted] or [f for f in fields if f.name == wanted]
    if len(hits) != 1:
        names = ", ".join(sorted(f"{f.name} ({f.code})" for f in fields if f.custom or hits))
        raise SourceChanged(
            f"{SOURCE}: {len(hits)} fields of {entity} are called {wanted!r}, expected one. It was renamed or deleted, "
            f"or the name stands twice: correct fields.yaml. There are: {names[:1000]}. Nothing of this pull was taken."
        )
    return hits[0]


def _field(entity: str, row: Mapping[str, Any]) -> Found:
    options = {str(o["id"]): str(o["label"]) for o in row.get("options") or []}
    return Found(
        entity=entity,
        code=str(row["field_code"]),
        name=str(row["field_name"]),
        kind=str(row["field_type"]),
        custom=bool(row.get("is_custom_field")),
        optional=bool(row.get("is_optional_response_field")),
        options=options,
    )
