"""`monitoring.yaml` in the home: what a company wants otherwise than the rules of the watch have it.

    rules: {TW002: tell, TW003: hold, TW010: off}   # what an alarm leads to: hold, retrain, tell; off: not looked at
    retrain: start                                   # or recommend: say so and start nothing
    mail: [operations@company.example]               # who is told by e-mail
    least_coverage: 0.5                              # see TW009
    least_adherence: 0.5                             # see TW010

All of it may be left out, and so may the file. It is no part of definitions.yaml, for it changes no word and no list.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from features.errors import TaktError
from features.facts.definitions import _address
from models.evidence.watching.rule import Action, Rule
from models.evidence.watching.run import RULES
from models.evidence.watching.watched import Limits
from pipelines.home import Home

FILE: Final = "monitoring.yaml"
Share = Annotated[float, Field(ge=0, le=1)]


class BadMonitoring(TaktError):
    """`monitoring.yaml` cannot be read, or says something that nobody can do; the text names the field."""


def _known(code: str) -> str:
    codes = [rule.code for rule in RULES]
    if code not in codes:
        raise ValueError(f"{code!r} is no rule; they are {', '.join(codes)}")
    return code


class Monitoring(BaseModel):
    """The file, with its defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: dict[Annotated[str, AfterValidator(_known)], Literal["hold", "retrain", "tell", "off"]] = {}
    retrain: Literal["start", "recommend"] = "start"
    mail: tuple[Annotated[str, AfterValidator(_address)], ...] = ()
    least_coverage: Share = 0.5
    least_adherence: Share = 0.5

    @property
    def limits(self) -> Limits:
        """What the rules ask for."""
        return Limits(self.least_coverage, self.least_adherence)

    @property
    def looked_at(self) -> tuple[Rule, ...]:
        """The rules that are not off."""
        return tuple(rule for rule in RULES if self.rules.get(rule.code) != "off")

    def action(self, rule: Rule) -> Action:
        """Return what an alarm of a rule leads to."""
        wanted = self.rules.get(rule.code, "off")
        return rule.action if wanted == "off" else Action(wanted)


def monitoring(home: Home) -> Monitoring:
    """Read the file of a home; the defaults where there is none.

    Raises
    ------
    BadMonitoring
        See there.
    """
    place: Path = home.path / FILE
    try:
        raw: Any = yaml.safe_load(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Monitoring()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadMonitoring(f"{place}: not readable as UTF-8 YAML: {error}") from error
    try:
        # YAML 1.1 reads the plain word off as False
        rules = {k: "off" if v is False else v for k, v in ((raw or {}).get("rules") or {}).items()}
        return Monitoring.model_validate((raw or {}) | {"rules": rules})
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise BadMonitoring(f"{place}: {len(lines)} thing(s) to correct\n" + "\n".join(lines)) from error
    except AttributeError:
        raise BadMonitoring(f"{place}: expected a mapping of fields, `rules` of codes to actions.") from None
