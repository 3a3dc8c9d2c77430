"""What a RetrainRun says, as the report wants it. Pure."""

import math
from collections.abc import Mapping
from typing import Any

from holdfast.cli.resource import Resource, field, name_of, namespace_of
from holdfast.cli.state import assess_run, is_finished
from holdfast.report.document import Check, Trigger
from holdfast.report.facts import Question, RunFacts


def facts_of(run: Resource) -> RunFacts:
    """Return the facts of a run that has been judged."""
    state = assess_run(run)
    evaluation: Mapping[str, Any] = field(run, "status.evaluation", {})
    trigger: Mapping[str, Any] = field(run, "spec.trigger", {})
    return RunFacts(
        name=name_of(run),
        namespace=namespace_of(run),
        policy=str(field(run, "spec.policyRef.name", "")),
        model=str(field(run, "status.modelDeployment", "")),
        state=state.word,
        why=state.why,
        is_finished=is_finished(run),
        requester=field(run, "spec.requester"),
        question=_question(field(run, "status.approval")),
        champion_digest=field(run, "status.champion.digest"),
        champion_revision=field(run, "status.champion.revision"),
        candidate_digest=field(run, "status.candidate.digest"),
        candidate_uri=field(run, "status.candidate.uri"),
        data_digest=field(run, "status.dataDigest"),
        trainer_image_digest=field(run, "status.trainerImageDigest"),
        start_time=field(run, "status.startTime"),
        completion_time=field(run, "status.completionTime"),
        trainer_seconds=field(run, "status.cost.trainerSeconds"),
        evaluator_seconds=field(run, "status.cost.evaluatorSeconds"),
        requested_cpu_seconds=field(run, "status.cost.requestedCpuSeconds"),
        record_sequence=field(run, "status.record.sequence"),
        record_digest=field(run, "status.record.digest"),
        previous_record_digest=field(run, "status.record.previousDigest"),
        trigger=Trigger.model_validate(trigger),
        parameters=field(run, "status.parameters", {}),
        verdict=evaluation.get("verdict", "Inconclusive"),
        holdout_rows=int(evaluation.get("holdoutRows", 0)),
        signature=evaluation.get("signature"),
        checks=[_check(each) for each in evaluation.get("metrics", ())],
    )


def _question(approval: Resource | None) -> Question | None:
    if approval is None:
        return None
    return Question(
        requested_time=str(approval.get("requestedTime", "")),
        expire_time=str(approval.get("expireTime", "")),
        four_eyes=bool(approval.get("fourEyes", False)),
        decision=approval.get("decision"),
        approver=approval.get("approver"),
        comment=str(approval.get("comment", "")),
        time=approval.get("time"),
    )


def _check(check: Resource) -> Check:
    candidate = _number(check.get("candidate"))
    return Check(
        metric=str(check.get("metric")),
        slice=check.get("slice"),
        threshold=str(check.get("threshold")),
        outcome=check.get("outcome", "Inconclusive"),
        champion=_number(check.get("champion")),
        candidate=check.get("candidate") if candidate is None else candidate,
        regression=_number(check.get("regression")),
        low=_number(check.get("regressionLow")),
        high=_number(check.get("regressionHigh")),
        note=check.get("note"),
    )


def _number(words: object) -> float | None:
    """Return a number that the status holds as a text; None where it holds other words."""
    try:
        value = float(str(words))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
