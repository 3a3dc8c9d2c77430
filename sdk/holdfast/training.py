"""What a trainer needs: where its data is, what it replaces, and where its results go.

    training = Training.from_env()
    rows = training.read_data()
    training.finish(model=onnx, reference={"x": held_out}, holdout={"x": held_out, "label": labels})

Exit codes: 0 after ``finish``; ``EXIT_BAD_DATA`` (64, by ``training.refuse(...)``) ends the run without
another try; ``EXIT_RETRY`` (75, by ``training.retry_later(...)``) and every other code are tried again as the
policy allows.
"""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np

from holdfast.credentials import Credentials
from holdfast.manifest import METADATA_FILE, MODEL_FILE, PROFILE_FILE
from holdfast.package import ModelPackage
from holdfast.profile import Profile
from holdfast.results import EXIT_BAD_DATA, EXIT_RETRY
from holdfast.rows import HOLDOUT, LABEL, REFERENCE, TRAINING

__all__ = ["EXIT_BAD_DATA", "EXIT_RETRY", "Training"]

Arrays = Mapping[str, Any]
"""Whatever numpy can make an array of, by name."""


@dataclass(frozen=True)
class Training:
    """One run as its trainer sees it."""

    output_dir: Path
    """Where the results go: ``HOLDFAST_OUTPUT_DIR``."""
    run: str = ""
    """Name of the RetrainRun: ``HOLDFAST_RUN``."""
    data_uri: str | None = None
    """``spec.trainer.dataUri`` of the policy: ``HOLDFAST_DATA_URI``."""
    data_path: Path | None = None
    """Where data of a claim or ConfigMap is mounted: ``HOLDFAST_DATA_DIR``."""
    champion_dir: Path | None = None
    """Folder of the package that is served now, for warm starts: ``HOLDFAST_CHAMPION_DIR``."""
    trigger: Mapping[str, Any] = field(default_factory=dict)
    """Why this run was started (type, reason, evidence): ``HOLDFAST_TRIGGER``."""
    credentials: Credentials = field(default_factory=Credentials)
    """Credentials for the data: the usual AWS_* variables."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read what the operator hands to a trainer; without it, as on a laptop, results go to ``./output``.

        Raises:
            ValueError: HOLDFAST_TRIGGER is not a JSON object.
        """
        given = os.environ if environ is None else environ
        return cls(
            output_dir=Path(given.get("HOLDFAST_OUTPUT_DIR", "output")),
            run=given.get("HOLDFAST_RUN", ""),
            data_uri=given.get("HOLDFAST_DATA_URI"),
            data_path=_path(given.get("HOLDFAST_DATA_DIR")),
            champion_dir=_path(given.get("HOLDFAST_CHAMPION_DIR")),
            trigger=_trigger(given.get("HOLDFAST_TRIGGER", "{}")),
            credentials=Credentials.from_env(given),
        )

    @property
    def champion(self) -> ModelPackage | None:
        """The package that is served now, verified; None when this is the first model.

        Raises:
            ModelError: the folder holds no valid package.
        """
        return None if self.champion_dir is None else ModelPackage.read(self.champion_dir)

    def read_data(self, name: str | None = None) -> bytes:
        """Return the data at ``data_uri``, or the object ``name`` below it.

        Raises:
            ModelError: ModelNotFound or StoreUnreadable.
            ValueError: the policy names no data.
        """
        if self.data_path is not None:
            return (self.data_path / name if name else self.data_path).read_bytes()
        from holdfast.store import read_object

        uri = self._data_uri()
        return read_object(f"{uri.rstrip('/')}/{name}" if name else uri, self.credentials)

    def list_data(self) -> list[str]:
        """Return the names of what is below ``data_uri``, sorted, as ``read_data`` takes them.

        Raises:
            ModelError: as ``read_data``, or UnsupportedURI for https, which lists nothing.
            ValueError: the policy names no data.
        """
        if self.data_path is not None:
            found = (path.relative_to(self.data_path) for path in self.data_path.rglob("*") if path.is_file())
            # A ConfigMap's keys are links into folders called ..data and ..TIME.
            return sorted(str(path) for path in found if not path.parts[0].startswith(".."))
        from holdfast.store import list_objects

        uri = self._data_uri().rstrip("/")
        return [found.removeprefix(f"{uri}/") for found in list_objects(uri, self.credentials)]

    def _data_uri(self) -> str:
        if self.data_uri is None:
            raise ValueError("no data: set spec.trainer.dataUri of the RetrainPolicy (HOLDFAST_DATA_URI)")
        return self.data_uri

    def finish(
        self,
        model: bytes | Path,
        holdout: Arrays,
        reference: Arrays | Profile,
        metadata: Mapping[str, Any] | None = None,
        training: Arrays | None = None,
    ) -> None:
        """Write the results.

        ``holdout`` and ``reference`` have an array per model input, by its name, with one entry per row;
        ``holdout`` also has ``label``, and may have ``group`` (rows of one week or user belong together) and
        ``slice:NAME``; ``reference`` may have ``feature_names``, or be a ready profile. Both must be rows
        that the model was not trained on: see ``splits``. ``training`` has the inputs of the rows that it was
        trained on, if the judge is to make sure of that. ``metadata`` is kept in the package: ``parameters``,
        code revision, ``classes``.

        Raises:
            ValueError: an array is missing, empty, of another number of rows, or of Python objects.
        """
        rows = _arrays(HOLDOUT, holdout)
        if LABEL not in rows:
            raise ValueError("holdout needs an array 'label': the right answer for each row")
        profile = reference.to_json() if isinstance(reference, Profile) else None
        references = {} if isinstance(reference, Profile) else _arrays(REFERENCE, reference)
        trained = None if training is None else _arrays(TRAINING, training)
        self.output_dir.mkdir(parents=True, exist_ok=True)
        for stale in (PROFILE_FILE, f"{REFERENCE}.npz", f"{TRAINING}.npz", METADATA_FILE):
            (self.output_dir / stale).unlink(missing_ok=True)
        np.savez_compressed(self.output_dir / f"{HOLDOUT}.npz", **rows)
        if profile is None:
            np.savez_compressed(self.output_dir / f"{REFERENCE}.npz", **references)
        else:
            (self.output_dir / PROFILE_FILE).write_bytes(profile)
        if trained is not None:
            np.savez_compressed(self.output_dir / f"{TRAINING}.npz", **trained)
        if metadata is not None:
            content = json.dumps(dict(metadata), indent=2, allow_nan=False)
            (self.output_dir / METADATA_FILE).write_text(content + "\n")
        _write_model(model, self.output_dir / MODEL_FILE)

    def refuse(self, why: str) -> NoReturn:
        """End the trainer: the data cannot be trained on, and another try would not help."""
        _exit(why, EXIT_BAD_DATA)

    def retry_later(self, why: str) -> NoReturn:
        """End the trainer: what is missing may be there on the next try."""
        _exit(why, EXIT_RETRY)


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None


