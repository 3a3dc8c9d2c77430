"""The engines' own custom resource definitions, from the Go modules that they publish."""

import json
import subprocess
from pathlib import Path
from typing import Final

from tests.cluster.errors import ClusterError

MODULES: Final = {
    "github.com/kubeflow/training-operator@v1.8.1": (
        "h1:mVvoBSCInbMBX0gGSn4+Ihj3ycwoLO1iEAw+0qPhQfc=",
        "manifests/base/crds/kubeflow.org_pytorchjobs.yaml",
    ),
    "github.com/kubeflow/trainer/v2@v2.0.0": (
        "h1:mnQSR9iPKItxyUR8mq66XsmxqKNVHwr9YYOB7BTU9dU=",
        "manifests/base/crds/trainer.kubeflow.org_trainjobs.yaml",
    ),
    "github.com/ray-project/kuberay/ray-operator@v1.4.2": (
        "h1:A4tGzbIky8sInAUxZBdBb+rrpZ7fbqoxdsOtm559Zqg=",
        "config/crd/bases/ray.io_rayjobs.yaml",
    ),
    "github.com/argoproj/argo-workflows/v3@v3.6.10": (
        "h1:MFFGzeTXwNKSdDZ5jwQQb26AMGng4bSML38hjxB3Wt0=",
        "manifests/base/crds/minimal/argoproj.io_workflows.yaml",
    ),
    "sigs.k8s.io/jobset@v0.10.1": (
        "h1:u8QKifNsrWVrlRFe6w2ofYTqFT9ma2DRHxfeB2m9xyU=",
        "config/components/crd/bases/jobset.x-k8s.io_jobsets.yaml",
    ),
}
"""By module: its hash (go.sum) and where it keeps the definition."""


def definitions() -> list[Path]:
    """Return the files with the definitions.

    Raises:
        ClusterError: Go is missing, a module cannot be fetched, or it is not the one that is meant.
    """
    return [_definition(module, *rest) for module, rest in MODULES.items()]


def _definition(module: str, sum_: str, path: str) -> Path:
    command = ["go", "mod", "download", "-json", module]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError(f"go mod download {module}: {done.stderr.strip() or done.stdout.strip()}")
    found = json.loads(done.stdout)
    if found["Sum"] != sum_:
        raise ClusterError(f"{module} has the hash {found['Sum']}, not {sum_}")
    return Path(found["Dir"]) / path
