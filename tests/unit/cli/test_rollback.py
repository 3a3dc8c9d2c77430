"""`holdfast rollback`: the revision that is held, and releasing it."""

import json

import pytest

from tests.unit.cli.conftest import MemoryCluster
from tests.unit.cli.invocation import Run
from tests.unit.cli.objects import EARLIER, FAILED, STABLE, Object, ago, model_deployment, revision

PINNED = "holdfast.dev/pinned-revision"
OLDEST = revision("bikes-dddddddddd", "d", "Superseded", promotedTime=ago(days=9))


def annotations(cluster: MemoryCluster) -> Object:
    found: Object = cluster.objects[0]["metadata"].get("annotations", {})
    return found


def test_the_previous_good_revision_is_held_by_default(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [
        model_deployment(revisions=[OLDEST, STABLE, {**FAILED, "createdTime": ago(hours=1)}, EARLIER])
    ]
    answer = run("rollback", "bikes")
    assert answer.code == 0
    assert annotations(cluster) == {PINNED: EARLIER["name"]}
    assert f"bikes goes back to {EARLIER['name']} (served: {STABLE['name']})" in answer.out
    assert "holdfast rollback bikes --clear" in answer.out


def test_candidate_is_given_up_for_what_serves(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [model_deployment(candidateRevision=OLDEST, revisions=[EARLIER])]
    run("rollback", "bikes")
    assert annotations(cluster) == {PINNED: STABLE["name"]}


def test_a_revision_can_be_named(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [model_deployment(revisions=[STABLE, EARLIER, OLDEST])]
    run("rollback", "bikes", "--to", OLDEST["name"])
    assert annotations(cluster) == {PINNED: OLDEST["name"]}


def test_the_serving_revision_can_be_held(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [model_deployment()]
    assert "which it serves already" in run("rollback", "bikes", "--to", STABLE["name"]).out


def test_clear_releases_and_leaves_other_annotations(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [model_deployment(annotations={PINNED: EARLIER["name"], "team": "bikes"})]
    answer = run("rollback", "bikes", "--clear")
    assert annotations(cluster) == {"team": "bikes"}
    assert "follows its spec" in answer.out


@pytest.mark.parametrize(
    ("revisions", "words", "message"),
    [
        pytest.param([STABLE, EARLIER], ("--to", "nonsense"), "has no revision 'nonsense'", id="unknown"),
        pytest.param([STABLE, FAILED], (), "no earlier good revision", id="only-failed-ones"),
    ],
)
def test_nothing_is_held_when_there_is_nothing_to_go_back_to(
    cluster: MemoryCluster, run: Run, revisions: list[Object], words: tuple[str, ...], message: str
) -> None:
    cluster.objects = [model_deployment(revisions=revisions)]
    answer = run("rollback", "bikes", *words)
    assert answer.code == 4
    assert message in answer.err
    assert annotations(cluster) == {}


@pytest.mark.usefixtures("cluster")
def test_to_and_clear_exclude_each_other(run: Run) -> None:
    assert run("rollback", "bikes", "--to", "x", "--clear").code == 2


def test_json_is_the_model(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [model_deployment()]
    changed = json.loads(run("rollback", "bikes", "-o", "json").out)
    assert changed["metadata"]["annotations"] == {PINNED: EARLIER["name"]}
