"""The second identity of the demo: it may answer runs that ask, and nothing else."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.running import RunningCluster
from tests.demo.errors import DemoError

NAME = "reviewer"


@dataclass(frozen=True)
class Reviewer:
    """The command line in the hands of that account."""

    kubeconfig: Path
    namespace: str

    @classmethod
    def log_in(cls, cluster: RunningCluster, namespace: str, folder: Path) -> "Reviewer":
        """Return the account with a token of its own, in a kubeconfig that holds nothing else."""
        token = cluster.run_kubectl(f"--namespace={namespace}", "create", "token", NAME, "--duration=2h")
        known = yaml.safe_load(cluster.kubeconfig.read_text())
        current = next(each for each in known["contexts"] if each["name"] == known["current-context"])
        cluster_name = current["context"]["cluster"]
        context = {"cluster": cluster_name, "user": NAME, "namespace": namespace}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [each for each in known["clusters"] if each["name"] == cluster_name],
            "users": [{"name": NAME, "user": {"token": token.strip()}}],
            "contexts": [{"name": NAME, "context": context}],
            "current-context": NAME,
        }
        path = folder / "reviewer.kubeconfig"
        path.touch(0o600)
        path.write_text(yaml.safe_dump(config))
        return cls(path, namespace)

    def answer(self, run: Mapping[str, Any]) -> str:
        """Approve a candidate that the gate has passed, and reject one that it is unsure about.

        Returns:
            The decision: approved or rejected.

        Raises:
            DemoError: the answer was not taken.
        """
        passed = run.get("status", {}).get("evaluation", {}).get("verdict") == "Pass"
        word, why = ("approve", "better on hours new to both") if passed else ("reject", "not sure enough")
        self._holdfast(word, run["metadata"]["name"], f"--comment={why}")
        return f"{word.removesuffix('e')}ed"

    def _holdfast(self, *words: str) -> None:
        program = Path(sys.executable).with_name("holdfast")
        command = [str(program), *words, f"--kubeconfig={self.kubeconfig}", f"--namespace={self.namespace}"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise DemoError(f"holdfast {' '.join(words)}: {ended.stderr.strip()}")
