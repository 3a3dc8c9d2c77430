"""What the API server refuses to create is decided about anew, and ends up in the status of the run."""

from typing import Any

import pytest

from holdfast_operator.cluster.api import ApiError, CreationRefusedError
from holdfast_operator.cluster.kinds import MODEL_DEPLOYMENT, RETRAIN_POLICY, RETRAIN_RUN
from holdfast_operator.handlers.references import key_of
from holdfast_operator.manifests.metadata import Manifest
from tests.unit.operator.loop import Loop


def resource(kind: Any, name: str, **fields: Any) -> dict[str, Any]:
    metadata = {"namespace": "team", "name": name}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **fields}


@pytest.fixture
async def loop() -> Loop:
    loop = Loop()
    loop.cluster.put(resource(MODEL_DEPLOYMENT, "credit", spec={"model": {"uri": "s3://models/credit"}}))
    spec = {
        "modelDeploymentRef": {"name": "credit"},
        "trainer": {"image": "trainer:1"},
        "output": {"uri": "s3://models/credit"},
    }
    loop.cluster.put(resource(RETRAIN_POLICY, "nightly", spec=spec))
    loop.cluster.put(resource(RETRAIN_RUN, "again", spec={"policyRef": {"name": "nightly"}}))
    return loop


def refuse(loop: Loop, kind: str, status: int, message: str) -> None:
    def check(verb: str, manifest: Manifest) -> None:
        if (verb, manifest["kind"]) == ("create", kind):
            raise ApiError(status, "Forbidden", message)

    loop.cluster.before_write = check


async def look(loop: Loop, times: int = 2) -> dict[str, str]:
    (run,) = loop.cluster.of_kind(RETRAIN_RUN)
    for _ in range(times):
        await loop.reconciler.reconcile(key_of(run))
    (run,) = loop.cluster.of_kind(RETRAIN_RUN)
    return {each["type"]: f"{each['status']}/{each['reason']}" for each in run["status"]["conditions"]}


async def test_refused_job_fails_the_run(loop: Loop) -> None:
    refuse(loop, "Job", 403, "denied by policy")
    assert (await look(loop))["Failed"] == "True/AdmissionRefused"


async def test_job_beyond_the_quota_is_made_when_there_is_room(loop: Loop) -> None:
    refuse(loop, "Job", 403, "exceeded quota: small")
    assert (await look(loop))["Reconciling"] == "True/QuotaExceeded"
    loop.cluster.before_write = None
    await look(loop)
    assert [kind for _, kind, _, _ in loop.cluster.objects].count("Job") == 1


@pytest.mark.parametrize("status", [500, 429, 0])
async def test_trouble_that_passes_is_left_to_the_next_look(loop: Loop, status: int) -> None:
    refuse(loop, "Job", status, "try again")
    with pytest.raises(ApiError) as error:
        await look(loop)
    assert not isinstance(error.value, CreationRefusedError)


async def test_refusal_about_other_kinds_is_an_error_as_before(loop: Loop) -> None:
    refuse(loop, "Job", 403, "denied by policy")
    (model,) = loop.cluster.of_kind(MODEL_DEPLOYMENT)
    with pytest.raises(CreationRefusedError):
        await loop.reconciler.reconcile(key_of(model))
