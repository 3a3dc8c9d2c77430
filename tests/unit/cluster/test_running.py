"""Which cluster is used, and what is said when there is none."""

import os
from pathlib import Path

import pytest

from tests.cluster import running
from tests.cluster.adapters.existing import ExistingAdapter
from tests.cluster.adapters.kind import KindAdapter
from tests.cluster.adapters.node import NodeAdapter
from tests.cluster.errors import ClusterError
from tests.cluster.image_build import Image


@pytest.mark.parametrize(
    ("chosen", "user", "docker", "expected"),
    [
        pytest.param("", 0, False, NodeAdapter, id="root gets a node"),
        pytest.param("", 0, True, NodeAdapter, id="root gets a node beside docker"),
        pytest.param("", 1000, True, KindAdapter, id="others get kind where docker answers"),
        pytest.param("kind", 0, True, KindAdapter, id="kind by name"),
        pytest.param("existing", 1000, False, ExistingAdapter, id="existing by name"),
    ],
)
def test_adapter_is_chosen(
    chosen: str, user: int, docker: bool, expected: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_CLUSTER", chosen)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(running, "docker_answers", lambda: docker)
    assert isinstance(running.choose_adapter("name"), expected)


def test_without_root_and_docker_the_ways_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOLDFAST_CLUSTER", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(running, "docker_answers", lambda: False)
    with pytest.raises(ClusterError, match=r"run as root on Linux .* start Docker .* KUBECONFIG"):
        running.choose_adapter("name")


def test_unknown_choice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_CLUSTER", "minikube")
    with pytest.raises(ClusterError, match="HOLDFAST_CLUSTER=minikube"):
        running.choose_adapter("name")


def test_image_gets_into_an_existing_cluster_by_the_users_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "image.tar"
    image = Image("holdfast.test/server:1", archive)
    archive.touch()
    monkeypatch.setenv("HOLDFAST_LOAD_IMAGE", "cp {archive} {archive}.loaded")
    ExistingAdapter().load_image(image)
    assert archive.with_name("image.tar.loaded").exists()
    monkeypatch.setenv("HOLDFAST_LOAD_IMAGE", "false {ref}")
    with pytest.raises(ClusterError, match=r"false holdfast\.test/server:1"):
        ExistingAdapter().load_image(image)
