"""`holdfast drift`: what the operator keeps of a policy in, a table, a document or a page out."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from holdfast.binning import count_bins, profile_of
from holdfast.checkpoint_text import compressed
from holdfast.drift_settings import DriftSettings
from holdfast_operator.cluster.counter_deltas import CounterDeltas, Process
from holdfast_operator.cluster.drift_checkpoint import dump_drift
from holdfast_operator.cluster.followed_drift import FollowedDrift
from tests.unit.cli.conftest import MemoryCluster
from tests.unit.cli.invocation import Run
from tests.unit.cli.objects import NAMESPACE, Object, model_deployment, retrain_policy

RANDOM = np.random.default_rng(0)
PROFILE = profile_of({"age": RANDOM.normal(40, 10, 5000)}, {"score<script>": RANDOM.normal(size=5000)})
DAY = 86400.0
START = 20_000 * DAY


def kept_counts() -> str:
    """Return what the operator keeps of a day in which ages have risen."""
    settings = DriftSettings(window_seconds=DAY)
    followed = FollowedDrift("bikes", settings, CounterDeltas(START))
    process = Process("pod", START, "bikes-1", PROFILE.hash)
    live = {"age": RANDOM.normal(50, 10, 4000), "score<script>": RANDOM.normal(size=4000)}
    counts: dict[tuple[str, ...], int] = {("rows",): 4000}
    for column in PROFILE.columns:
        for index, rows in enumerate(count_bins(column, live[column.name]).bins.tolist()):
            counts["bin", column.kind, column.name, str(index)] = rows
    counts["anomaly", "feature", "age", "missing"] = 40
    moment = datetime.fromtimestamp(START + DAY / 2, UTC)
    followed.count(process, PROFILE, counts, moment)
    text = dump_drift(followed, moment)
    assert text is not None
    return text


def config_map(content: str, owner: str) -> Object:
    references = [{"kind": "RetrainPolicy", "uid": owner}]
    metadata = {"name": "bikes-windows", "namespace": NAMESPACE, "ownerReferences": references}
    return {"kind": "ConfigMap", "metadata": metadata, "binaryData": {"windows.json.gz": content}}


@pytest.fixture
def watched(cluster: MemoryCluster) -> MemoryCluster:
    policy = retrain_policy()
    policy["metadata"]["uid"] = "uid-of-policy"
    other = config_map("AAAA", "someone else")
    cluster.objects = [model_deployment(), policy, other, config_map(kept_counts(), "uid-of-policy")]
    return cluster


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("target", ["bikes-drift", "bikes"])
def test_columns_are_shown_with_a_bar_for_every_window(run: Run, target: str) -> None:
    out = run("drift", target).out
    age, score = (next(line for line in out.splitlines() if name in line) for name in ("age", "score"))
    assert out.index(age) < out.index(score)
    assert "█" in age
    assert "█" not in score
    assert age.rstrip().endswith("1.0%")
    assert "bikes-1: 4,000 rows" in out


@pytest.mark.usefixtures("watched")
def test_programs_get_every_divergence(run: Run) -> None:
    [revision] = json.loads(run("drift", "bikes", "-o", "json").out)["revisions"]
    age = revision["columns"][0]
    assert (age["name"], len(age["psi"])) == ("age", len(revision["windowSeconds"]))
    assert revision["windowSeconds"][-1] == DAY
    assert age["psi"][-1] > 0.5


@pytest.mark.usefixtures("watched")
def test_page_shows_names_as_text(run: Run, tmp_path: Path) -> None:
    answer = run("drift", "bikes", "--html", str(tmp_path / "drift.html"))
    page = (tmp_path / "drift.html").read_text()
    assert "written" in answer.err
    assert "score&lt;script&gt;" in page
    assert "<script" not in page
    assert "heat-8" in page
    assert "http" not in page.replace("http-equiv", "")


def test_policy_of_which_nothing_is_kept_yet_says_so(
    cluster: MemoryCluster, run: Run, tmp_path: Path
) -> None:
    cluster.objects = [model_deployment(), retrain_policy()]
    assert "nothing is kept yet" in run("drift", "bikes").out
    run("drift", "bikes", "--html", str(tmp_path / "drift.html"))
    assert "keeps no counts" in (tmp_path / "drift.html").read_text()


@pytest.mark.parametrize("content", ["AAAA", compressed(PROFILE) or ""])
def test_state_in_another_form_is_refused(cluster: MemoryCluster, run: Run, content: str) -> None:
    policy = retrain_policy()
    policy["metadata"]["uid"] = "u"
    cluster.objects = [model_deployment(), policy, config_map(content, "u")]
    answer = run("drift", "bikes")
    assert answer.code == 1
    assert "cannot be read" in answer.err


@pytest.mark.usefixtures("cluster")
def test_unknown_target_is_told(run: Run) -> None:
    answer = run("drift", "nonsense")
    assert answer.code == 4
    assert "no RetrainPolicy" in answer.err
