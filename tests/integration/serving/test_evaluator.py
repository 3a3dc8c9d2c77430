"""evaluate as its container runs it: real training output, a real champion, a real S3 server."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holdfast.gate_terms import CheckTerms, GateTerms
from holdfast.package import ModelPackage
from holdfast.profile import Profile
from holdfast.report.document import ReportDocument
from holdfast.results import EXIT_MODEL_REFUSED, EvaluationResult
from holdfast.settings import EvaluationSettings
from holdfast.store import fetch_package
from tests.integration.serving.server_process import run_command
from tests.unit.sdk.report.pages import Page
from tests.unit.serving import hostile_models
from tests.unit.serving.trained_models import TrainedModel, cancer_model, diabetes_model, wine_model

pytestmark = pytest.mark.integration

HELD_OUT = slice(300, 442)


def asking(*metrics: str) -> str:
    return GateTerms(checks=[CheckTerms(metric=name) for name in metrics]).to_json()


def write_training_output(folder: Path, model: TrainedModel, rows: slice = HELD_OUT, **arrays: Any) -> None:
    """Write what a trainer leaves behind: the model, reference and holdout rows, and metadata."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs: dict[str, Any] = {name: values[rows] for name, values in model.rows.items()}
    (folder / "model.onnx").write_bytes(model.onnx)
    np.savez(
        folder / "reference.npz", feature_names=np.array(next(iter(model.feature_names.values()))), **inputs
    )
    np.savez(folder / "holdout.npz", label=model.labels[rows], **{**inputs, **arrays})
    (folder / "metadata.json").write_text('{"dataDigest": "sha256:da7a", "note": "<script>"}')


@dataclass
class Evaluator:
    """Runs the evaluator over ``output`` with its own message file and store."""

    output: Path
    credentials: Path
    message: Path

    def run(self, **settings: Any) -> tuple[int, EvaluationResult]:
        wanted = EvaluationSettings.model_validate(
            {
                "candidate_dir": str(self.output),
                "output_uri": "s3://models/published",
                "credentials_dir": str(self.credentials),
                "run": "credit-drift-1",
                "termination_message_path": str(self.message),
                **settings,
            }
        )
        finished = run_command("evaluate", wanted)
        content = self.message.read_text()
        assert content, finished.stderr
        return finished.returncode, EvaluationResult.model_validate_json(content)


@pytest.fixture
def evaluator(tmp_path: Path, s3_credentials: Path) -> Evaluator:
    message = tmp_path / "termination-log"
    message.touch()
    return Evaluator(tmp_path / "output", s3_credentials, message)


@pytest.fixture
def champion(tmp_path: Path) -> ModelPackage:
    """Ten trees, which know little about diabetes."""
    return diabetes_model(trees=10).package(tmp_path / "champion")


def fetched(evaluator: Evaluator, result: EvaluationResult, into: Path) -> ModelPackage:
    return fetch_package(str(result.uri), result.digest, into, str(evaluator.credentials))


