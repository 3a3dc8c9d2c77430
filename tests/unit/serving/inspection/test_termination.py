"""Termination messages always fit and are always JSON."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.results import (
    MAX_MESSAGE_BYTES,
    EvaluationResult,
    Failure,
    InspectionResult,
    MetricComparison,
    TensorSignature,
)
from holdfast_serving.inspection.termination import fitted, write_termination_message

TENSORS = [TensorSignature(name="x" * 128, datatype="UINT64", shape=[-1, 123456])] * 16
METRIC = MetricComparison(
    name="latencyP95Milliseconds",
    champion=1.23456e-10,
    candidate=1.23456e-10,
    regression=-1.23456e-10,
    regression_low=-1.23456e-10,
    regression_high=-1.23456e-10,
)


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(
            InspectionResult(digest="sha256:ab", inputs=TENSORS, outputs=TENSORS), id="many-tensors"
        ),
        pytest.param(
            InspectionResult(failure=Failure(reason="NotONNX", message="模" * 1024)), id="long-words"
        ),
        pytest.param(EvaluationResult(uri="s3://b/" + "k" * 1017, metrics=[METRIC] * 10), id="all-metrics"),
    ],
)
def test_largest_results_fit(result: InspectionResult | EvaluationResult) -> None:
    message = fitted(result)
    assert len(message.encode()) <= MAX_MESSAGE_BYTES
    read = type(result).model_validate_json(message)
    assert read.digest == result.digest
    assert (read.failure is None) == (result.failure is None)


@settings(deadline=None)
@given(st.text(max_size=1024))
def test_any_failure_fits_and_keeps_its_reason(message: str) -> None:
    result = InspectionResult(failure=Failure(reason="CheckFailed", message=message))
    written = fitted(result)
    assert len(written.encode()) <= MAX_MESSAGE_BYTES
    failure = InspectionResult.model_validate_json(written).failure
    assert failure is not None
    assert failure.reason == "CheckFailed"
    assert message.startswith(failure.message)


def test_small_results_are_written_as_they_are(tmp_path: Path) -> None:
    result = InspectionResult(digest="sha256:ab", size_bytes=7, inputs=TENSORS[:1], outputs=TENSORS[:1])
    write_termination_message(str(tmp_path / "log"), result)
    assert InspectionResult.model_validate_json((tmp_path / "log").read_text()) == result
