"""Salesforce, once: whose credentials, which objects, Takt's own fields on them, and who may write those.

A field made by the Tooling API is visible to nobody. So a permission set `Takt` is made with it, which lets the user
whose credentials these are read and write it; an administrator gives it to everybody who should see the fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from pipelines.sources.connected.auth import OAuth
from pipelines.sources.connected.errors import SourceRejected
from pipelines.sources.connected.settings import ConnectionSettings
from pipelines.writing.asking import Api, told
from pipelines.writing.errors import WriteBackError
from pipelines.writing.fields import FIELDS, Field

OBJECTS: Final = {"006": "Opportunity", "00Q": "Lead"}
"""Objects that are written into, by the first three letters of their records' ids."""
KEY: Final = "Takt_Key__c"
_SET: Final = "Takt"
_TYPES: Final[dict[str, dict[str, Any]]] = {
    "share": {"type": "Percent", "precision": 4, "scale": 1},
    "day": {"type": "Date"},
    "link": {"type": "Url"},
    "text": {"type": "Text", "length": 255},
    "long": {"type": "LongTextArea", "length": 32_768, "visibleLines": 8},
}


class SalesforceWriting(ConnectionSettings):
    """Settings from `TAKT_SALESFORCE_...`, those of the source among them.

    Attributes
    ----------
    url : str
        https://COMPANY.my.salesforce.com
    client_id, client_secret, refresh_token : str
        Of an external client app: OAuth 2 client credentials, or with a refresh token that flow. An app of its own
        for writing may be named by `write_client_id` and `write_client_secret`.
    objects : tuple of str
        Which of Opportunity and Lead are written into, as JSON (`["Opportunity", "Lead"]`): what prospects are.
    """

    model_config = SettingsConfigDict(env_prefix="TAKT_SALESFORCE_")

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    write_client_id: str = ""
    write_client_secret: SecretStr = SecretStr("")
    api_version: str = "62.0"
    objects: tuple[str, ...] = ("Opportunity",)

    def api(self) -> Api:
        """Sign in and return the API, at the address that the answer names.

        Raises
        ------
        Stopped
            The sign-in was refused, or not answered.
        """
        own = bool(self.write_client_id)
        if not self.url or not (own or self.client_id):
            raise WriteBackError(
                "salesforce: set TAKT_SALESFORCE_URL (https://COMPANY.my.salesforce.com), TAKT_SALESFORCE_CLIENT_ID "
                "and TAKT_SALESFORCE_CLIENT_SECRET of an external client app."
            )
        refresh = self.refresh_token.get_secret_value() and not own
        form: dict[str, str | SecretStr] = {
            "grant_type": "refresh_token" if refresh else "client_credentials",
            "client_id": self.write_client_id or self.client_id,
            "client_secret": self.write_client_secret if own else self.client_secret,
        }
        form |= {"refresh_token": self.refresh_token} if refresh else {}
        login = OAuth("salesforce", f"{self.url}/services/oauth2/token", form)
        with told():
            login.renew()
        return Api("salesforce", self, login, url=str(login.granted.get("instance_url") or self.url))


def name_of(field: Field) -> str:
    """Return the API name of a field, such as Takt_Next_Action__c."""
    return f"Takt_{field.name.title()}__c"


def missing(api: Api, data: str, objects: Sequence[str]) -> list[str]:
    """Return the fields that are not there, or that this user cannot write, as Object.Field."""
    wanted = [(kind, name_of(field), "updateable") for kind in objects for field in FIELDS]
    found = {(kind, row["name"]): row for kind in (*objects, "Task") for row in _fields(api, data, kind)}
    wanted.append(("Task", KEY, "externalId"))
    return [f"{kind}.{name}" for kind, name, needs in wanted if not found.get((kind, name), {}).get(needs)]


def prepare(api: Api, data: str, objects: Sequence[str]) -> list[str]:
    """Create what is missing and let this user write it; return what was made."""
    lacking = missing(api, data, objects)
    if not lacking:
        return []
    for full in lacking:
        kind, name = full.split(".")
        # custom fields of tasks belong to the object that tasks and events have in common
        owner = "Activity" if kind == "Task" else kind
        body = {"FullName": f"{owner}.{name}", "Metadata": _metadata(name)}
        _unless_there(api, f"{data}/tooling/sobjects/CustomField", body)
    _permit(api, data, lacking)
    return [*(f"field {one}" for one in lacking), f"permission set {_SET}: give it to everybody who should see them"]


def _fields(api: Api, data: str, kind: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.ask(f"{data}/sobjects/{kind}/describe")["fields"]
    return rows


def _metadata(name: str) -> dict[str, Any]:
    if name == KEY:
        says = "Names a task that Takt made, so that it is never made twice."
        return {"label": "Takt key", "type": "Text", "length": 40, "externalId": True, "description": says}
    field = next(one for one in FIELDS if name_of(one) == name)
    return {"label": field.label, "description": field.says, **_TYPES[field.form]}


def _permit(api: Api, data: str, fields: Sequence[str]) -> None:
    user = api.ask("/services/oauth2/userinfo")["user_id"]
    rows = api.ask(f"{data}/query", params={"q": f"SELECT Id FROM PermissionSet WHERE Name = '{_SET}'"})["records"]
    named = {"Name": _SET, "Label": _SET, "Description": "Read and write what Takt says of prospects"}
    one = rows[0]["Id"] if rows else api.ask(f"{data}/sobjects/PermissionSet", json=named, repeatable=False)["id"]
    for full in fields:
        kind = full.split(".")[0]
        may = {"ParentId": one, "SobjectType": kind, "Field": full, "PermissionsRead": True, "PermissionsEdit": True}
        _unless_there(api, f"{data}/sobjects/FieldPermissions", may)
    _unless_there(api, f"{data}/sobjects/PermissionSetAssignment", {"AssigneeId": user, "PermissionSetId": one})


def _unless_there(api: Api, path: str, body: dict[str, Any]) -> None:
    try:
        api.ask(path, json=body, repeatable=False)
    except SourceRejected as error:
        codes = {row.get("errorCode") for row in error.body} if isinstance(error.body, list) else set()
        if not codes & {"DUPLICATE_VALUE", "DUPLICATE_DEVELOPER_NAME"}:
            raise