def test_candidate_is_compared_packaged_and_published(
    evaluator: Evaluator, champion: ModelPackage, tmp_path: Path
) -> None:
    write_training_output(evaluator.output, diabetes_model(), group=np.arange(142) // 7)
    code, result = evaluator.run(
        champion_dir=str(champion.folder), champion_digest=champion.digest, gate=asking("mae", "rmse")
    )
    assert code == 0
    assert (result.champion_digest, result.signature) == (champion.digest, "Identical")
    assert (result.holdout_rows, result.data_digest) == (142, "sha256:da7a")
    package = fetched(evaluator, result, tmp_path / "fetched")
    assert result.uri == f"s3://models/published/{package.digest.removeprefix('sha256:')}"
    assert package.size_bytes == result.size_bytes
    written = "model.onnx profile.json metadata.json report.json report.html README.md"
    assert set(package.manifest.names) == set(written.split())


def test_holdout_that_was_trained_on_is_found_and_parameters_are_kept(evaluator: Evaluator) -> None:
    model = diabetes_model()
    write_training_output(evaluator.output, model)
    (evaluator.output / "metadata.json").write_text('{"parameters": {"trees": 60, "token": "abc"}}')
    seen: dict[str, Any] = {name: values[250:371] for name, values in model.rows.items()}
    np.savez(evaluator.output / "training.npz", **seen)
    code, result = evaluator.run(gate=asking("mae"))
    assert code == 0
    assert result.holdout_overlap == pytest.approx(71 / 142)
    assert result.parameters == {"trees": "60", "token": "***"}


def test_metrics_are_those_of_both_models_on_the_same_rows(
    evaluator: Evaluator, champion: ModelPackage
) -> None:
    write_training_output(evaluator.output, diabetes_model())
    _, result = evaluator.run(champion_dir=str(champion.folder), champion_digest=champion.digest)
    found = {metric.name: metric for metric in result.metrics}
    labels = diabetes_model().labels[HELD_OUT]
    for model, value in (
        (diabetes_model(), found["mae"].candidate),
        (diabetes_model(trees=10), found["mae"].champion),
    ):
        predicted = model.session().run({"X": model.rows["X"][HELD_OUT]})["variable"].ravel()
        assert value == pytest.approx(float(np.abs(predicted - labels).mean()), rel=1e-4)
    assert set(found) == {"mae", "rmse", "r2", "latencyP95Milliseconds", "packageBytes"}
    low, high = found["mae"].regression_low, found["mae"].regression_high
    assert low is not None
    assert high is not None
    assert low < high < 0, "the linear model is better than ten trees beyond doubt"


def test_profile_is_made_from_the_reference_rows_with_their_names(
    evaluator: Evaluator, tmp_path: Path
) -> None:
    write_training_output(evaluator.output, diabetes_model())
    _, result = evaluator.run()
    profile = fetched(evaluator, result, tmp_path / "fetched").profile()
    assert profile is not None
    assert profile.hash == result.profile_hash
    assert profile.rows == 142
    assert [column.name for column in profile.of_kind("feature")] == diabetes_model().feature_names["X"]
    assert [column.name for column in profile.of_kind("output")] == ["variable"]


def test_ready_profile_is_kept(evaluator: Evaluator) -> None:
    write_training_output(evaluator.output, diabetes_model())
    (evaluator.output / "reference.npz").unlink()
    (evaluator.output / "profile.json").write_bytes(diabetes_model().profile_json())
    code, result = evaluator.run()
    assert code == 0
    assert result.profile_hash == Profile.parse(diabetes_model().profile_json()).hash


def test_first_model_needs_no_champion(evaluator: Evaluator) -> None:
    write_training_output(evaluator.output, diabetes_model())
    code, result = evaluator.run(gate=asking("mae"))
    assert (code, result.signature, result.champion_digest) == (0, None, None)
    assert all(metric.champion is None for metric in result.metrics)


def test_model_of_another_signature_is_judged_alone(evaluator: Evaluator, champion: ModelPackage) -> None:
    write_training_output(evaluator.output, wine_model(), slice(0, 178))
    code, result = evaluator.run(champion_dir=str(champion.folder), champion_digest=champion.digest)
    assert (code, result.signature, result.champion_digest) == (0, "Incompatible", champion.digest)
    assert all(metric.champion is None for metric in result.metrics)


def test_classifier_is_judged_overall_and_by_slice(evaluator: Evaluator, tmp_path: Path) -> None:
    sizes = np.where(cancer_model().rows["X"][:, 0] > 14, "large", "small")
    write_training_output(evaluator.output, cancer_model(), slice(0, 569), **{"slice:size": sizes})
    _, result = evaluator.run(gate=asking("accuracy", "auc", "logLoss"))
    assert {"accuracy", "balancedAccuracy", "f1", "auc", "logLoss"} <= {each.name for each in result.metrics}
    content = fetched(evaluator, result, tmp_path / "fetched").read_file("report.json")
    report = json.loads(content or b"")
    assert [(each["name"], each["value"]) for each in report["slices"]] == [
        ("size", "large"),
        ("size", "small"),
    ]


def test_report_says_what_was_found_and_runs_nothing_of_the_trainers(
    evaluator: Evaluator, champion: ModelPackage, tmp_path: Path
) -> None:
    write_training_output(evaluator.output, diabetes_model())
    compared = {"champion_dir": str(champion.folder), "champion_digest": champion.digest}
    _, result = evaluator.run(gate=asking("mae"), trigger='{"reason": "bmi has drifted"}', **compared)
    package = fetched(evaluator, result, tmp_path / "fetched")
    report = ReportDocument.parse(package.read_file("report.json") or b"")
    page = Page.read(package.read_file("report.html") or b"")
    assert (report.run, report.holdout.rows, report.holdout.groups) == ("credit-drift-1", 142, 142)
    assert (report.champion.digest, report.champion.signature) == (champion.digest, "Identical")
    assert report.expected_loss is not None
    assert report.expected_loss.metric == "mae"
    assert report.expected_loss.mean == pytest.approx(report.metrics[0].candidate)
    assert report.importance is not None
    assert {each.name for each in report.importance.features} == set(diabetes_model().feature_names["X"])
    assert page.text.startswith("Pass: credit-drift-1 Retrained model, run credit-drift-1 Better: MAE")
    assert "bmi has drifted" in page.text
    assert "<script>" in page.text
    assert "script" not in page.tags
    assert page.loaded == []
    assert b"| mae |" in (package.read_file("README.md") or b"")


Damage = Callable[[Path], object]


def rewrite(name: str, content: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(content)


def link_to_a_secret(folder: Path) -> None:
    (folder / "metadata.json").unlink()
    (folder / "metadata.json").symlink_to("/etc/passwd")


@pytest.mark.parametrize(
    ("damage", "reason", "message"),
    [
        pytest.param(
            lambda f: (f / "model.onnx").unlink(), "PackageInvalid", "wrote no model.onnx", id="no-model"
        ),
        pytest.param(rewrite("model.onnx", b"x"), "NotONNX", "no ONNX model", id="not-onnx"),
        pytest.param(
            rewrite("model.onnx", hostile_models.external_data()), "ExternalData", "", id="external-data"
        ),
        pytest.param(
            lambda f: (f / "holdout.npz").unlink(), "HoldoutInvalid", "holdout.npz", id="no-holdout"
        ),
        pytest.param(rewrite("holdout.npz", b"x"), "HoldoutInvalid", "no NPZ file", id="broken-holdout"),
        pytest.param(
            lambda f: np.savez(f / "holdout.npz", X=diabetes_model().rows["X"]),
            "HoldoutInvalid",
            "label",
            id="no-label",
        ),
        pytest.param(
            lambda f: (f / "reference.npz").unlink(), "ReferenceInvalid", "profile.json", id="no-reference"
        ),
        pytest.param(
            lambda f: np.savez(f / "reference.npz", Y=diabetes_model().rows["X"]),
            "ReferenceInvalid",
            "'X'",
            id="other-reference",
        ),
        pytest.param(
            rewrite("profile.json", wine_model().profile_json()),
            "PackageInvalid",
            "no place",
            id="other-profile",
        ),
        pytest.param(rewrite("metadata.json", b"[]"), "PackageInvalid", "not a JSON object", id="metadata"),
        pytest.param(link_to_a_secret, "PackageInvalid", "is a link", id="link"),
    ],
)
def test_what_cannot_be_judged_fails_with_its_reason(
    evaluator: Evaluator, damage: Damage, reason: str, message: str
) -> None:
    write_training_output(evaluator.output, diabetes_model())
    damage(evaluator.output)
    code, result = evaluator.run()
    assert result.failure is not None
    assert (code, result.failure.reason) == (EXIT_MODEL_REFUSED, reason)
    assert message in result.failure.message
    assert result.uri is None


@pytest.mark.parametrize(
    ("settings", "code", "reason"),
    [
        pytest.param({"gate": asking("accuracy", "mae")}, 20, "HoldoutInvalid", id="metrics-of-two-tasks"),
        pytest.param({"gate": asking("beauty")}, 20, "HoldoutInvalid", id="unknown-metric"),
        pytest.param({"max_package_bytes": 100}, 20, "PackageTooLarge", id="too-large"),
        pytest.param({"output_uri": "https://x/y"}, 20, "UnsupportedURI", id="output-that-cannot-be-written"),
        pytest.param({"output_uri": "s3://no-such-bucket/x"}, 21, "ModelNotFound", id="no-such-bucket"),
    ],
)
def test_wrong_settings_fail_with_their_reason(
    evaluator: Evaluator, settings: dict[str, Any], code: int, reason: str
) -> None:
    write_training_output(evaluator.output, diabetes_model())
    found, result = evaluator.run(**settings)
    assert result.failure is not None
    assert (found, result.failure.reason) == (code, reason)


def test_other_bytes_than_the_champions_are_not_compared_with(
    evaluator: Evaluator, champion: ModelPackage
) -> None:
    write_training_output(evaluator.output, diabetes_model())
    code, result = evaluator.run(champion_dir=str(champion.folder), champion_digest="sha256:" + "0" * 64)
    assert result.failure is not None
    assert (code, result.failure.reason) == (EXIT_MODEL_REFUSED, "DigestMismatch")
