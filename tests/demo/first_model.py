"""The first model: trained here by the example's trainer, packaged and published by hand."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bikeshare.arrivals import Arrivals

from holdfast.credentials import Credentials
from holdfast.package import ModelPackage
from holdfast.store import publish_package
from tests.demo.errors import DemoError
from tests.demo.schedule import EXAMPLE, FIRST_MODEL_WEEKS, one_object

MODELS_URI = "s3://models/bikes"


@dataclass(frozen=True)
class Store:
    """The S3 server as it is reached from this machine."""

    settings: Mapping[str, str]

    @classmethod
    def at(cls, url: str) -> "Store":
        """Return the store with the example's keys at another address."""
        keys = one_object(EXAMPLE / "store.yaml", "Secret")["stringData"]
        return cls({**keys, "AWS_ENDPOINT_URL": url})

    @property
    def credentials(self) -> Credentials:
        """The keys, as the SDK takes them."""
        return Credentials.from_env(self.settings)

    @contextmanager
    def credentials_folder(self) -> Iterator[str]:
        """Give a folder with one file per key, as a mounted Secret has."""
        with TemporaryDirectory() as folder:
            for name, value in self.settings.items():
                (Path(folder) / name).write_text(value)
            yield folder


def store_history(text: str, uri: str, before: str, store: Store) -> int:
    """Put every month of rides before that day into the store; return how many."""
    return Arrivals(text, uri, store.credentials).store_months_before(before)


def train_first_model(store: Store, data_uri: str, folder: Path) -> ModelPackage:
    """Train on January to March and return the package.

    Raises:
        DemoError: the trainer or the packaging failed.
    """
    output = folder / "output"
    output.mkdir()
    environment = {"HOLDFAST_OUTPUT_DIR": str(output), "HOLDFAST_DATA_URI": data_uri, "HOLDFAST_RUN": "first"}
    search = {"PYTHONPATH": str(EXAMPLE.parent)}
    _run(
        [sys.executable, "-m", "bikeshare.train", f"--weeks={FIRST_MODEL_WEEKS}"],
        {**os.environ, **store.settings, **environment, **search},
    )
    holdfast = Path(sys.executable).with_name("holdfast")
    files = [f"--model={output / 'model.onnx'}", f"--reference={output / 'reference.npz'}"]
    files.append(f"--metadata={output / 'metadata.json'}")
    _run([str(holdfast), "package", "make", str(folder / "package"), *files], os.environ)
    return ModelPackage.read(folder / "package")


def publish_first_model(package: ModelPackage, store: Store) -> str:
    """Put the package into the store and return its URI."""
    with store.credentials_folder() as credentials:
        return publish_package(package, MODELS_URI, credentials)


def model_deployment(uri: str) -> dict[str, Any]:
    """Return the example's ModelDeployment with the URI of the first package."""
    found = dict(one_object(EXAMPLE / "model-deployment.yaml", "ModelDeployment"))
    found["spec"] = {**found["spec"], "model": {**found["spec"]["model"], "uri": uri}}
    return found


def _run(command: list[str], environment: Mapping[str, str]) -> None:
    ended = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        words = " ".join(Path(word).name for word in command[:4])
        raise DemoError(f"{words} ended with {ended.returncode}", ended.stdout + ended.stderr)
