"""Trainings and their versions: the only file (with the script `served.py`) that knows MLflow.

A training is logged with its parameters, figures and tables, its bundle is registered as text and JSON, and three
aliases say what it is used for: `challenger` (the last one trained), `champion` (the one that scores), `previous`
(the champion before, for the way back). The store is SQLite beside a folder of artifacts, or a server by URL.
MLflow takes seconds to import, so it is imported when a `Registry` is made, not with this module.
"""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, Final

import pandas as pd

from features.errors import TaktError
from models.bundle import Bundle
from models.heads.held_out import CHOSEN

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
PREVIOUS: Final = "previous"
REQUIRED: Final = ("takt", "lightgbm", "scikit-learn", "numpy", "pandas")
"""What a served bundle needs; named, because MLflow takes five seconds and more to infer it."""
_ABSENT: Final = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
"""How MLflow calls an unknown model, and an unknown alias of a known one."""


class RegistryError(TaktError):
    """The registry does not hold what was asked for; the text says what it holds."""


@dataclass(frozen=True)
class Version:
    """One registered bundle: model name, its number (1, 2, ...) and the run that trained it."""

    name: str
    number: int
    run_id: str


class Registry:
    """The trainings of one experiment.

    Parameters
    ----------
    tracking_uri : str
        `sqlite:///.../mlflow.db`, or `http(s)://` of a server.
    artifact_root : Path or None
        Folder for artifacts; None leaves the place to the server.
    experiment : str
        Its name, a word: models are registered as `<experiment>-<head>`, artifacts lie in a folder of this name.

    Raises
    ------
    RegistryError
        The experiment's name is not a word.
    """

    def __init__(self, tracking_uri: str, artifact_root: Path | None, experiment: str) -> None:
        if not re.fullmatch(r"\w[\w.-]*", experiment):
            raise RegistryError(f"experiment {experiment!r}: use letters, digits, '_', '.' and '-' only.")
        import mlflow

        self._mlflow = mlflow
        self._uri = tracking_uri
        self._client = mlflow.MlflowClient(tracking_uri, tracking_uri)
        self.experiment = experiment
        known = self._client.get_experiment_by_name(experiment)
        place = None if artifact_root is None else (artifact_root / experiment).absolute().as_uri()
        self._experiment_id = known.experiment_id if known else self._client.create_experiment(experiment, place)

    @classmethod
    def in_folder(cls, folder: Path, experiment: str) -> Registry:
        """Open the registry kept in a folder: `mlflow.db` and `artifacts/`, made when absent."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(f"sqlite:///{(folder / 'mlflow.db').absolute()}", folder / "artifacts", experiment)

    def log_training(
        self,
        bundle: Bundle,
        *,
        params: Mapping[str, Any],
        figures: Mapping[str, bytes] | None = None,
        tables: Mapping[str, pd.DataFrame] | None = None,
        beside: Mapping[str, str] | None = None,
    ) -> Version:
        """Log one training, register its bundle and make it the challenger.

        The bundle's own figures are logged as metrics (a figure that could not be measured is not), and as tables
        beside its ladder.

        Parameters
        ----------
        params : mapping
            What the training was asked to do; the bundle's versions are added.
        figures : mapping of name to SVG
        tables : mapping of name to DataFrame
            Further tables, logged as CSV.
        beside : mapping of file name to text
            Kept in the bundle's folder, for example facts.json and definitions.json.
        """
        name = f"{self.experiment}-{bundle.head}"
        with self._here(), self._mlflow.start_run(experiment_id=self._experiment_id) as run:
            self._mlflow.log_params(dict(params) | _versions(bundle))
            self._mlflow.log_metrics(_flat(bundle.metrics))
            for title, svg in (figures or {}).items():
                self._mlflow.log_text(svg.decode(), f"figures/{title}.svg")
            own = {"metrics": pd.DataFrame(bundle.metrics), "ladder": pd.DataFrame(bundle.ladder)}
            for title, table in {**own, **(tables or {})}.items():
                self._mlflow.log_text(table.to_csv(index=False), f"tables/{title}.csv")
            number = self._register(bundle, name, run_id=run.info.run_id, beside=beside or {})
        self._client.set_registered_model_alias(name, CHALLENGER, str(number))
        return Version(name, number, run.info.run_id)

    def promote(self, version: Version) -> None:
        """Make a version the champion; the champion until now becomes `previous`."""
        before = self._by_alias(version.name, CHAMPION)
        if before == version:
            return
        if before is not None:
            self._client.set_registered_model_alias(version.name, PREVIOUS, str(before.number))
        self._client.set_registered_model_alias(version.name, CHAMPION, str(version.number))

    def champion(self, head: str = "win") -> Version | None:
        """Return the version that scores, or None before the first promotion."""
        return self._by_alias(f"{self.experiment}-{head}", CHAMPION)

    def made(self, fingerprint: str, head: str = "win") -> Version:
        """Return the version whose bundle has this fingerprint.

        Raises
        ------
        RegistryError
            No version of this registry has it.
        """
        name = f"{self.experiment}-{head}"
        runs = self._client.search_runs([self._experiment_id], f"params.bundle = '{fingerprint}'")
        for run in runs:
            for found in self._client.search_model_versions(f"name = '{name}' and run_id = '{run.info.run_id}'"):
                return Version(name, int(found.version), found.run_id)
        raise RegistryError(
            f"{name}: no version was made with the bundle {fingerprint}; it was deleted, or is elsewhere."
        )

    def rollback(self, head: str = "win") -> Version:
        """Make the previous champion the champion again, and the present one `previous`; return the champion.

        Raises
        ------
        RegistryError
            There was no champion before the present one.
        """
        name = f"{self.experiment}-{head}"
        before = self._by_alias(name, PREVIOUS)
        if before is None:
            raise RegistryError(f"{name}: no champion before the present one to go back to.")
        self.promote(before)
        return before

    def fetch(self, version: Version | str, folder: Path, *, head: str = "win") -> Path:
        """Copy a bundle with what was kept beside it to a folder, whole or not at all; return the folder.

        Parameters
        ----------
        version : Version or str
            A version, or an alias such as `champion`.
        folder : Path
            Replaced when it exists: a reader finds the old files or the new ones, never some of each.

        Raises
        ------
        RegistryError
            No version carries the alias.
        """
        found = self._by_alias(f"{self.experiment}-{head}", version) if isinstance(version, str) else version
        if found is None:
            raise RegistryError(f"{self.experiment}-{head}: no version is called {version!r}; promote one first.")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as near, self._here():
            source = f"models:/{found.name}/{found.number}"
            copied = Path(self._mlflow.artifacts.download_artifacts(source, dst_path=near))
            if folder.exists():
                folder.rename(Path(near) / "replaced")
            (copied / "artifacts" / "bundle").rename(folder)
        return folder

    def _register(self, bundle: Bundle, name: str, *, run_id: str, beside: Mapping[str, str]) -> int:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "bundle"
            bundle.save(folder)
            for file, text in beside.items():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_text(text, encoding="utf-8", newline="\n")
            model = self._log_model(bundle, folder)
        if not self._is_known(name):
            self._client.create_registered_model(name)
        made = self._client.create_model_version(name, model.model_uri, run_id, model_id=model.model_id)
        return int(made.version)

    def _log_model(self, bundle: Bundle, folder: Path) -> Any:
        with warnings.catch_warnings():
            # MLflow warns about a type hint of its own while it is imported, and would like an example of the
            # input; the signature is written by hand, and an example costs a second (it is scored)
            warnings.filterwarnings("ignore", ".*Any type hint is inferred as AnyType", UserWarning)
            warnings.filterwarnings("ignore", ".*An input example was not provided", UserWarning)
            return self._mlflow.pyfunc.log_model(
                name=bundle.head,
                python_model=str(Path(__file__).with_name("served.py")),
                artifacts={"bundle": str(folder)},
                signature=_signature(bundle),
                pip_requirements=[f"{package}=={installed(package)}" for package in REQUIRED],
            )

    def _is_known(self, name: str) -> bool:
        return self._found(lambda: self._client.get_registered_model(name)) is not None

    def _by_alias(self, name: str, alias: str) -> Version | None:
        found = self._found(lambda: self._client.get_model_version_by_alias(name, alias))
        return None if found is None else Version(name, int(found.version), found.run_id)

    def _found(self, ask: Callable[[], Any]) -> Any:
        """Return the answer, or None where MLflow says that there is no such model or alias."""
        from mlflow.exceptions import MlflowException

        try:
            return ask()
        except MlflowException as error:
            if error.error_code in _ABSENT:
                return None
            raise

    @contextmanager
    def _here(self) -> Iterator[None]:
        """Point MLflow's process-wide address at this store, and back: `log_model` knows no other way."""
        before = self._mlflow.get_tracking_uri(), self._mlflow.get_registry_uri()
        self._mlflow.set_tracking_uri(self._uri)
        self._mlflow.set_registry_uri(self._uri)
        try:
            yield
        finally:
            self._mlflow.set_tracking_uri(before[0])
            self._mlflow.set_registry_uri(before[1])


def _versions(bundle: Bundle) -> dict[str, str]:
    return {
        "bundle": bundle.fingerprint,
        "rung": bundle.rung.name,
        "definitions_hash": bundle.definitions_hash,
        "catalog_hash": bundle.catalog_hash,
        "data_version": bundle.data_version,
        "trained_as_of": bundle.trained_as_of.isoformat(),
    }


def _flat(metrics: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return `auc`, `auc_low`, ... of the kept model, `recency/auc`, ... of the others; unmeasured ones left out."""
    return {
        f"{'' if row['model'] == CHOSEN else row['model'] + '/'}{row['metric']}{end}": row[column]
        for row in metrics
        for column, end in (("value", ""), ("low", "_low"), ("high", "_high"))
        if row[column] is not None
    }


def _signature(bundle: Bundle) -> Any:
    """Declare the input: every feature optional, for a missing value is a value."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    types = {name: "string" if name in bundle.levels else "double" for name in bundle.features}
    return ModelSignature(inputs=Schema([ColSpec(type_, n, required=False) for n, type_ in types.items()]))
