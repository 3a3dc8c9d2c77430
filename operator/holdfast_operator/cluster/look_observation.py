"""Reads the Jobs that look at the data of a policy, and their pods."""

from holdfast import labels
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.cluster.api import Cluster
from holdfast_operator.cluster.kinds import JOB, POD
from holdfast_operator.manifests.metadata import LOOK, Manifest, is_controlled_by, label_value


async def observe_looks(
    cluster: Cluster, live: Manifest, policy: RetrainPolicy
) -> tuple[tuple[Manifest, ...], tuple[Manifest, ...]]:
    """Return the Jobs that the live policy controls and their pods; nothing without a trigger on data."""
    if policy.spec.triggers.data is None and policy.status.data is None:
        return (), ()
    metadata = live["metadata"]
    namespace = metadata["namespace"]
    selector = f"{labels.POLICY}={label_value(metadata['name'])},{labels.COMPONENT}={LOOK}"
    listed = await cluster.list(JOB, namespace, selector)
    jobs = tuple(job for job in listed if is_controlled_by(job, metadata["uid"]))
    # After the Jobs: a Job that was seen finished must not be judged by how its pod was before.
    pods = tuple(await cluster.list(POD, namespace, selector)) if jobs else ()
    return jobs, pods
