"""Operational definitions: what the words mean, once, in words and as something that runs.

`definitions.yaml` is read, checked and hashed here. The hash is part of every model, score and list, so a
score can always be traced to the meaning of "won" under which it was made.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from email.errors import HeaderParseError
from email.headerregistry import Address
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.errors import DefinitionsError

REQUIRED_TERMS: Final = ("prospect", "contacted", "qualified", "won", "lost", "receptive")


LIST_RULES: Final = (
    "capacity", "territories", "working_days", "holidays", "away", "office_hours", "minimum_gap_days",
    "minimum_gap_account_days", "exploration", "hold_out", "fairness_band", "cost_per_call", "max_quarantine", "mail",
)  # fmt: skip
"""Fields that say how a list is made and not what a word means."""


def _address(text: str) -> str:
    """Take one plain e-mail address, in letters that every mail server takes."""
    try:
        name, at, domain = Address(addr_spec=text).addr_spec.rpartition("@")
    except (ValueError, IndexError, HeaderParseError) as error:
        raise ValueError(f"{text!r} is not an e-mail address such as mira@company.example ({error})") from None
    plain = text.isascii() and text.isprintable() and " " not in text and "." in domain
    if not (name and at and plain):
        raise ValueError(f"{text!r} is not an e-mail address such as mira@company.example")
    return text


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Term(_Words):
    """One word: `means` for people, `evidence` as SQL over the contract tables that returns prospect_id."""

    means: str = Field(min_length=10)
    evidence: str = Field(min_length=6)
    owner: str
    since: dt.date


class Attribute(_Words):
    """A column of prospects or accounts (or a changing field) that features may use.

    `says` is the reason in plain words, `{value}` standing for the value.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    type: Literal["number", "category"]
    says: str
    unit: str = ""


class Capacity(_Words):
    """Calls that one salesperson can make on a day, by default and by owner."""

    default: Annotated[int, Field(ge=0)] = 15
    owners: dict[str, Annotated[int, Field(ge=0)]] = {}

    def of(self, owner_id: str | None) -> int:
        """Return the calls a day of this owner."""
        return self.default if owner_id is None else self.owners.get(owner_id, self.default)


