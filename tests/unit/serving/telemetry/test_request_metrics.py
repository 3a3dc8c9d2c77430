"""The server exposes exactly the metrics that the definitions name."""

from prometheus_client.parser import text_string_to_metric_families

from holdfast.metrics import INFERENCE_SECONDS, MODEL_INFO, REQUEST_SECONDS, REQUESTS
from holdfast_serving.telemetry.request_metrics import Telemetry


def samples(telemetry: Telemetry, *names: str) -> dict[str, float]:
    families = text_string_to_metric_families(telemetry.render(names).decode())
    return {
        sample.name + "".join(sorted(f" {key}={value}" for key, value in sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def test_requests_are_counted_by_status_and_time() -> None:
    telemetry = Telemetry("m", "r1")
    for status in (200, 200, 413):
        telemetry.count_request(status, 0.003)
    found = samples(telemetry)
    assert found[f"{REQUESTS.name} code=200 model=m revision=r1"] == 2
    assert found[f"{REQUESTS.name} code=413 model=m revision=r1"] == 1
    assert found[f"{REQUEST_SECONDS.name}_bucket le=0.005 model=m revision=r1"] == 3
    assert found[f"{REQUEST_SECONDS.name}_bucket le=0.0025 model=m revision=r1"] == 0


def test_inference_time_is_counted_apart() -> None:
    telemetry = Telemetry("m", "r1")
    telemetry.count_inference(0.25)
    assert samples(telemetry)[f"{INFERENCE_SECONDS.name}_sum model=m revision=r1"] == 0.25


def test_model_info_names_package_and_profile() -> None:
    telemetry = Telemetry("m", "r1")
    telemetry.set_model("sha256:ab", "cd")
    assert samples(telemetry)[f"{MODEL_INFO.name} digest=sha256:ab model=m profile=cd revision=r1"] == 1


def test_only_the_names_asked_for_are_rendered() -> None:
    found = samples(Telemetry("m", "r1"), REQUESTS.name)
    assert {name.split()[0] for name in found} == {REQUESTS.name}


def test_statuses_that_nobody_thought_of_are_counted_together() -> None:
    telemetry = Telemetry("m", "r1")
    telemetry.count_request(418, 0.003)
    assert samples(telemetry)[f"{REQUESTS.name} code=other model=m revision=r1"] == 1
