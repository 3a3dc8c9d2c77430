"""Serving pods: what the server is told, given and reached by."""

import pytest

from holdfast.settings import ServerSettings
from holdfast_operator.api.server import Server
from holdfast_operator.manifests.metadata import ImageSettings
from holdfast_operator.manifests.server_deployment import render_server_deployment
from tests.unit.operator.manifests.rendered import CHILDREN, PODS, container, environment
from tests.unit.operator.manifests.samples import CLAIM_REVISION, GPU_RESOURCE, PLAIN_SETTINGS, RESOURCE


def test_a_server_with_defaults_is_told_only_who_it_is() -> None:
    assert environment("server", "server_deployment_from_claim") == {
        "HOLDFAST_MODEL_NAME": "credit",
        "HOLDFAST_MODEL_REVISION": "credit-0123456789",
        "HOLDFAST_GRPC_PORT": "8081",
        "HOLDFAST_FEEDBACK_KEY": "prediction-ids:uid-of-credit",
    }


def test_every_default_of_the_api_is_the_servers() -> None:
    """Else leaving a field out would say something else than its documented default."""
    explicit = Server().model_dump(by_alias=True, exclude={"resources"})
    revision = CLAIM_REVISION.model_copy(update={"server": explicit})
    rendered = render_server_deployment(RESOURCE, revision, PLAIN_SETTINGS, 3)
    assert rendered == CHILDREN["server_deployment_from_claim"]


@pytest.mark.parametrize("child", ["server_deployment", "server_deployment_from_claim"])
def test_drain_and_requests_in_flight_fit_into_the_grace_period(child: str) -> None:
    served = ServerSettings.from_env(environment("server", child))
    grace = PODS[child]["terminationGracePeriodSeconds"]
    assert grace >= served.drain_seconds + served.request_timeout_seconds + 5


def test_a_gpu_is_asked_for_by_serving_pods_only() -> None:
    server = container("server", "server_deployment_on_gpu")
    assert server["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert environment("server", "server_deployment_on_gpu")["HOLDFAST_EXECUTION_PROVIDERS"] == (
        "TensorRT,CUDA,CPU"
    )
    inspect = container("inspect", "inspection_job_of_gpu_model")
    assert set(inspect["resources"]["limits"]) == {"cpu", "memory"}
    assert inspect["image"] == PLAIN_SETTINGS.server_image


def test_gpu_image_serves_what_needs_a_gpu() -> None:
    settings = ImageSettings("server:1", "evaluator:1", gpu_server_image="server-gpu:1")
    assert settings.serving_image(GPU_RESOURCE.spec.server) == "server-gpu:1"
    assert settings.serving_image(RESOURCE.spec.server) == "server:1"
    assert PLAIN_SETTINGS.serving_image(GPU_RESOURCE.spec.server) == "server:1"


def test_captured_rows_go_to_a_claim_that_the_fetching_container_only_reads() -> None:
    child = "server_deployment_on_gpu"
    settings = ServerSettings.from_env(environment("server", child))
    assert settings.capture_uri == "file:///mnt/capture/captured"
    (claim,) = [each for each in PODS[child]["volumes"] if "persistentVolumeClaim" in each]
    assert claim["persistentVolumeClaim"]["readOnly"] is False
    mounts = {
        name: [each for each in container(name, child)["volumeMounts"] if each["name"] == claim["name"]]
        for name in ("fetch", "server")
    }
    assert mounts["fetch"][0]["readOnly"] is True
    assert mounts["server"] == [{"name": claim["name"], "mountPath": "/mnt/capture"}]


def test_feedback_that_is_off_gets_no_key() -> None:
    settings = ServerSettings.from_env(environment("server", "server_deployment_on_gpu"))
    assert (settings.feedback, settings.feedback_key, settings.feedback_key_file) == (False, None, None)
    assert not [each for each in PODS["server_deployment_on_gpu"]["volumes"] if "secret" in each]


def test_keys_reach_only_the_containers_that_use_them() -> None:
    def keys(name: str, child: str) -> set[str]:
        names = [mount["name"].partition("-")[0] for mount in container(name, child)["volumeMounts"]]
        return {name for name in names if name in ("verification", "feedback")}

    assert keys("fetch", "server_deployment") == {"verification"}
    assert keys("server", "server_deployment") == {"feedback"}
    assert keys("inspect", "inspection_job") == {"verification"}
    assert keys("fetch-champion", "training_job") == {"verification"}
    assert keys("trainer", "training_job") == keys("evaluate", "training_job") == set()


def test_grpc_has_a_port_unless_it_is_off() -> None:
    ports = {each["name"]: each for each in CHILDREN["service"]["spec"]["ports"]}
    assert ports["grpc"] == {
        "name": "grpc",
        "port": 8081,
        "targetPort": "grpc",
        "protocol": "TCP",
        "appProtocol": "kubernetes.io/h2c",
    }
    assert [each["name"] for each in CHILDREN["service_without_grpc"]["spec"]["ports"]] == ["http"]
    assert [each["name"] for each in container("server", "server_deployment")["ports"]] == ["http", "grpc"]
    assert [each["name"] for each in container("server", "server_deployment_on_gpu")["ports"]] == ["http"]
