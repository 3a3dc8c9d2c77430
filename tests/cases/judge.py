"""The real evaluator and gate, by the side of the real S3 server that candidates are published to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast.manifest import REPORT_FILE
from holdfast.package import ModelPackage
from holdfast.results import EvaluationResult
from holdfast.settings import EvaluationSettings
from holdfast.store import fetch_package
from holdfast_operator.api.gate import Gate
from holdfast_operator.api.retrain_run import Evaluation
from holdfast_operator.core.gate import assess_gate
from tests.integration.serving.server_process import run_command


@dataclass
class Judge:
    """Judges what trainers leave behind, as the container beside them does, and then as the operator does."""

    folder: Path
    credentials: Path
    gate: Gate
    results: list[EvaluationResult] = field(default_factory=list)

    @classmethod
    def by(cls, folder: Path, credentials: Path, checks: Sequence[Mapping[str, Any]]) -> "Judge":
        """Return a judge with these checks of a RetrainPolicy's gate."""
        return cls(folder, credentials, Gate.model_validate({"checks": checks}))

    def judge(self, trained: Path, champion: ModelPackage | None = None) -> ModelPackage:
        """Evaluate what a trainer left behind; return the published package."""
        number = len(self.results)
        message = self.folder / f"termination-log-{number}"
        message.touch()
        compared = (
            {"champion_dir": str(champion.folder), "champion_digest": champion.digest} if champion else {}
        )
        settings = EvaluationSettings.model_validate(
            {
                "candidate_dir": str(trained),
                "output_uri": "s3://models/cases",
                "credentials_dir": str(self.credentials),
                "run": f"case-{number}",
                "termination_message_path": str(message),
                "gate": self.gate.terms().to_json(),
                **compared,
            }
        )
        ended = run_command("evaluate", settings)
        assert ended.returncode == 0, ended.stderr
        self.results.append(EvaluationResult.model_validate_json(message.read_text()))
        result = self.results[-1]
        into = self.folder / f"package-{number}"
        return fetch_package(str(result.uri), result.digest, into, str(self.credentials))

    def metric(self, name: str) -> tuple[float | None, float]:
        """Return champion's and candidate's value at the last judgement."""
        (found,) = [each for each in self.results[-1].metrics if each.name == name]
        return found.champion, found.candidate

    def assess(self, *checks: Mapping[str, Any]) -> Evaluation:
        """Return what the gate, or one with these checks, says about the last candidate."""
        gate = Gate.model_validate({"checks": checks}) if checks else self.gate
        return assess_gate(gate, self.results[-1], has_champion=True)


def report_of(package: ModelPackage) -> str:
    """Return the report that is in a package, as text."""
    return (package.folder / REPORT_FILE).read_text()
