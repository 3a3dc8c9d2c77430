"""The optional sections, by the packages of the evaluator's image with extras, in the order of its path."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holdfast.gate_terms import CheckTerms, GateTerms
from holdfast.report.document import ReportDocument
from holdfast.report.page import render_page
from holdfast.results import EvaluationResult
from holdfast.settings import EvaluationSettings
from holdfast.store import fetch_package
from tests.cluster.image_recipes import extras_packages
from tests.cluster.site_packages import IMAGE_PYTHON, REPOSITORY
from tests.integration.sdk.conftest import s3_credentials, s3_endpoint
from tests.unit.sdk.report.pages import Page
from tests.unit.serving.trained_models import diabetes_model

__all__ = ["s3_credentials", "s3_endpoint"]  # fixtures

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        f"{sys.version_info.major}.{sys.version_info.minor}" != IMAGE_PYTHON,
        reason=f"the image's packages are for Python {IMAGE_PYTHON}",
    ),
]


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """What a trainer leaves behind: of the rows it was trained on, bmi is other than in the holdout."""
    model = diabetes_model()
    rows = model.rows["X"]
    other = rows[:300].copy()
    other[:, model.feature_names["X"].index("bmi")] += 0.2
    folder = tmp_path / "output"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(model.onnx)
    names = np.array(model.feature_names["X"])
    np.savez(folder / "reference.npz", X=rows[300:], feature_names=names)
    np.savez(folder / "holdout.npz", X=rows[300:], label=model.labels[300:])
    np.savez(folder / "training.npz", X=other)
    return folder


def evaluated(trained: Path, credentials: Path, folder: Path, **settings: Any) -> ReportDocument:
    """Evaluate with what the image has, and nothing of this environment."""
    message = folder / "termination-log"
    message.touch()
    wanted = EvaluationSettings(
        candidate_dir=str(trained),
        output_uri="s3://models/published",
        credentials_dir=str(credentials),
        run="diabetes-1",
        gate=GateTerms(checks=[CheckTerms(metric="mae", max="60")]).to_json(),
        termination_message_path=str(message),
        **settings,
    )
    ours = (REPOSITORY / "sdk", REPOSITORY / "serving-image")
    path = os.pathsep.join(map(str, (*ours, *extras_packages())))
    env = {"PYTHONPATH": path, "HOME": str(folder), "PATH": "", "DO_NOT_TRACK": "1"}
    env |= {each["name"]: each["value"] for each in wanted.to_env()}
    base = getattr(sys, "_base_executable", sys.executable)
    ended = subprocess.run(
        [base, "-S", "-B", "-m", "holdfast_serving", "evaluate"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "the report has no section" not in ended.stderr
    result = EvaluationResult.model_validate_json(message.read_text())
    package = fetch_package(str(result.uri), result.digest, folder / "package", str(credentials))
    return ReportDocument.parse(package.read_file("report.json") or b"")


def test_evidently_sees_which_feature_differs_and_energy_is_measured(
    trained: Path, s3_credentials: Path, tmp_path: Path
) -> None:
    found = evaluated(trained, s3_credentials, tmp_path, report_sections="data,energy", energy_country="DEU")
    assert found.data is not None
    assert found.data.tool.startswith("Evidently 0.")
    assert (found.data.rows, found.data.reference_rows) == (142, 300)
    columns = {each.name: each for each in found.data.columns}
    assert set(columns) == set(diabetes_model().feature_names["X"])
    assert columns["bmi"].is_drifted is True
    assert sum(each.is_drifted is True for each in columns.values()) == 1
    assert {each.missing for each in columns.values()} == {0.0}
    assert found.energy is not None
    assert found.energy.energy_kilowatt_hours > 0
    assert found.energy.emissions_kilograms is not None
    assert "1 of 10 differ from 300 training rows." in Page.read(render_page(found)).text


def test_without_training_rows_and_country_there_is_less_to_say(
    trained: Path, s3_credentials: Path, tmp_path: Path
) -> None:
    (trained / "training.npz").unlink()
    found = evaluated(trained, s3_credentials, tmp_path, report_sections="data,energy")
    assert found.data is not None
    assert (found.data.reference_rows, {each.method for each in found.data.columns}) == (None, {None})
    assert found.energy is not None
    assert found.energy.emissions_kilograms is None


def test_without_their_settings_there_are_no_such_sections(
    trained: Path, s3_credentials: Path, tmp_path: Path
) -> None:
    found = evaluated(trained, s3_credentials, tmp_path)
    assert (found.data, found.energy) == (None, None)
    assert found.importance is not None
