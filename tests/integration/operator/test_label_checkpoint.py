"""What labels have proved is kept on a real API server, written once and found again by another operator."""

from datetime import UTC, datetime

import pytest

from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.enact import Enactor
from holdfast_operator.cluster.event_recorder import EventRecorder
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import CONFIG_MAP, MODEL_DEPLOYMENT, RETRAIN_POLICY
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.cluster.observe import Observer
from holdfast_operator.core.label_evidence import label_test_of
from holdfast_operator.handlers.drift_gauges import DriftGauges
from holdfast_operator.handlers.reconcile import Reconciler
from holdfast_operator.manifests.metadata import ImageSettings, Manifest
from tests.integration.operator.test_kubernetes_cluster import model_deployment
from tests.unit.operator.cluster.label_scrapes import Pod
from tests.unit.operator.core.label_windows import trigger_of

pytestmark = pytest.mark.integration

TRIGGER = {"metric": "accuracy", "maxDrop": "0.02", "minSamples": 200}


def policy(namespace: str) -> Manifest:
    return {
        "apiVersion": "holdfast.dev/v1alpha1",
        "kind": "RetrainPolicy",
        "metadata": {"namespace": namespace, "name": "nightly"},
        "spec": {
            "modelDeploymentRef": {"name": "credit"},
            "triggers": {"performance": TRIGGER},
            "trainer": {"image": "trainer:1"},
            "output": {"uri": "s3://models/credit"},
        },
    }


class Operator:
    """One life of the operator."""

    def __init__(self, cluster: KubernetesCluster, namespace: str) -> None:
        self.key = Key(RETRAIN_POLICY, namespace, "nightly")
        self.watch = DriftWatch(scrape_interval_seconds=15)
        observer = Observer(cluster, self.watch, ImageSettings("server:1", "evaluator:1"))
        enactor = Enactor(cluster, EventRecorder(cluster, "operator-0", lambda: datetime.now(UTC)))
        self.reconciler = Reconciler(observer, enactor, DriftGauges())

    async def reconcile(self) -> None:
        await self.reconciler.reconcile(self.key)


async def test_state_is_written_once_and_found_again(cluster: KubernetesCluster, namespace: str) -> None:
    await cluster.create(model_deployment(namespace))
    await cluster.create(policy(namespace))
    assert await cluster.get(MODEL_DEPLOYMENT, namespace, "credit") is not None
    first = Operator(cluster, namespace)
    await first.reconcile()
    (kept,) = [
        each for each in await cluster.list(CONFIG_MAP, namespace) if each["metadata"].get("ownerReferences")
    ]
    pod = Pod("pod-1", datetime.now(UTC).timestamp() + 1)
    pod.label(300, 10)
    labels = first.watch.labels
    later = datetime.now(UTC).replace(year=2100)
    labels.record(namespace, "credit", pod.process, pod.scrape(), later)
    labels.finish_round({"pod-1"}, later)
    await first.reconcile()
    changed = await cluster.get(CONFIG_MAP, namespace, kept["metadata"]["name"])
    assert changed is not None
    assert changed["binaryData"] != kept["binaryData"]
    await first.reconcile()
    again = await cluster.get(CONFIG_MAP, namespace, kept["metadata"]["name"])
    assert again is not None
    assert again["metadata"]["resourceVersion"] == changed["metadata"]["resourceVersion"]
    second = Operator(cluster, namespace)
    await second.reconcile()
    window = second.watch.labels.window(second.key, "credit-1", datetime.now(UTC))
    assert window is not None
    assert window.groups[0].state.first.rows == 300
    second.watch.labels.follow(second.key, "credit", label_test_of(trigger_of(TRIGGER)), datetime.now(UTC))
    assert second.watch.labels.checkpoint(second.key) == changed["binaryData"]["labels.json.gz"]
