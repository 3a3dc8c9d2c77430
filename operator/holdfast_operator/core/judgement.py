"""Judgement of a finished training: accept the candidate, reject it, or refuse a result that cannot be."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from holdfast.results import EvaluationResult
from holdfast_operator.api.approval import Approval
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import Candidate, Evaluation
from holdfast_operator.core.approval import approval_terms, ask, has_to_ask
from holdfast_operator.core.conditions import FAILED, REJECTED
from holdfast_operator.core.gate import assess_gate, describe_outcomes
from holdfast_operator.core.observation import RetrainRunObservation
from holdfast_operator.core.progress import Note
from holdfast_operator.core.promotion import is_judged_on_current
from holdfast_operator.core.reasons import RetrainRunReason as Reason
from holdfast_operator.core.retrain_run_status import HAS_TRAINED, SUPERSEDED, RunReport
from holdfast_operator.core.timestamps import format_time


@dataclass(frozen=True)
class Judgement:
    """What to say, and the fields of the status that hold the evidence."""

    report: RunReport
    update: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluated:
    """What the evaluator has found, as it is kept whatever becomes of the candidate."""

    evaluation: Evaluation
    evidence: Mapping[str, Any]

    def complete(self, judgement: Judgement) -> Judgement:
        """Return the judgement with the evidence that it rests on."""
        words = f"On {self.evaluation.holdout_rows} rows: {describe_outcomes(self.evaluation)}."
        steps: dict[str, Any] = {
            "trained": HAS_TRAINED,
            "evaluated": ("True", Note(Reason.EVALUATED, words)),
        }
        return Judgement(replace(judgement.report, **steps), {**self.evidence, **judgement.update})


def judge(observation: RetrainRunObservation, policy: RetrainPolicy, result: EvaluationResult) -> Judgement:
    """Return whether the candidate is to be rolled out."""
    try:
        candidate = _candidate_of(observation, policy, result)
    except (ValidationError, ForeignResultError) as error:
        note = Note(Reason.RESULT_MALFORMED, f"The result is not about this run: {_first_line(error)}.")
        return Judgement(RunReport(note, end=FAILED, trained=HAS_TRAINED, evaluated=("False", note)))
    has_champion = observation.resource.status.champion is not None
    evaluation = assess_gate(policy.spec.gate, result, has_champion=has_champion)
    evidence = {
        "candidate": candidate,
        "data_digest": result.data_digest,
        "parameters": dict(result.parameters),
        "evaluation": evaluation,
    }
    evaluated = Evaluated(evaluation, evidence)
    if evaluation.verdict == "Fail":
        note = Note(Reason.GATE_FAILED, f"{describe_outcomes(evaluation, 'Fail')}.")
        return evaluated.complete(Judgement(RunReport(note, end=REJECTED)))
    return _accept_or_ask(observation, policy, evaluated)


def overtaken(observation: RetrainRunObservation) -> RunReport | None:
    """Return how the run ends when what its candidate was judged against has changed; None: it has not."""
    model_deployment = observation.model_deployment
    if model_deployment is None:
        note = Note(Reason.MODEL_DEPLOYMENT_NOT_FOUND, "The ModelDeployment is gone.")
        return RunReport(note, end=FAILED)
    if not is_judged_on_current(observation.resource, model_deployment):
        note = Note(Reason.SUPERSEDED, "What should serve has changed while the run was under way.")
        return RunReport(note, end=SUPERSEDED)
    return None


def accept(observation: RetrainRunObservation, approved: Note) -> Judgement:
    """Return that the candidate is to be rolled out, unless what it was judged against has changed."""
    end = overtaken(observation)
    if end is not None:
        return Judgement(end)
    note = Note(Reason.ROLLING_OUT, "The candidate was accepted and is rolling out.")
    accepted = {"accepted_time": format_time(observation.now)}
    return Judgement(RunReport(note, approved=("True", approved)), accepted)


class ForeignResultError(ValueError):
    """The result is about another champion or lies elsewhere than it should."""


def _accept_or_ask(
    observation: RetrainRunObservation, policy: RetrainPolicy, evaluated: Evaluated
) -> Judgement:
    terms = approval_terms(policy, observation.model_deployment)
    if has_to_ask(terms, evaluated.evaluation) and overtaken(observation) is None:
        return evaluated.complete(_ask(observation, terms, evaluated.evaluation))
    automatic = Note(Reason.AUTOMATIC, "The gate passed, and nobody has to be asked.")
    return evaluated.complete(accept(observation, automatic))


def _ask(observation: RetrainRunObservation, terms: Approval, evaluation: Evaluation) -> Judgement:
    question = ask(terms, observation.now)
    undecided = describe_outcomes(evaluation, "Inconclusive")
    why = f"Not decided by the gate: {undecided}. " if undecided else ""
    name = observation.resource.metadata.name
    note = Note(
        Reason.AWAITING_APPROVAL,
        f"{why}A person has to decide by {question.expire_time}: kubectl holdfast approve {name}",
    )
    return Judgement(RunReport(note, approved=("Unknown", note)), {"approval": question})


def _candidate_of(
    observation: RetrainRunObservation, policy: RetrainPolicy, result: EvaluationResult
) -> Candidate:
    champion = observation.resource.status.champion
    output = policy.spec.output
    if result.champion_digest != (champion.digest if champion else None):
        raise ForeignResultError(f"it was compared with {result.champion_digest}")
    if not (result.uri or "").startswith(output.uri.rstrip("/") + "/"):
        raise ForeignResultError(f"it was published to {result.uri}")
    return Candidate.model_validate(
        {
            "digest": result.digest,
            "uri": result.uri,
            "credentials_secret_name": output.credentials_secret_name,
            "size_bytes": result.size_bytes or 0,
            "profile_hash": result.profile_hash,
        }
    )


def _first_line(error: ValidationError | ForeignResultError) -> str:
    if isinstance(error, ValidationError):
        problem = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
    return str(error)
