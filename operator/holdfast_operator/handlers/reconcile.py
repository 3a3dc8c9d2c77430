"""Observe, decide, enact: what is done for one key."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from holdfast_operator.cluster.api import CreationRefusedError
from holdfast_operator.cluster.enact import Enactor
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import MODEL_DEPLOYMENT, RETRAIN_POLICY, RETRAIN_RUN
from holdfast_operator.cluster.observe import Observer
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.model_deployment import decide_model_deployment
from holdfast_operator.core.observation import Refusal
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from holdfast_operator.core.retrain_run import decide_retrain_run
from holdfast_operator.handlers.drift_gauges import DriftGauges
from holdfast_operator.manifests.metadata import Manifest


@dataclass(frozen=True)
class Verdict:
    """A live object, its live children, and what was decided about them."""

    live: Manifest
    children: Iterable[Manifest]
    decision: Decision
    reconsider: Callable[[Refusal], Decision] | None = None
    """Decides again when the API server does not accept something that was to be created."""


Judge: TypeAlias = Callable[[Key], Awaitable[Verdict | None]]


class Reconciler:
    """Does once what one key needs; repeating it changes nothing."""

    def __init__(self, observer: Observer, enactor: Enactor, gauges: DriftGauges) -> None:
        self._observer = observer
        self._enactor = enactor
        self._gauges = gauges
        self._judges: dict[object, Judge] = {
            MODEL_DEPLOYMENT: self._judge_model_deployment,
            RETRAIN_POLICY: self._judge_retrain_policy,
            RETRAIN_RUN: self._judge_retrain_run,
        }

    async def reconcile(self, key: Key) -> float | None:
        """Look at the object live and make true what was decided.

        Returns:
            After how many seconds to look again, whatever happens until then.

        Raises:
            ApiError: a read or write failed; all of it can be repeated.
        """
        verdict = await self._judges[key.kind](key)
        if verdict is None:
            self._enactor.forget((key.kind.api_version, key.kind.kind, key.namespace, key.name))
            return None
        if verdict.live["metadata"].get("deletionTimestamp"):
            return (
                None  # The garbage collector takes the children; making them again would be a race with it.
            )
        try:
            await self._enactor.enact(verdict.live, verdict.children, verdict.decision)
        except CreationRefusedError as error:
            if verdict.reconsider is None:
                raise
            return await self._answer(verdict.live, verdict.reconsider(_refusal(error)))
        return verdict.decision.requeue_after_seconds

    async def _answer(self, live: Manifest, decision: Decision) -> float | None:
        await self._enactor.enact(live, (), decision)
        return decision.requeue_after_seconds

    async def _judge_model_deployment(self, key: Key) -> Verdict | None:
        observed = await self._observer.observe_model_deployment(key)
        if observed is None:
            return None
        decision = decide_model_deployment(observed.observation)
        complete = await self._observer.look_for_foreign(observed, (*decision.desired, *decision.create))
        if complete is not None:
            observed, decision = complete, decide_model_deployment(complete.observation)
        return Verdict(observed.live, observed.observation.children, decision)

    async def _judge_retrain_policy(self, key: Key) -> Verdict | None:
        observed = await self._observer.observe_retrain_policy(key)
        if observed is None:
            self._gauges.clear(key)
            return None
        observation = observed.observation
        model = observation.resource.spec.model_deployment_ref.name
        self._gauges.show(key, model, observation.drift)
        return Verdict(observed.live, observation.checkpoints, decide_retrain_policy(observation))

    async def _judge_retrain_run(self, key: Key) -> Verdict | None:
        observed = await self._observer.observe_retrain_run(key)
        if observed is None:
            return None
        observation = observed.observation

        def reconsider(refusal: Refusal) -> Decision:
            return decide_retrain_run(replace(observation, refusal=refusal))

        return Verdict(observed.live, (), decide_retrain_run(observation), reconsider)


def _refusal(error: CreationRefusedError) -> Refusal:
    return Refusal(error.manifest["apiVersion"], error.manifest["kind"], error.status, error.message)
