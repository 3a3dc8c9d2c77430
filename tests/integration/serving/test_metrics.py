"""What a scrape of a real server shows: the metrics by which the operator sees drift."""

import time

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from holdfast.metrics import (
    ANOMALOUS_ROWS,
    CAPTURE_METRICS,
    DISTRIBUTION_ROWS,
    DRIFT_METRICS,
    EXPECTED_LOSS,
    HOLDOUT_METRIC,
    MODEL_INFO,
    REGRESSION_METRICS,
    REQUESTS,
    ROWS,
    SERVER_METRICS,
    SHADOW_METRICS,
)
from holdfast.profile import Profile
from tests.integration.serving.server_process import DEADLINE_SECONDS, ServerProcess
from tests.integration.serving.test_protocol import INFER, X, request
from tests.unit.serving.trained_models import wine_model

pytestmark = pytest.mark.integration

Samples = dict[str, dict[tuple[str, ...], float]]


def scrape(url: str, *names: str) -> Samples:
    response = httpx.get(f"{url}/metrics", params=[("name[]", name) for name in names])
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    found: Samples = {}
    for family in text_string_to_metric_families(response.text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def rows_counted(url: str) -> float:
    return sum(scrape(url, ROWS.name)[ROWS.name].values())


def test_rows_are_published_in_blocks_and_fill_the_bins(wine_server: ServerProcess) -> None:
    before = scrape(wine_server.url)
    assert httpx.post(f"{wine_server.url}{INFER}", json=request(X)).status_code == 200
    deadline = time.monotonic() + DEADLINE_SECONDS
    while rows_counted(wine_server.url) < sum(before[ROWS.name].values()) + len(X):
        assert time.monotonic() < deadline, "the rows were not counted"
    after = scrape(wine_server.url, *(metric.name for metric in DRIFT_METRICS))
    rows = sum(after[ROWS.name].values())
    columns = Profile.parse(wine_model().profile_json()).columns
    missing = sum(value for key, value in after[ANOMALOUS_ROWS.name].items() if "missing" in key)
    assert sum(after[DISTRIBUTION_ROWS.name].values()) + missing == rows * len(columns)


def test_every_defined_metric_is_exposed_with_its_labels(wine_server: ServerProcess) -> None:
    httpx.post(f"{wine_server.url}{INFER}", json=request())
    httpx.post(f"{wine_server.url}{INFER}", json={})
    families = text_string_to_metric_families(httpx.get(f"{wine_server.url}/metrics").text)
    labels = {sample.name: set(sample.labels) for family in families for sample in family.samples}
    of_reports = {HOLDOUT_METRIC, EXPECTED_LOSS}  # of packages that a run has made
    elsewhere = {*SHADOW_METRICS, *CAPTURE_METRICS, *REGRESSION_METRICS} | of_reports
    for metric in set(SERVER_METRICS) - elsewhere:
        name = f"{metric.name}_count" if metric.kind == "histogram" else metric.name
        assert labels[name] == set(metric.labels)
    found = scrape(wine_server.url, REQUESTS.name)[REQUESTS.name]
    assert found[("wine", "wine-1", "200")] >= 1
    assert found[("wine", "wine-1", "400")] >= 1


def test_info_names_the_package_and_the_profile(wine_server: ServerProcess) -> None:
    (labels,) = scrape(wine_server.url, MODEL_INFO.name)[MODEL_INFO.name]
    assert Profile.parse(wine_model().profile_json()).hash in labels
    assert any(label.startswith("sha256:") for label in labels)


def test_operators_scrape_gets_what_it_asks_for_and_no_more(wine_server: ServerProcess) -> None:
    wanted = {metric.name for metric in DRIFT_METRICS} | {"process_start_time_seconds"}
    assert set(scrape(wine_server.url, *wanted)) == wanted
