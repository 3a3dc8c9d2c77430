"""Events are what `kubectl describe` shows, and repetitions are counted, not multiplied."""

import pytest

from holdfast_operator.cluster.event_recorder import EventRecorder
from holdfast_operator.cluster.kinds import EVENT
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.core.decision import Event
from tests.integration.operator.test_kubernetes_cluster import model_deployment

pytestmark = pytest.mark.integration


async def test_event_is_accepted_and_repeated_as_a_series(cluster: KubernetesCluster, namespace: str) -> None:
    live = await cluster.create(model_deployment(namespace))
    recorder = EventRecorder(cluster, "operator-0")
    for _ in range(3):
        await recorder.record(live, Event("Warning", "ModelNotFound", "nothing is at configmap://credit"))
    await recorder.record(live, Event("Normal", "Promoted", "x" * 2000))
    events = {event["reason"]: event for event in await cluster.list(EVENT, namespace)}
    assert events["ModelNotFound"]["series"]["count"] == 3
    assert events["ModelNotFound"]["regarding"]["uid"] == live["metadata"]["uid"]
    assert len(events["Promoted"]["note"]) == 1024
    assert len(events) == 2


async def test_series_goes_on_when_the_object_has_changed(cluster: KubernetesCluster, namespace: str) -> None:
    live = await cluster.create(model_deployment(namespace))
    recorder = EventRecorder(cluster, "operator-0")
    for version in ("1000", "1001"):
        changed = {**live, "metadata": {**live["metadata"], "resourceVersion": version}}
        await recorder.record(changed, Event("Normal", "Promoted", "What should serve is what serves."))
    [event] = await cluster.list(EVENT, namespace)
    assert event["series"]["count"] == 2
