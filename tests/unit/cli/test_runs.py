"""`holdfast runs`."""

import json

import pytest

from tests.unit.cli.conftest import MemoryCluster
from tests.unit.cli.invocation import Run
from tests.unit.cli.objects import ago, retrain_policy, retrain_run


def test_runs_are_listed_newest_first(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [retrain_run(f"run-{age}", created=ago(minutes=age)) for age in (30, 10, 20)]
    lines = run("runs").out.splitlines()
    assert [line.split()[2] for line in lines] == ["run-10", "run-20", "run-30"]


def test_limit_says_how_many_are_left_out(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [retrain_run(f"run-{age}", created=ago(minutes=age)) for age in range(5)]
    assert "and 3 older runs" in run("runs", "--limit", "2").out
    assert len(json.loads(run("runs", "--limit", "2", "-o", "json").out)["items"]) == 2


@pytest.mark.parametrize(("target", "names"), [("fraud", ["b"]), ("nightly", ["b"]), ("bikes", ["a"])])
def test_runs_of_a_policy_or_a_model(cluster: MemoryCluster, run: Run, target: str, names: list[str]) -> None:
    policies = [retrain_policy("bikes-drift"), retrain_policy("nightly", model="fraud")]
    cluster.objects = [*policies, retrain_run("a"), retrain_run("b", policy="nightly")]
    items = json.loads(run("runs", target, "-o", "json").out)["items"]
    assert [each["metadata"]["name"] for each in items] == names


def test_no_runs_are_no_error(cluster: MemoryCluster, run: Run) -> None:
    assert not cluster.objects
    answer = run("runs", "bikes")
    assert (answer.code, answer.out) == (0, "")
    assert "No runs of bikes in the namespace 'ml'." in answer.err
