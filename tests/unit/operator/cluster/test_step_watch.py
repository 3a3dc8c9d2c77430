"""What scrapes found since a step began becomes evidence about both revisions."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client.samples import Sample

from holdfast.performance import Losses
from holdfast.profile import Profile
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.exposition import MalformedMetricsError, ServerCounters, collect_counters
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import MODEL_DEPLOYMENT
from holdfast_operator.cluster.step_observation import observe_step
from holdfast_operator.cluster.step_watch import StepWatch, WatchedStep
from tests.unit.operator.cluster.test_drift_watch import AGE

MODEL = Key(MODEL_DEPLOYMENT, "team", "credit")
SCORE = AGE.model_copy(update={"kind": "output", "name": "score"})
PROFILE = Profile(rows=100, columns=(AGE, SCORE))
PROFILES = {"p1": PROFILE}


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(1_800_000_000 + seconds, UTC)


STEP = WatchedStep(at(0), "credit-2", "credit-1")


def scrape(
    requests: int, *, revision: str = "credit-2", errors: int = 0, started: float = 10, labels: bool = True
) -> ServerCounters:
    """Return the counters of a server that has answered so many requests, of a row each."""
    marks = {"model": "credit", "revision": revision}
    counted = {**marks, "profile": "p1"}
    bins = {"kind": "output", "name": "score"}
    samples = [
        Sample("process_start_time_seconds", {}, at(started).timestamp()),
        Sample("holdfast_requests_total", {**marks, "code": "200"}, requests - errors),
        Sample("holdfast_requests_total", {**marks, "code": "503"}, errors),
        Sample("holdfast_request_duration_seconds_bucket", {**marks, "le": "0.1"}, requests // 2),
        Sample("holdfast_request_duration_seconds_bucket", {**marks, "le": "+Inf"}, requests),
        Sample("holdfast_rows_total", counted, requests),
        Sample("holdfast_distribution_rows_total", {**counted, **bins, "bin": "1"}, requests),
        Sample(
            "holdfast_anomalous_rows_total",
            {**counted, "kind": "feature", "name": "age", "anomaly": "missing"},
            requests // 10,
        ),
        Sample("holdfast_shadow_rows_total", {**marks, "output": "score"}, requests),
        Sample("holdfast_shadow_disagreeing_rows_total", {**marks, "output": "score"}, 1),
    ]
    for direction in ("higher", "lower"):
        difference = {**marks, "output": "score", "direction": direction}
        samples += [
            Sample("holdfast_shadow_difference_bucket", {**difference, "le": "0.05"}, requests // 4),
            Sample("holdfast_shadow_difference_bucket", {**difference, "le": "0.1"}, requests // 3),
            Sample("holdfast_shadow_difference_bucket", {**difference, "le": "+Inf"}, requests // 2),
        ]
    if labels:
        group = {**marks, "slice": "", "value": ""}
        samples += [
            Sample("holdfast_labelled_rows_total", group, 40),
            Sample("holdfast_correct_rows_total", group, 30),
        ]
    return collect_counters(samples, "credit")


@pytest.fixture
def watch() -> StepWatch:
    watch = StepWatch()
    watch.follow(MODEL, STEP, at(0))
    return watch


def test_rows_of_all_pods_of_both_revisions_are_summed(watch: StepWatch) -> None:
    watch.record("team", "credit", "pod-1", scrape(100, errors=4))
    watch.record("team", "credit", "pod-2", scrape(50))
    watch.record("team", "credit", "pod-3", scrape(400, revision="credit-1"))
    found = watch.evidence(MODEL, PROFILES)
    assert found is not None
    assert found.champion is not None
    ours = found.candidate
    assert (ours.requests, ours.errors, found.champion.requests) == (150, 4, 400)
    assert ours.latency == {0.1: 75, math.inf: 75}
    assert (ours.rows, ours.outputs["score"].counts, ours.unhealthy) == (150, (0, 150), {"age": 15})
    assert ours.losses == Losses(80, 20.0, 20.0)
    assert found.since == at(0)


def test_rows_that_differ_are_unequal_or_far_apart(watch: StepWatch) -> None:
    watch.record("team", "credit", "pod-1", scrape(100, revision="credit-1"))
    found = watch.evidence(MODEL, PROFILES)
    assert found is not None
    assert found.champion is not None
    assert (found.champion.copied_rows, found.champion.disagreeing_rows) == (100, 51)


def test_what_older_processes_had_counted_before_is_not_evidence(watch: StepWatch) -> None:
    watch.record("team", "credit", "pod-1", scrape(1000, errors=1000, started=-60))
    watch.record("team", "credit", "pod-1", scrape(1010, errors=1000, started=-60))
    found = watch.evidence(MODEL, PROFILES)
    assert found is not None
    assert (found.candidate.requests, found.candidate.errors) == (10, 0)


def test_process_that_began_again_counts_from_zero(watch: StepWatch) -> None:
    watch.record("team", "credit", "pod-1", scrape(100))
    watch.record("team", "credit", "pod-1", scrape(30))
    watch.record("team", "credit", "pod-1", scrape(20, started=50))
    found = watch.evidence(MODEL, PROFILES)
    assert found is not None
    assert found.candidate.requests == 150


def test_pods_that_are_gone_stay_counted(watch: StepWatch) -> None:
    watch.record("team", "credit", "pod-1", scrape(100))
    watch.finish_round([])
    watch.record("team", "credit", "pod-2", scrape(20))
    found = watch.evidence(MODEL, PROFILES)
    assert found is not None
    assert found.candidate.requests == 120


def test_next_step_begins_from_nothing(watch: StepWatch) -> None:
    watch.record("team", "credit", "pod-1", scrape(100))
    watch.follow(MODEL, STEP, at(5))
    assert watch.evidence(MODEL, PROFILES) is not None
    watch.follow(MODEL, replace(STEP, since=at(30)), at(30))
    assert watch.evidence(MODEL, PROFILES) is None


def test_other_models_and_revisions_are_left_out(watch: StepWatch) -> None:
    watch.record("team", "fraud", "pod-1", scrape(100))
    watch.record("team", "credit", "pod-1", scrape(100, revision="credit-0"))
    assert watch.evidence(MODEL, PROFILES) is None
    assert watch.model_deployments() == {("team", "credit")}
    watch.unfollow(MODEL)
    assert watch.model_deployments() == set()
    assert watch.evidence(MODEL, PROFILES) is None


def test_without_profile_and_labels_the_rest_is_evidence(watch: StepWatch) -> None:
    watch.record("team", "credit", "pod-1", scrape(100, labels=False))
    found = watch.evidence(MODEL, {})
    assert found is not None
    assert (found.candidate.outputs, found.candidate.unhealthy) == ({}, {})
    assert found.candidate.losses == Losses(0, 0.0, 0.0)


@pytest.mark.parametrize("value", [-1.0, math.inf, math.nan])
def test_figure_that_is_no_number_of_requests_is_refused(value: float) -> None:
    labels = {"model": "credit", "revision": "credit-1", "code": "200"}
    samples = [
        Sample("process_start_time_seconds", {}, 1.0),
        Sample("holdfast_requests_total", labels, value),
    ]
    with pytest.raises(MalformedMetricsError, match="not a number of requests"):
        collect_counters(samples, "credit")


def test_no_server_makes_the_operator_remember_without_end() -> None:
    samples = [Sample("process_start_time_seconds", {}, 1.0)]
    samples += [
        Sample("holdfast_requests_total", {"model": "credit", "revision": "r", "code": str(each)}, 1.0)
        for each in range(5000)
    ]
    assert len(collect_counters(samples, "credit").steps["r"]) == 4096


def model(**status: object) -> ModelDeployment:
    metadata = {"name": "credit", "namespace": "team"}
    spec = {"model": {"uri": "s3://models/credit"}}
    return ModelDeployment.model_validate({"metadata": metadata, "spec": spec, "status": status})


def revision(name: str, **fields: str) -> dict[str, str]:
    common = {
        "digest": f"sha256:{0:064x}",
        "uri": "s3://m",
        "origin": "Spec",
        "createdTime": "2027-01-15T08:00:00Z",
    }
    return {"name": name, **common, **fields}


SINCE = "2027-01-15T08:00:00Z"


@pytest.mark.parametrize(
    ("status", "revisions"),
    [
        ({}, None),
        ({"stableRevision": revision("credit-1"), "candidateRevision": revision("credit-2")}, None),
        (
            {
                "stableRevision": revision("credit-1"),
                "candidateRevision": revision("credit-2", judgedSince=SINCE),
            },
            {"credit-1", "credit-2"},
        ),
        (
            {
                "stableRevision": revision("credit-2"),
                "probation": {
                    "revision": revision("credit-1"),
                    "startedTime": SINCE,
                    "endTime": "2027-01-15T09:00:00Z",
                },
            },
            {"credit-2"},
        ),
    ],
)
def test_servers_are_counted_while_the_status_says_that_a_step_is_judged(
    status: dict[str, object], revisions: set[str] | None
) -> None:
    watch = DriftWatch(15)
    assert observe_step(watch, MODEL, model(**status), at(0)) is None
    assert bool(watch.steps.model_deployments()) is (revisions is not None)
    for name in ("credit-1", "credit-2"):
        watch.steps.record("team", "credit", f"pod-of-{name}", scrape(10, revision=name))
    found = observe_step(watch, MODEL, model(**status), at(5))
    if revisions is None:
        assert found is None
    else:
        assert found is not None
        assert (found.champion is not None) is (len(revisions) == 2)
