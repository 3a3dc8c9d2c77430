"""Settings come from the environment and are checked before anything starts."""

import pytest
from pydantic import ValidationError

from holdfast_operator.settings import OperatorSettings

IMAGES = {
    "HOLDFAST_OPERATOR_SERVER_IMAGE": "server:1",
    "HOLDFAST_OPERATOR_EVALUATOR_IMAGE": "evaluator:1",
}


def test_defaults_need_only_the_images() -> None:
    settings = OperatorSettings.from_env(IMAGES)
    assert settings.watch_namespaces == ()
    assert settings.scrape_interval_seconds == 15
    assert settings.identity


def test_lists_are_separated_by_commas_and_other_variables_are_left_alone() -> None:
    environment = {**IMAGES, "HOLDFAST_OPERATOR_WATCH_NAMESPACES": "a, b,", "HOLDFAST_MODEL_NAME": "credit"}
    assert OperatorSettings.from_env(environment).watch_namespaces == ("a", "b")


def test_empty_variable_is_unset() -> None:
    environment = {**IMAGES, "HOLDFAST_OPERATOR_WORKERS": "", "HOLDFAST_OPERATOR_WATCH_NAMESPACES": ""}
    settings = OperatorSettings.from_env(environment)
    assert (settings.workers, settings.watch_namespaces) == (8, ())


@pytest.mark.parametrize("name", ["ALERT_CERTIFICATE_FILE", "ALERT_KEY_FILE"])
def test_certificate_and_key_go_together(name: str) -> None:
    with pytest.raises(ValidationError, match="together or not at all"):
        OperatorSettings.from_env({**IMAGES, f"HOLDFAST_OPERATOR_{name}": "/etc/tls"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("WORKERS", "0", id="too small"),
        pytest.param("IMAGE_PULL_POLICY", "Sometimes", id="not one of the choices"),
        pytest.param("WROKERS", "3", id="misspelt"),
    ],
)
def test_wrong_setting_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=name.lower()):
        OperatorSettings.from_env({**IMAGES, f"HOLDFAST_OPERATOR_{name}": value})


def test_queries_of_rollouts_need_a_prometheus() -> None:
    with pytest.raises(ValidationError, match="prometheus_queries needs prometheus_url"):
        OperatorSettings.from_env({**IMAGES, "HOLDFAST_OPERATOR_PROMETHEUS_QUERIES": "true"})
