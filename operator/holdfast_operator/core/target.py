"""What should serve: the newer of the spec's model and the last accepted RetrainRun."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from holdfast_operator.api.model_deployment import ModelDeployment, Target
from holdfast_operator.api.retrain_run import Candidate, RetrainRun
from holdfast_operator.core.timestamps import format_time, parse_time
from holdfast_operator.manifests.metadata import short

SPEC_ORIGIN = "Spec"


def run_origin(run_name: str) -> str:
    """Return the origin of a revision that a RetrainRun made."""
    return f"RetrainRun/{run_name}"


def choose_target(resource: ModelDeployment, runs: Iterable[RetrainRun], now: datetime) -> Target:
    """Return what should serve; an edit of spec.model always wins over runs that were accepted before it."""
    model = resource.spec.model
    spec_model_hash = short(model.model_dump(by_alias=True, exclude_none=True))
    target = resource.status.target
    if target is None or target.spec_model_hash != spec_model_hash:
        return Target(
            uri=model.uri,
            credentials_secret_name=model.credentials_secret_name,
            public_key_secret_name=model.verification.public_key_secret_name if model.verification else None,
            origin=SPEC_ORIGIN,
            spec_model_hash=spec_model_hash,
            chosen_time=format_time(now),
        )
    newest = _newest_accepted(resource.metadata.name, runs)
    if newest is None or newest.accepted_time <= parse_time(target.chosen_time):
        return target
    return Target(
        uri=newest.candidate.uri,
        digest=newest.candidate.digest,
        credentials_secret_name=newest.candidate.credentials_secret_name,
        profile_hash=newest.candidate.profile_hash,
        origin=run_origin(newest.run_name),
        spec_model_hash=spec_model_hash,
        chosen_time=format_time(newest.accepted_time),
    )


@dataclass(frozen=True)
class _Accepted:
    accepted_time: datetime
    run_name: str
    candidate: Candidate


def _newest_accepted(model_deployment: str, runs: Iterable[RetrainRun]) -> _Accepted | None:
    accepted = [
        _Accepted(parse_time(status.accepted_time), run.metadata.name, status.candidate)
        for run in runs
        if (status := run.status).model_deployment == model_deployment
        and status.accepted_time is not None
        and status.candidate is not None
    ]
    return max(accepted, key=lambda each: (each.accepted_time, each.run_name), default=None)
