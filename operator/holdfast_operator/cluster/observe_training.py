"""Reads what trains for a run: the pods and troubles of its Job, or the workload of another engine."""

from dataclasses import dataclass
from typing import Final

from holdfast import labels
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import RetrainRun, WorkloadReference
from holdfast_operator.cluster.api import ApiError, Cluster
from holdfast_operator.cluster.kinds import EVENT, POD, SERVICE_ACCOUNT, engine_kind
from holdfast_operator.core.observation import Refusal
from holdfast_operator.manifests.metadata import Manifest, is_controlled_by, label_value

_FORBIDDEN: Final = 403


@dataclass(frozen=True)
class ObservedTraining:
    """The parts of a RetrainRunObservation that are about its training."""

    pods: tuple[Manifest, ...] = ()
    events: tuple[Manifest, ...] = ()
    workload: Manifest | None = None
    service_account: Manifest | None = None
    refusal: Refusal | None = None


class TrainingObserver:
    """Reads only what can bear on the next decision."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def observe(
        self, run: RetrainRun, policy: RetrainPolicy | None, job: Manifest | None
    ) -> ObservedTraining:
        """Return what there is; ``job`` is the run's Job as it was read before."""
        pods = () if job is None else await self._pods(run, job)
        events = () if job is None or pods else await self._complaints(run, job)
        known = run.status.workload
        if known is None:
            return ObservedTraining(pods, events)
        workload, refusal = await self._workload(run, known)
        account = None if workload is not None else await self._service_account(run, policy)
        return ObservedTraining(pods, events, workload, account, refusal)

    async def _pods(self, run: RetrainRun, job: Manifest) -> tuple[Manifest, ...]:
        selector = f"{labels.RUN}={label_value(run.metadata.name)}"
        pods = await self._cluster.list(POD, run.metadata.namespace, selector)
        return tuple(pod for pod in pods if is_controlled_by(pod, job["metadata"]["uid"]))

    async def _complaints(self, run: RetrainRun, job: Manifest) -> tuple[Manifest, ...]:
        selector = f"regarding.uid={job['metadata']['uid']},reason=FailedCreate"
        return tuple(await self._cluster.list(EVENT, run.metadata.namespace, field_selector=selector))

    async def _workload(
        self, run: RetrainRun, known: WorkloadReference
    ) -> tuple[Manifest | None, Refusal | None]:
        kind = engine_kind(known.api_version, known.kind)
        try:
            return await self._cluster.get(kind, run.metadata.namespace, known.name), None
        except ApiError as error:
            if error.status != _FORBIDDEN:
                raise
            return None, Refusal(known.api_version, known.kind, error.status, error.message)

    async def _service_account(self, run: RetrainRun, policy: RetrainPolicy | None) -> Manifest | None:
        workload = policy.spec.workload if policy else None
        if workload is None or workload.service_account_name is None:
            return None
        return await self._cluster.get(SERVICE_ACCOUNT, run.metadata.namespace, workload.service_account_name)
