"""The route: shares that add up, and only the paths that are meant for clients."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_operator.manifests.http_route import Backend, render_http_route
from tests.unit.operator.manifests.rendered import CHILDREN
from tests.unit.operator.manifests.samples import RESOURCE, gateway_of

ROUTES = {name: child for name, child in CHILDREN.items() if child["kind"] == "HTTPRoute"}


def route(*weights: int) -> Any:
    backends = [Backend(f"credit-{index}", weight) for index, weight in enumerate(weights)]
    return render_http_route(RESOURCE, gateway_of(RESOURCE), backends)


@given(weight=st.integers(0, 100))
def test_weights_of_every_rule_add_up_to_100(weight: int) -> None:
    for rule in route(100 - weight, weight)["spec"]["rules"]:
        assert [backend["weight"] for backend in rule["backendRefs"]] == [100 - weight, weight]


@pytest.mark.parametrize("weights", [(), (99,), (50, 51), (110, -10)])
def test_weights_that_do_not_add_up_are_never_sent(weights: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="do not add up to 100"):
        route(*weights)


@pytest.mark.parametrize("name", ROUTES)
def test_metrics_are_reached_from_within_the_cluster_only(name: str) -> None:
    paths = [match["path"] for rule in ROUTES[name]["spec"]["rules"] for match in rule["matches"]]
    assert {path["type"] for path in paths} == {"PathPrefix"}
    assert all(path["value"].startswith(("/v2", "/inference.")) for path in paths)


@pytest.mark.parametrize("name", ROUTES)
def test_references_stay_in_the_namespace_except_to_the_gateway(name: str) -> None:
    for rule in ROUTES[name]["spec"]["rules"]:
        assert all("namespace" not in backend for backend in rule["backendRefs"])


def test_the_gateway_waits_longer_than_the_server() -> None:
    limits = RESOURCE.spec.server.limits
    for rule in route(100)["spec"]["rules"]:
        seconds = int(rule["timeouts"]["request"].removesuffix("s"))
        assert seconds > limits.request_timeout_seconds + limits.body_timeout_seconds
