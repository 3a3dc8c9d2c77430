from typing import Any

import pytest

from tests.demo.diagnosis import troubled_containers


def pod(*containers: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "pod"}, "status": {"containerStatuses": list(containers)}}


@pytest.mark.parametrize(
    ("container", "troubled"),
    [
        pytest.param({"state": {"terminated": {"exitCode": 2}}}, True, id="failed"),
        pytest.param({"state": {"terminated": {"exitCode": 0}}}, False, id="done"),
        pytest.param({"state": {"running": {}}, "ready": True}, False, id="ready"),
        pytest.param({"state": {"running": {}}, "ready": False}, True, id="not ready"),
        pytest.param({"state": {"waiting": {}}}, False, id="never ran, so has no log"),
        pytest.param(
            {"state": {"waiting": {}}, "lastState": {"terminated": {"exitCode": 1}}}, True, id="starts again"
        ),
    ],
)
def test_logs_are_shown_of_containers_that_are_in_trouble(container: dict[str, Any], troubled: bool) -> None:
    found = list(troubled_containers([pod({"name": "trainer", **container})]))
    assert found == ([("pod", "trainer")] if troubled else [])
