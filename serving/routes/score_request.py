"""The body of `POST /v1/score`: rows of the contract's tables, their shape read from the contract itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final

import pandas as pd
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema

from features.facts.contract import TABLES, Checked, check, empty
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, check_references
from serving.errors import BadRows

ATTRIBUTE_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
"""How an attribute may be called."""
MOST_ROWS: Final = 100_000
"""Rows a table; larger questions belong to the daily run."""
_TYPES: Final[Mapping[str, Any]] = {"id": str, "text": str, "time": AwareDatetime, "number": float}
_SHOWN: Final[Mapping[str, Any]] = {
    "as_of": "2026-11-24T06:00:00Z",
    "prospects": [
        {"prospect_id": "p-1042", "account_id": "a-77", "created_at": "2026-10-01T08:00:00Z",
         "recorded_at": "2026-10-01T08:00:00Z", "owner_id": "mira", "segment": "laboratories", "source": "fair"},
    ],
    "accounts": [{"account_id": "a-77", "recorded_at": "2026-10-01T08:00:00Z", "name": "Hartwell Optics"}],
    "contacts": [
        {"contact_id": "c-5", "account_id": "a-77", "recorded_at": "2026-10-01T08:00:00Z", "name": "Dana Ito",
         "role": "operations lead", "seniority": "manager"},
    ],
    "touches": [
        {"touch_id": "t-1", "prospect_id": "p-1042", "contact_id": "c-5", "kind": "call", "channel": "phone",
         "direction": "outbound", "occurred_at": "2026-11-12T09:30:00Z", "recorded_at": "2026-11-12T09:41:00Z",
         "result": "interested"},
    ],
}  # fmt: skip


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class _RowWithAttributes(BaseModel):
    model_config = ConfigDict(extra="allow", allow_inf_nan=False)
    __pydantic_extra__: dict[str, str | float | None] = Field(init=False)


@cache
def row_model(table: str) -> type[BaseModel]:
    """Return the shape of one row of a contract table."""
    spec = TABLES[table]
    fields: dict[str, Any] = {
        name: (_TYPES[c.type] | None, None) if c.nullable else (_TYPES[c.type], ...) for name, c in spec.columns.items()
    }
    base = _RowWithAttributes if spec.attributes else _Row
    made: type[BaseModel] = create_model(f"{table.title().replace('_', '')}Row", __base__=base, **fields)
    return made


@dataclass(frozen=True)
class RowsOf:
    """Validates a list as rows of a contract table; whether ids fit and words are known is `check`'s work."""

    table: str

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Use the row's model in place of the declared type."""
        return handler.generate_schema(list[row_model(self.table)])  # type: ignore[misc]


def _rows(least: int = 0) -> Any:
    return Field(default=... if least else [], min_length=least, max_length=MOST_ROWS)


class ScoreRequest(BaseModel):
    """Prospects with their facts, in the contract's shape; every time with its zone.

    Facts recorded at or after `as_of` are not used. Further columns of prospects and accounts are attributes.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [dict(_SHOWN)]})

    as_of: AwareDatetime = Field(description="Score with what was known before this moment.")
    prospects: Annotated[list[BaseModel], RowsOf("prospects"), _rows(1)]
    accounts: Annotated[list[BaseModel], RowsOf("accounts"), _rows()]
    contacts: Annotated[list[BaseModel], RowsOf("contacts"), _rows()]
    attribute_changes: Annotated[list[BaseModel], RowsOf("attribute_changes"), _rows()]
    touches: Annotated[list[BaseModel], RowsOf("touches"), _rows()]
    offers: Annotated[list[BaseModel], RowsOf("offers"), _rows()]
    offers_made: Annotated[list[BaseModel], RowsOf("offers_made"), _rows()]
    outcomes: Annotated[list[BaseModel], RowsOf("outcomes"), _rows()]
    withdrawals: Annotated[list[BaseModel], RowsOf("withdrawals"), _rows()]

    def moment(self) -> pd.Timestamp:
        """Return `as_of` in UTC."""
        return pd.Timestamp(self.as_of).tz_convert("UTC")

    def facts(self, definitions: Definitions) -> Facts:
        """Return the rows as facts, checked as every source is.

        Raises
        ------
        ContractError
            A table is not usable as a whole.
        BadRows
            Single rows break the contract: all of them are listed, none is dropped in silence.
        """
        checked = check_references({name: self._checked(name, definitions) for name in TABLES})
        bad = [row for name, c in checked.items() for row in _reasons(name, c)]
        if bad:
            first = f"{bad[0]['table']}[{bad[0]['row']}]: {bad[0]['reason']} (got {bad[0]['got']})"
            raise BadRows(f"{len(bad)} row(s) break the contract; first: {first}.", bad)
        return Facts.of({name: c.good for name, c in checked.items()})

    def _checked(self, name: str, definitions: Definitions) -> Checked:
        rows = [row.model_dump() for row in getattr(self, name)]
        if not rows:
            return check(name, empty(name))
        frame = pd.DataFrame(rows)
        times = [c for c, spec in TABLES[name].columns.items() if spec.type == "time"]
        frame[times] = frame[times].apply(lambda column: pd.to_datetime(column, utc=True))
        return check(name, frame, origin="request", kinds=definitions.kinds)


def _reasons(name: str, checked: Checked) -> list[dict[str, Any]]:
    bad = checked.quarantined[["row", "reason", "got"]].sort_values("row")
    return [{"table": name, **row} for row in bad.astype({"row": int}).to_dict("records")]


def described_body(model: type[BaseModel]) -> dict[str, Any]:
    """Return what OpenAPI says of a body that a route reads itself, with the shapes of the rows where they are used."""
    schema = model.model_json_schema()
    rows = schema.pop("$defs", {})

    def spelled(part: Any) -> Any:
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).removeprefix("#/$defs/")
            return spelled(rows[name]) if name in rows else {key: spelled(value) for key, value in part.items()}
        return [spelled(one) for one in part] if isinstance(part, list) else part

    return {"requestBody": {"required": True, "content": {"application/json": {"schema": spelled(schema)}}}}
