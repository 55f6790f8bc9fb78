"""What is fitted, as text and JSON in a folder: everything a score needs, and nothing that must be executed.

    bundle.json   sorted keys: versions, encoding, calibration, counts of the alike, figures, hashes of the
    files model.lgb     LightGBM's own text; for other rungs `<rung>.json`
    files shap.json     how boosted trees are explained (docs/adr/0014); without it by LightGBM itself

`fingerprint` is the hash of bundle.json, which holds the hashes of the other files: one changed bit
anywhere is another bundle. Other files may lie in the folder and are not read. No pickle.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from features.errors import TaktError
from models.heads.encoding import Encoding
from models.heads.ladder import STEPS
from models.heads.learned import Fitted, Served
from models.heads.rung import Rung
from models.measures.calibration import Calibration
from models.measures.likeness import Bands

SCHEMA: Final = 1
"""Version of the folder's layout; a bundle of another version is refused, never guessed at."""
MANIFEST: Final = "bundle.json"

Row = Mapping[str, Any]


class BundleError(TaktError):
    """A folder does not hold a usable bundle; the text says what is wrong with which file."""


@dataclass(frozen=True)
class Bundle:
    """A fitted head, ready to score.

    Attributes
    ----------
    head : str
        The question, for example "win".
    rung : Rung
        The kept rung of the ladder, from features to log-odds.
    calibration : Calibration or None
        From log-odds to chance; None where wins were too few to say a chance.
    horizon_days : int
        H: the chance is that of a win in `[as_of, as_of + H)`.
    trained_as_of : Timestamp
        UTC; nothing recorded later was looked at.
    base_rate : float
        Share of training and calibration snapshots that won; NaN where none was labelled.
    bands : Bands
        Held-out prospects by margin and how many of them won.
    metrics, ladder : tuple of mappings
        The report on the test part and the ladder's table, row by row; a missing figure is None.
    split : mapping
        The parts as date ranges in words; empty where nothing was measured.
    """

    head: str
    company: str
    rung: Rung
    calibration: Calibration | None
    horizon_days: int
    trained_as_of: pd.Timestamp
    definitions_hash: str
    catalog_hash: str
    data_version: str
    base_rate: float
    bands: Bands
    metrics: tuple[Row, ...] = ()
    ladder: tuple[Row, ...] = ()
    split: Mapping[str, str] | None = None
    note: str = ""

    @classmethod
    def of(cls, fitted: Fitted) -> Bundle:
        """Keep what a head fitted: what serves, which is `fitted.served` where there is one, and the figures."""
        serves = fitted.served or Served(fitted.kept, fitted.bands, "")
        return cls(
            head=fitted.head,
            rung=serves.model.rung,
            calibration=serves.model.calibration,
            base_rate=fitted.base_rate,
            bands=serves.bands,
            metrics=_rows(fitted.report),
            ladder=_rows(fitted.ladder),
            split=dict(fitted.split.words) if fitted.split else {},
            note=" ".join(words for words in (fitted.note, serves.words) if words),
            **asdict(fitted.versions),
        )

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in the order of the contributions."""
        return self.rung.encoding.features

    @property
    def levels(self) -> Mapping[str, tuple[str, ...]]:
        """Levels of each category that the rung knows."""
        return self.rung.encoding.levels

    def like(self, margin: float) -> tuple[int, int]:
        """Return how many held-out prospects were scored most alike (about 80), and how many of them won."""
        n, won = self.bands.like(np.array([margin]))
        return int(n[0]), int(won[0])

    @cached_property
    def fingerprint(self) -> str:
        """First 16 hex digits of the SHA-256 of the canonical content."""
        return _sha256(self._manifest())[:16]

    def to_files(self) -> dict[str, str]:
        """Return file names and texts: the manifest, and the files whose hashes it holds."""
        return {MANIFEST: self._manifest(), **self.rung.to_files()}

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> Bundle:
        """Read what `to_files` wrote; `load` does the same from a folder and checks the hashes."""
        return cls._from(json.loads(files[MANIFEST]), files)

    def save(self, folder: Path) -> None:
        """Write the bundle, replacing what is at `folder`.

        Everything is written beside it first, then renamed: a reader finds the old one or the new one, never half
        of one (and, between two renames, for a moment none: read again).
        """
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            # mkdtemp allows only its owner in; the server may be another user
            new.chmod(0o755)
            for name, text in self.to_files().items():
                (new / name).write_text(text, encoding="utf-8", newline="\n")
            _swap(new, folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    @classmethod
    def load(cls, folder: Path) -> Bundle:
        """Read a bundle.

        Raises
        ------
        BundleError
            No bundle there, another schema version, or a file is missing, changed or unreadable.
        """
        raw = _read_manifest(folder)
        files = {name: _read_file(folder / name, expected) for name, expected in raw["files"].items()}
        try:
            return cls._from(raw, files)
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"{folder}: a field is missing or wrong ({error!r}). Train again.") from error

    @classmethod
    def _from(cls, raw: dict[str, Any], files: Mapping[str, str]) -> Bundle:
        levels = {name: tuple(levels) for name, levels in raw["levels"].items()}
        encoding = Encoding(tuple(raw["features"]), levels)
        same = ("head", "company", "horizon_days", "definitions_hash", "catalog_hash", "data_version", "note", "split")
        return cls(
            rung=STEPS[raw["rung"]].read(files, encoding),
            calibration=None if raw["calibration"] is None else Calibration.from_json(json.dumps(raw["calibration"])),
            trained_as_of=pd.Timestamp(raw["trained_as_of"]).as_unit("us"),
            base_rate=float("nan") if raw["base_rate"] is None else raw["base_rate"],
            bands=Bands(**{name: tuple(values) for name, values in raw["bands"].items()}),
            metrics=tuple(raw["metrics"]),
            ladder=tuple(raw["ladder"]),
            **{name: raw[name] for name in same},
        )

    def _manifest(self) -> str:
        content = {
            "schema": SCHEMA, "head": self.head, "company": self.company, "rung": self.rung.name,
            "features": self.features, "levels": dict(self.levels),
            "calibration": asdict(self.calibration) if self.calibration else None,
            "horizon_days": self.horizon_days, "trained_as_of": self.trained_as_of.isoformat(),
            "definitions_hash": self.definitions_hash, "catalog_hash": self.catalog_hash,
            "data_version": self.data_version,
            "base_rate": None if np.isnan(self.base_rate) else self.base_rate,
            "bands": asdict(self.bands), "metrics": self.metrics, "ladder": self.ladder,
            "split": dict(self.split or {}), "note": self.note,
            "files": {name: _sha256(text) for name, text in self.rung.to_files().items()},
        }  # fmt: skip
        return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _rows(table: pd.DataFrame) -> tuple[Row, ...]:
    """Return a table's rows as plain values: a missing one is None, and no numpy type is left."""
    plain = table.astype("object").where(table.notna(), None)
    return tuple(
        {str(k): getattr(v, "item", lambda v=v: v)() for k, v in row.items()} for row in plain.to_dict("records")
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _swap(new: Path, folder: Path) -> None:
    """Put `new` in the place of `folder`, which may be absent."""
    old = new.with_name(new.name + ".old")
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(
            f"{path}: no such file, so there is no bundle in this folder. Run `takt train` first."
        ) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BundleError(f"{path}: not JSON ({error}). Train again or restore the folder.") from error
    found = raw.get("schema") if isinstance(raw, dict) else None
    if found != SCHEMA:
        raise BundleError(
            f"{path}: schema version {found!r}, this version of Takt reads {SCHEMA}. "
            "Train again, or use the version of Takt that wrote it."
        )
    return dict(raw)


def _read_file(path: Path, expected: str) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BundleError(f"{path}: missing, but bundle.json names it. Restore the folder or train again.") from None
    except UnicodeDecodeError as error:
        raise BundleError(f"{path}: not UTF-8 text ({error}). Restore the folder or train again.") from error
    if _sha256(text) != expected:
        raise BundleError(
            f"{path}: SHA-256 {_sha256(text)[:16]}..., expected {expected[:16]}...: the file was changed after "
            "training. Restore the folder or train again."
        )
    return text
