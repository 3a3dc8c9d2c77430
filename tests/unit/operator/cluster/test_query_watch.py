"""Queries are asked while a step is judged; an answer belongs to the step that it was asked for."""

from datetime import UTC, datetime, timedelta

import pytest

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.exposition import ServerCounters
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import MODEL_DEPLOYMENT
from holdfast_operator.cluster.query_reader import QueryReader
from holdfast_operator.cluster.query_watch import QueryWatch
from holdfast_operator.cluster.step_observation import forget_step, observe_step
from holdfast_operator.cluster.step_watch import WatchedStep
from holdfast_operator.core.step_evidence import QueryAnswer
from holdfast_operator.core.step_queries import NOT_ASKED

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
BIKES = Key(MODEL_DEPLOYMENT, "team", "bikes")
STEP = WatchedStep(NOW, "bikes-2", "bikes-1")
NEXT = WatchedStep(NOW + timedelta(minutes=5), "bikes-2", "bikes-1")
ORDERS = {"orders": "sum(orders)"}


def followed() -> QueryWatch:
    watch = QueryWatch()
    watch.follow(BIKES, STEP, ORDERS)
    return watch


def test_answer_is_kept_while_the_step_lasts() -> None:
    watch = followed()
    watch.record(BIKES, STEP, "orders", QueryAnswer(1.0))
    watch.follow(BIKES, STEP, dict(ORDERS))
    assert watch.answers(BIKES) == {"orders": QueryAnswer(1.0)}


@pytest.mark.parametrize(
    ("step", "expressions"), [(NEXT, ORDERS), (STEP, {"orders": "sum(other)"})], ids=["step", "query"]
)
def test_answer_to_what_is_asked_no_more_is_forgotten(step: WatchedStep, expressions: dict[str, str]) -> None:
    watch = followed()
    watch.record(BIKES, STEP, "orders", QueryAnswer(1.0))
    watch.follow(BIKES, step, expressions)
    assert watch.answers(BIKES) == {}


def test_answer_that_comes_after_its_step_counts_for_no_other() -> None:
    watch = followed()
    watch.follow(BIKES, NEXT, ORDERS)
    watch.record(BIKES, STEP, "orders", QueryAnswer(1.0))
    watch.record(BIKES, NEXT, "gone", QueryAnswer(1.0))
    assert watch.answers(BIKES) == {}


def test_nothing_is_asked_for_a_model_that_is_gone() -> None:
    watch = followed()
    watch.unfollow(BIKES)
    watch.record(BIKES, STEP, "orders", QueryAnswer(1.0))
    assert (watch.questions(), watch.answers(BIKES)) == ([], {})


async def test_without_a_prometheus_every_query_is_said_to_be_unanswered() -> None:
    watch = followed()
    await QueryReader(None, watch).ask_all()
    assert watch.answers(BIKES) == {"orders": NOT_ASKED}


def resource(**status: object) -> ModelDeployment:
    query = {
        "name": "orders",
        "query": "$(namespace) $(name) $(candidate) $(champion) $(interval)",
        "min": "1",
    }
    return ModelDeployment.model_validate(
        {
            "metadata": {"namespace": "team", "name": "bikes", "uid": "1"},
            "spec": {
                "model": {"uri": "s3://models/bikes"},
                "rollout": {"strategy": "Canary", "analysis": {"queries": [query]}},
            },
            "status": status,
        }
    )


def revision(number: int, **more: str) -> dict[str, str]:
    digest = f"sha256:{number:064d}"
    made = {"uri": "s3://models/bikes", "origin": "Spec", "createdTime": "2026-11-26T12:00:00Z"}
    return {"name": f"bikes-{number}", "digest": digest, **made, **more}


IN_STEP = resource(
    stableRevision=revision(1), candidateRevision=revision(2, judgedSince="2026-11-26T12:00:00Z")
)
ON_PROBATION = resource(
    stableRevision=revision(2),
    probation={
        "revision": revision(1),
        "startedTime": "2026-11-26T12:00:00Z",
        "endTime": "2026-11-26T13:00:00Z",
    },
)


@pytest.mark.parametrize("judged", [IN_STEP, ON_PROBATION], ids=["in a step", "on probation"])
def test_what_is_judged_has_its_queries_asked_with_the_names_of_both_revisions(
    judged: ModelDeployment,
) -> None:
    watch = DriftWatch(scrape_interval_seconds=15)
    observe_step(watch, BIKES, judged, NOW)
    ((_, _, _, asked),) = watch.queries.questions()
    assert asked == "team bikes bikes-2 bikes-1 300s"


def test_answers_are_part_of_the_evidence_of_a_step() -> None:
    watch = DriftWatch(scrape_interval_seconds=15)
    assert observe_step(watch, BIKES, IN_STEP, NOW) is None
    ((key, step, name, _),) = watch.queries.questions()
    watch.queries.record(key, step, name, QueryAnswer(1.5))
    counted = ServerCounters(NOW.timestamp(), {}, steps={"bikes-2": {("requests", "200"): 5}})
    watch.steps.record("team", "bikes", "pod", counted)
    seen = observe_step(watch, BIKES, IN_STEP, NOW)
    assert seen is not None
    assert (seen.candidate.requests, seen.answers) == (5, {"orders": QueryAnswer(1.5)})


def test_nothing_is_asked_when_nothing_is_judged_any_more() -> None:
    watch = DriftWatch(scrape_interval_seconds=15)
    observe_step(watch, BIKES, IN_STEP, NOW)
    observe_step(watch, BIKES, resource(stableRevision=revision(2)), NOW)
    assert watch.queries.questions() == []
    observe_step(watch, BIKES, IN_STEP, NOW)
    forget_step(watch, BIKES)
    assert watch.queries.questions() == []