def _trigger(value: str) -> dict[str, Any]:
    document = json.loads(value)
    if not isinstance(document, dict):
        raise ValueError("HOLDFAST_TRIGGER is no JSON object")
    return document


def _arrays(kind: str, given: Arrays) -> dict[str, Any]:
    arrays = {name: np.asarray(values) for name, values in given.items()}
    rows = {name: array for name, array in arrays.items() if name != "feature_names"}
    counts = {name: len(array) if array.ndim else 0 for name, array in rows.items()}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        raise ValueError(f"{kind} needs arrays with the same number of rows, at least one; it has {counts}")
    return {name: _without_objects(kind, name, array) for name, array in arrays.items()}


def _without_objects(kind: str, name: str, array: Any) -> Any:
    if array.dtype != np.object_:
        return array
    texts = [each for each in array.ravel().tolist() if not isinstance(each, str)]
    if texts:
        raise ValueError(f"{kind} array {name!r} holds Python objects, such as {type(texts[0]).__name__}")
    return array.astype(np.str_)


def _write_model(model: bytes | Path, target: Path) -> None:
    """Write the model last and whole: a folder with a model is a finished one."""
    part = target.with_suffix(".part")
    if isinstance(model, bytes):
        part.write_bytes(model)
    else:
        shutil.copyfile(model, part)
    part.replace(target)


def _exit(why: str, code: int) -> NoReturn:
    sys.stderr.write(f"{why}\n")
    raise SystemExit(code)
