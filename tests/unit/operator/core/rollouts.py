"""Ways to bring a World into the middle of a rollout."""

from typing import Any

from holdfast_operator.api.retrain_run import RetrainRun
from tests.unit.operator.core.builders import digest, pod, retrain_run, time_at
from tests.unit.operator.core.world import World


def rolling_out(world: World, text: str = "second") -> str:
    """Start the rollout of another model beside the stable one; return the candidate's name."""
    world.edit(model={"uri": f"s3://models/credit/{text}"})
    world.settle()
    world.pass_inspection(text)
    world.settle()
    return str(world.status["candidateRevision"]["name"])


def candidate_pod(world: World, *init: dict[str, Any], **fields: Any) -> dict[str, Any]:
    name = world.status["candidateRevision"]["name"]
    return pod("candidate", init_containers=init, labels={"holdfast.dev/revision": name}, **fields)


def accepted_run(name: str, text: str, seconds: float, **status: Any) -> RetrainRun:
    candidate = {
        "digest": digest(text),
        "uri": f"s3://models/credit/{text}",
        "profileHash": f"profile-{text}",
    }
    return retrain_run(
        name,
        status={
            "modelDeployment": "credit",
            "candidate": candidate,
            "acceptedTime": time_at(seconds),
            **status,
        },
    )
