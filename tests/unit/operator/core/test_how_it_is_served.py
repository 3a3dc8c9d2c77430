"""What spec.server decides: revisions, images and the network that pods reach."""

import copy
from dataclasses import replace

import pytest

from holdfast_operator.api.server import Server
from tests.unit.operator.core.world import World


def test_spelling_out_a_default_or_a_field_that_is_new_makes_no_new_revision() -> None:
    """What an API server of a newer version fills in must roll nothing."""
    world = World()
    world.serve()
    serving = copy.deepcopy(world.of_kind("Deployment"))
    world.edit(server=Server().model_dump(by_alias=True, exclude_none=True))
    world.settle()
    assert world.of_kind("Deployment") == serving
    assert world.summary()["Reconciling"] == "False/Settled"


def test_model_on_a_gpu_is_served_by_the_gpu_image_and_inspected_without_a_gpu() -> None:
    world = World(
        server={
            "executionProviders": ["CUDA"],
            "resources": {"limits": {"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "1"}},
        }
    )
    world.settings = replace(world.settings, gpu_server_image="holdfast-server-gpu:1.0")
    world.settle()
    (inspect,) = world.inspection()["spec"]["template"]["spec"]["containers"]
    assert inspect["image"] == "holdfast-server:1.0"
    assert "nvidia.com/gpu" not in inspect["resources"]["limits"]
    name = world.serve()
    assert world.status["stableRevision"]["image"] == "holdfast-server-gpu:1.0"
    pod = world.children["Deployment", name]["spec"]["template"]["spec"]
    assert {each["image"] for each in (*pod["initContainers"], *pod["containers"])} == {
        "holdfast-server-gpu:1.0"
    }


@pytest.mark.parametrize(
    ("uri", "reaches"), [("s3://captured/credit", True), ("pvc://captured/credit", False)]
)
def test_captured_rows_get_out_for_as_long_as_a_revision_captures(uri: str, reaches: bool) -> None:
    world = World(model={"uri": "pvc://models/credit"}, server={"capture": {"uri": uri}})
    world.serve()
    assert bool(world.children["NetworkPolicy", "credit"]["spec"]["egress"]) is reaches
    world.edit(server={})
    world.step()
    assert bool(world.children["NetworkPolicy", "credit"]["spec"]["egress"]) is reaches
    world.make_ready(world.status["candidateRevision"]["name"])
    world.settle()
    assert world.children["NetworkPolicy", "credit"]["spec"]["egress"] == []
