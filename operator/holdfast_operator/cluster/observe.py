"""Reads everything that bears on one object, live, into the frozen values that decisions take."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar

from pydantic import ValidationError

from holdfast import labels
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.resource import ApiModel
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.cluster.abilities import Abilities
from holdfast_operator.cluster.api import Cluster, NotFoundError, object_name
from holdfast_operator.cluster.checkpoints import kept_of, resume_watches
from holdfast_operator.cluster.drift_observation import observe_drift
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import (
    CHILDREN,
    ENDPOINT_SLICE,
    HTTP_ROUTE,
    JOB,
    MODEL_DEPLOYMENT,
    POD,
    RETRAIN_POLICY,
    RETRAIN_RUN,
    ResourceKind,
    kind_of,
)
from holdfast_operator.cluster.label_observation import observe_labels
from holdfast_operator.cluster.look_observation import observe_looks
from holdfast_operator.cluster.observe_training import TrainingObserver
from holdfast_operator.cluster.signal_observation import observe_signal
from holdfast_operator.cluster.signal_watch import SignalWatch
from holdfast_operator.cluster.step_observation import forget_step, observe_step
from holdfast_operator.core.observation import (
    GatewayApi,
    ModelDeploymentObservation,
    RetrainPolicyObservation,
    RetrainRunObservation,
)
from holdfast_operator.core.route import gateway_of
from holdfast_operator.manifests.metadata import (
    INSPECTION,
    SERVER,
    ImageSettings,
    Manifest,
    is_controlled_by,
)

logger = logging.getLogger(__name__)

ResourceT = TypeVar("ResourceT", bound=ApiModel)
ObservationT = TypeVar("ObservationT")


@dataclass(frozen=True)
class Observed(Generic[ObservationT]):
    """A live object as it was read, and the value to decide on."""

    live: Manifest
    observation: ObservationT


class Observer:
    """Reads from the cluster and from what the scraper has counted."""

    def __init__(
        self,
        cluster: Cluster,
        drift: DriftWatch,
        images: ImageSettings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        abilities: Abilities | None = None,
        signals: SignalWatch | None = None,
    ) -> None:
        """SIGNALS: what the tools have answered that signal triggers ask."""
        self._cluster = cluster
        self._training = TrainingObserver(cluster)
        self._abilities = abilities or Abilities()
        self._drift = drift
        self._images = images
        self._now = now
        self._signals = signals or SignalWatch()

    async def observe_model_deployment(self, key: Key) -> Observed[ModelDeploymentObservation] | None:
        """Return the ModelDeployment with its children, pods and runs; None when it is gone."""
        live = await self._cluster.get(MODEL_DEPLOYMENT, key.namespace, key.name)
        if live is None:
            forget_step(self._drift, key)
            return None
        children, (gateway_api, routes), runs = await asyncio.gather(
            self._children(live), self._routes(live), self._runs_of_model(key.namespace, key.name)
        )
        # After their Jobs: a Job that was seen finished must not be judged by how its pod was before.
        pods = await self._server_pods(key)
        resource = ModelDeployment.model_validate(live)
        is_routed = gateway_of(resource) is not None and gateway_api is GatewayApi.SERVED
        endpoint_slices = await self._endpoint_slices(key) if is_routed else ()
        observation = ModelDeploymentObservation(
            resource=resource,
            children=children + routes,
            pods=pods,
            runs=runs,
            now=self._now(),
            settings=self._images,
            gateway_api=gateway_api,
            endpoint_slices=endpoint_slices,
            step_evidence=observe_step(self._drift, key, resource, self._now()),
        )
        return Observed(live, observation)

    async def look_for_foreign(
        self, observed: Observed[ModelDeploymentObservation], wanted: Iterable[Manifest]
    ) -> Observed[ModelDeploymentObservation] | None:
        """Read the names of WANTED that are not among the children.

        Returns:
            The observation with what was found there, or None when nothing was found.
        """
        observation = observed.observation
        known = {object_name(child) for child in observation.children + observation.foreign}
        unknown = [manifest for manifest in wanted if object_name(manifest) not in known]
        found = [live for manifest in unknown if (live := await self._get_same(manifest)) is not None]
        if not found:
            return None
        uid = observation.resource.metadata.uid
        # A child of ours whose labels were edited away is not found by them.
        ours = tuple(live for live in found if is_controlled_by(live, uid))
        foreign = tuple(live for live in found if not is_controlled_by(live, uid))
        complete = replace(
            observation,
            children=observation.children + ours,
            foreign=observation.foreign + foreign,
        )
        return Observed(observed.live, complete)

    async def observe_retrain_policy(self, key: Key) -> Observed[RetrainPolicyObservation] | None:
        """Return the RetrainPolicy with its model, runs and drift; None when it is gone."""
        live = await self._cluster.get(RETRAIN_POLICY, key.namespace, key.name)
        if live is None:
            self._drift.unfollow(key)
            self._drift.labels.unfollow(key)
            self._signals.unfollow(key)
            return None
        policy = RetrainPolicy.model_validate(live)
        model = policy.spec.model_deployment_ref.name
        model_deployment, runs = await asyncio.gather(
            self._model_deployment(key.namespace, model), self._runs_of_model(key.namespace, model)
        )
        checkpoints = await resume_watches(self._cluster, self._drift, key, policy, self._now)
        look_jobs, look_pods = await observe_looks(self._cluster, live, policy)
        now = self._now()
        observation = RetrainPolicyObservation(
            resource=policy,
            model_deployment=model_deployment,
            runs=runs,
            drift=observe_drift(self._drift, key, policy, model_deployment, now),
            now=now,
            settings=self._images,
            look_jobs=look_jobs,
            look_pods=look_pods,
            labels=observe_labels(self._drift.labels, key, policy, model_deployment, now),
            kept=kept_of(self._drift, key),
            checkpoints=checkpoints,
            signal=observe_signal(self._signals, key, policy),
            receives_alerts=self._abilities.receives_alerts,
        )
        return Observed(live, observation)

    async def observe_retrain_run(self, key: Key) -> Observed[RetrainRunObservation] | None:
        """Return the RetrainRun with its policy, model, Job and the other runs; None when it is gone."""
        live = await self._cluster.get(RETRAIN_RUN, key.namespace, key.name)
        if live is None:
            return None
        run = RetrainRun.model_validate(live)
        policy = await self._policy(key.namespace, run.spec.policy_ref.name)
        model = policy.spec.model_deployment_ref.name if policy else ""
        model_deployment, runs, job = await asyncio.gather(
            self._model_deployment(key.namespace, model),
            self._runs_of_model(key.namespace, model),
            self._cluster.get(JOB, key.namespace, run.status.job or key.name),
        )
        # After the Job, for the same reason as above.
        training = await self._training.observe(run, policy, job)
        observation = RetrainRunObservation(
            resource=run,
            policy=policy,
            model_deployment=model_deployment,
            other_runs=tuple(other for other in runs if other.metadata.name != key.name),
            job=job,
            pods=training.pods,
            events=training.events,
            workload=training.workload,
            service_account=training.service_account,
            refusal=training.refusal,
            engines=self._abilities.engines,
            now=self._now(),
            settings=self._images,
        )
        return Observed(live, observation)

    async def _children(self, live: Manifest) -> tuple[Manifest, ...]:
        listed = await asyncio.gather(*(self._controlled(kind, live) for kind in CHILDREN))
        return tuple(child for children in listed for child in children)

    async def _routes(self, live: Manifest) -> tuple[GatewayApi, tuple[Manifest, ...]]:
        if not self._abilities.gateway_api:
            return GatewayApi.OFF, ()
        try:
            return GatewayApi.SERVED, await self._controlled(HTTP_ROUTE, live)
        except NotFoundError:
            return GatewayApi.MISSING, ()

    async def _endpoint_slices(self, key: Key) -> tuple[Manifest, ...]:
        """Return the slices of the model's Services, whose labels the cluster copies to them."""
        selector = f"{labels.MODEL_DEPLOYMENT}={key.name}"
        return tuple(await self._cluster.list(ENDPOINT_SLICE, key.namespace, selector))

    async def _controlled(self, kind: ResourceKind, live: Manifest) -> tuple[Manifest, ...]:
        metadata = live["metadata"]
        selector = f"{labels.MODEL_DEPLOYMENT}={metadata['name']}"
        listed = await self._cluster.list(kind, metadata["namespace"], selector)
        return tuple(child for child in listed if is_controlled_by(child, metadata["uid"]))

    async def _server_pods(self, key: Key) -> tuple[Manifest, ...]:
        components = f"{labels.COMPONENT} in ({SERVER},{INSPECTION})"
        selector = f"{labels.MODEL_DEPLOYMENT}={key.name},{components}"
        return tuple(await self._cluster.list(POD, key.namespace, selector))

    async def _runs_of_model(self, namespace: str, model: str) -> tuple[RetrainRun, ...]:
        if not model:
            return ()
        policies, runs = await asyncio.gather(
            self._cluster.list(RETRAIN_POLICY, namespace), self._cluster.list(RETRAIN_RUN, namespace)
        )
        names = {
            policy.metadata.name
            for policy in _parse_all(RetrainPolicy, policies)
            if policy.spec.model_deployment_ref.name == model
        }
        return tuple(
            run
            for run in _parse_all(RetrainRun, runs)
            if run.spec.policy_ref.name in names or run.metadata.labels.get(labels.MODEL_DEPLOYMENT) == model
        )

    async def _model_deployment(self, namespace: str, name: str) -> ModelDeployment | None:
        live = await self._cluster.get(MODEL_DEPLOYMENT, namespace, name) if name else None
        return ModelDeployment.model_validate(live) if live else None

    async def _policy(self, namespace: str, name: str) -> RetrainPolicy | None:
        live = await self._cluster.get(RETRAIN_POLICY, namespace, name)
        return RetrainPolicy.model_validate(live) if live else None

    async def _get_same(self, manifest: Manifest) -> Manifest | None:
        metadata = manifest["metadata"]
        return await self._cluster.get(kind_of(manifest), metadata["namespace"], metadata["name"])


def _parse_all(model: type[ResourceT], manifests: Iterable[Manifest]) -> list[ResourceT]:
    """Parse what can be parsed: an object of an older schema must not stop its neighbours."""
    parsed = []
    for manifest in manifests:
        try:
            parsed.append(model.model_validate(manifest))
        except ValidationError as error:
            logger.warning("%s is not valid and is left out: %s", "/".join(object_name(manifest)), error)
    return parsed
