"""kubectl against the API server of the test run."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.control_plane import ControlPlane
from tests.cluster.programs import program


@dataclass(frozen=True)
class Kubectl:
    """Runs kubectl with one kubeconfig; objects are read from YAML or JSON on standard input."""

    kubeconfig: Path
    namespace: str = "default"

    def run(self, *words: str, given: Any = None) -> subprocess.CompletedProcess[str]:
        """Run it and return what came out, whatever the exit status."""
        stdin = json.dumps(given) if isinstance(given, Mapping) else given
        place = (f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.kubeconfig.parent}/kubectl-cache")
        command = [str(program("kubectl")), *place, f"--namespace={self.namespace}", *words]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)

    def ok(self, *words: str, given: Any = None) -> str:
        """Run it and return its output; fail the test unless it succeeds."""
        done = self.run(*words, given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, *words: str, given: Any = None) -> str:
        """Run it and return its complaint; fail the test if it succeeds."""
        done = self.run(*words, given=given)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def read(self, *words: str) -> dict[str, Any]:
        """Return one object."""
        found: dict[str, Any] = json.loads(self.ok("get", *words, "--output=json"))
        return found

    def apply(self, given: Any, *words: str, manager: str = "test") -> dict[str, Any]:
        """Apply one object on the server and return it as it is then."""
        options = ("--server-side", f"--field-manager={manager}", "--output=json", "--filename=-")
        applied: dict[str, Any] = json.loads(self.ok("apply", *options, *words, given=given))
        return applied


def kubectl_of(plane: ControlPlane) -> Kubectl:
    """Return kubectl for PLANE, in its namespace default."""
    return Kubectl(plane.kubeconfig)
