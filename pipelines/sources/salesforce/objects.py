"""What is read of Salesforce: its objects, their fields, and the raw tables these become.

Sources: the object reference and the field reference of the Salesforce platform, one page per object.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import yaml

from pipelines.sources.connected.landing import Type
from pipelines.sources.errors import SourceError

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_API_NAME: Final = re.compile(r"[A-Za-z]\w*")
ATTRIBUTE: Final = "field_"
"""How the raw columns of attributes begin; their values are kept as text."""

Fields = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Object:
    """One object of Salesforce.

    Attributes
    ----------
    table, name : str
        The raw table, and the object's API name.
    columns : mapping of str to (str, Type)
        Raw column to the field's API name and type, beside `id`, `created_at`, `changed_at` and `is_deleted`.
    changed : str
        The field that says when a version was made; "" for an object without one, which is read whole each time.
    fields : str
        Key of fields.yaml whose fields are read too.
    optional : bool
        Whether an organisation may be without it.
    history_of : str
        Key of fields.yaml whose changes this object tells: its raw table has a column `attribute` with Takt's name.
    """

    table: str
    name: str
    columns: Mapping[str, tuple[str, Type]]
    changed: str = "SystemModstamp"
    fields: str = ""
    optional: bool = False
    history_of: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> dict[str, tuple[str, Type]]:
        """All raw columns that are asked for, with API name and type."""
        own: dict[str, tuple[str, Type]] = {"id": ("Id", "text")}
        if self.changed:
            own |= {
                "created_at": ("CreatedDate", "timestamp"), "is_deleted": ("IsDeleted", "bool"),
                "changed_at": (self.changed, "timestamp"),
            }  # fmt: skip
        own |= self.columns
        if self.fields:
            own |= {f"{ATTRIBUTE}{name}": (api, "text") for name, api in self.attributes.items()}
        return own

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits of what is asked; where it changes the object is read from its beginning."""
        text = json.dumps([self.name, self.asked, dict(self.attributes)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


_HISTORY: Final[dict[str, tuple[str, Type]]] = {
    "name": ("Field", "text"), "data_type": ("DataType", "text"),
    "old_value": ("OldValue", "text"), "new_value": ("NewValue", "text"),
}  # fmt: skip
_OBJECTS: Final = (
    Object("organization", "Organization", {"time_zone": ("TimeZoneSidKey", "text")}, changed=""),
    Object(
        "stages",
        "OpportunityStage",
        {"name": ("ApiName", "text"), "is_closed": ("IsClosed", "bool"), "is_won": ("IsWon", "bool")},
        changed="",
    ),
    Object("users", "User", {"email": ("Email", "text")}, changed=""),
    Object(
        "accounts",
        "Account",
        {"merged_into": ("MasterRecordId", "text"), "name": ("Name", "text")},
        fields="account",
    ),
    Object(
        "contacts",
        "Contact",
        {
            "merged_into": ("MasterRecordId", "text"), "account_id": ("AccountId", "text"), "name": ("Name", "text"),
            "title": ("Title", "text"), "email": ("Email", "text"), "phone": ("Phone", "text"),
            "do_not_call": ("DoNotCall", "bool"),
        },
    ),
    Object(
        "leads",
        "Lead",
        {
            "merged_into": ("MasterRecordId", "text"), "is_converted": ("IsConverted", "bool"),
            "opportunity_id": ("ConvertedOpportunityId", "text"), "contact_id": ("ConvertedContactId", "text"),
        },
    ),
    Object(
        "opportunities",
        "Opportunity",
        {
            "account_id": ("AccountId", "text"), "owner_id": ("OwnerId", "text"), "source": ("LeadSource", "text"),
            "is_closed": ("IsClosed", "bool"), "is_won": ("IsWon", "bool"),
        },
        fields="opportunity",
    ),
    Object(
        "opportunity_contact_roles",
        "OpportunityContactRole",
        {"opportunity_id": ("OpportunityId", "text"), "contact_id": ("ContactId", "text"), "role": ("Role", "text")},
    ),
    Object(
        "opportunity_history",
        "OpportunityHistory",
        {
            "opportunity_id": ("OpportunityId", "text"), "stage": ("StageName", "text"), "amount": ("Amount", "double"),
            "close_date": ("CloseDate", "date"),
        },
    ),
    Object(
        "opportunity_field_history",
        "OpportunityFieldHistory",
        {"opportunity_id": ("OpportunityId", "text"), **_HISTORY},
        changed="CreatedDate",
        optional=True,
        history_of="opportunity",
    ),
    Object(
        "account_history",
        "AccountHistory",
        {"account_id": ("AccountId", "text"), **_HISTORY},
        changed="CreatedDate",
        optional=True,
        history_of="account",
    ),
    Object(
        "tasks",
        "Task",
        {
            "who_id": ("WhoId", "text"), "what_id": ("WhatId", "text"), "is_closed": ("IsClosed", "bool"),
            "type": ("Type", "text"), "subtype": ("TaskSubtype", "text"), "call_type": ("CallType", "text"),
            "disposition": ("CallDisposition", "text"), "seconds": ("CallDurationInSeconds", "bigint"),
            "due_date": ("ActivityDate", "date"), "completed_at": ("CompletedDateTime", "timestamp"),
        },
    ),
    Object(
        "events",
        "Event",
        {
            "who_id": ("WhoId", "text"), "what_id": ("WhatId", "text"), "type": ("Type", "text"),
            "starts_at": ("StartDateTime", "timestamp"), "minutes": ("DurationInMinutes", "bigint"),
        },
    ),
    Object(
        "emails",
        "EmailMessage",
        {"task_id": ("ActivityId", "text"), "incoming": ("Incoming", "bool")},
        optional=True,
    ),
)  # fmt: skip


def objects(fields: Fields) -> list[Object]:
    """Return the objects to read, with the fields that a company added to them."""
    return [
        replace(o, attributes=dict(fields.get(o.fields or o.history_of, {}))) if o.fields or o.history_of else o
        for o in _OBJECTS
    ]


def read_fields(path: Path) -> Fields:
    """Read fields.yaml.

    Raises
    ------
    SourceError
        It is not there, not YAML, or names an object or a field as nobody can; the text says which.
    """
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SourceError(f"{path}: not readable as UTF-8 YAML: {error}") from error
    known = sorted({o.fields for o in _OBJECTS if o.fields})
    if not isinstance(said, dict) or sorted(said) != known or not all(isinstance(v, dict) and v for v in said.values()):
        raise SourceError(
            f"{path}: expected {' and '.join(known)}, each with at least one field below it; got {str(said)[:200]}."
        )
    for entity, names in said.items():
        for name, api in names.items():
            if not (_NAME.fullmatch(str(name)) and _API_NAME.fullmatch(str(api))):
                raise SourceError(
                    f"{path}: {entity}.{name}: {api}: expected a name such as deal_size in lower case, and an API name "
                    "such as Deal_Size__c."
                )
    return {entity: dict(names) for entity, names in said.items()}