class Definitions(_Words):
    """All operational definitions of one company; times are UTC, days are 24 hours.

    Attributes
    ----------
    horizon_days : int
        H of "won within H": the label looks at `[as_of, as_of + H)`.
    grid_days : int
        Distance of training snapshots.
    cohort_from, observed_until : date or None
        Prospects created before `cohort_from` are not trained on (their outcomes are not fully recorded);
        outcomes at or after `observed_until` are not known (default: the last recorded fact).
    max_age_days : int or None
        A prospect older than this leaves the cohort even without an outcome (nobody works it any more).
    territories : mapping of owner to territories
        Whose prospects this salesperson may be given; an owner who is not named may be given any.
    working_days : tuple of int
        ISO weekdays (1 Monday) on which calls are made; none on `holidays`, none by an owner who is `away`.
    office_hours : (int, int)
        First hour, and the hour after the last, in which people are called, in their own time.
    minimum_gap_days, minimum_gap_account_days : int
        Days between two calls to the same person, and between two calls to anybody of the same account.
    exploration : float
        Share of each list's places that are drawn by chance, so that the others are learned about.
    hold_out : float
        Share of the cohort that is never listed, to measure what the list is worth.
    fairness_band : float or None
        How far each salesperson's expected value per call may lie from the team's, as a share; None: no bound.
    cost_per_call : float
        What a call costs, in `currency`.
    mail : mapping of owner to e-mail address
        Where each salesperson's list is sent in the morning. It says nothing about a list or a word: it is part of
        no hash and is not published.
    recorded_at : {"column", "occurred_at"}
        Whether the source knows when facts became known, or must assume the moment they happened.
    """

    company: str
    simulated: bool = False
    timezone: str = "UTC"
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    recorded_at: Literal["column", "occurred_at"]
    horizon_days: Annotated[int, Field(ge=1, le=730)]
    grid_days: Annotated[int, Field(ge=1, le=92)] = 7
    cohort_from: dt.date | None = None
    observed_until: dt.date | None = None
    max_age_days: Annotated[int, Field(ge=1)] | None = None
    terms: dict[str, Term]
    stages: tuple[str, ...] = ()
    kinds: dict[str, str] = {}
    attributes: tuple[Attribute, ...] = ()
    known_only_after: tuple[str, ...] = ()
    capacity: Capacity = Capacity()
    territories: dict[str, tuple[str, ...]] = {}
    working_days: tuple[Annotated[int, Field(ge=1, le=7)], ...] = (1, 2, 3, 4, 5, 6, 7)
    holidays: tuple[dt.date, ...] = ()
    away: dict[str, tuple[dt.date, ...]] = {}
    office_hours: tuple[Annotated[int, Field(ge=0, le=24)], Annotated[int, Field(ge=0, le=24)]] = (8, 18)
    minimum_gap_days: Annotated[int, Field(ge=0)] = 2
    minimum_gap_account_days: Annotated[int, Field(ge=0)] = 1
    exploration: Annotated[float, Field(ge=0, le=1)] = 0.05
    hold_out: Annotated[float, Field(ge=0, lt=1)] = 0.0
    fairness_band: Annotated[float, Field(gt=0, le=1)] | None = None
    cost_per_call: Annotated[float, Field(ge=0)] = 0.0
    max_quarantine: Annotated[float, Field(ge=0, le=1)] = 0.01
    mail: dict[str, Annotated[str, AfterValidator(_address)]] = Field(default={}, exclude=True, repr=False)

    @model_validator(mode="after")
    def _consistent(self) -> Definitions:
        missing = [t for t in REQUIRED_TERMS if t not in self.terms]
        if missing:
            raise ValueError(f"terms: {missing} not defined; every company must say what these mean")
        if self.timezone not in available_timezones():
            raise ValueError(f"timezone: {self.timezone!r} is not an IANA name such as Europe/Berlin")
        names = [a.name for a in self.attributes]
        for field, words in (("attributes", names), ("stages", self.stages)):
            twice = sorted({w for w in words if words.count(w) > 1})
            if twice:
                raise ValueError(f"{field}: {twice} declared twice")
        leaks = sorted(set(names) & set(self.known_only_after))
        if leaks:
            raise ValueError(f"attributes: {leaks} are listed as known only after the outcome; remove one of the two")
        return self

    @cached_property
    def hash(self) -> str:
        """First 12 hex digits of the SHA-256 of the definitions; the order of keys does not matter."""
        return _sha256(self.model_dump(mode="json"))

    @cached_property
    def meaning(self) -> str:
        """The same without `LIST_RULES`: what a model depends on. A holiday more does not make it stale."""
        return _sha256(self.model_dump(mode="json", exclude=set(LIST_RULES)))

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone, for showing times and for deciding what 'today' is."""
        return ZoneInfo(self.timezone)


def _sha256(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class _OncePerKey(yaml.SafeLoader):
    """YAML without the silence on keys that stand twice: the second meaning of a word would win unseen."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.YAMLError(f"{key.value!r} stands twice, again in line {key.start_mark.line + 1}")
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(path: Path) -> Definitions:
    """Read definitions.yaml.

    Raises
    ------
    DefinitionsError
        The file is absent, not UTF-8, not YAML, says a word twice, or breaks a rule; the text names
        file, field and rule.
    """
    try:
        raw: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=_OncePerKey)
    except FileNotFoundError:
        raise DefinitionsError(f"{path}: no such file; every source has a definitions.yaml.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DefinitionsError(f"{path}: not readable as UTF-8 YAML: {error}") from error
    return parse(raw, origin=str(path))


def parse(raw: Any, *, origin: str = "definitions") -> Definitions:
    """Check definitions given as a mapping (from YAML or JSON) and freeze them."""
    if not isinstance(raw, dict):
        raise DefinitionsError(f"{origin}: expected a mapping of fields, got {type(raw).__name__}.")
    try:
        return Definitions.model_validate(raw)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc'])) or 'definitions'}: {e['msg']}" for e in error.errors()]
        raise DefinitionsError(f"{origin}: {len(lines)} thing(s) to correct\n" + "\n".join(lines)) from error
