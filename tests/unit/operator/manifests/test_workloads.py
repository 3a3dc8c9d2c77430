"""Workloads of other engines as they are made, and the Job that evaluates what they leave."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from holdfast import labels
from holdfast.settings import CollectionSettings
from holdfast_operator.manifests.evaluation_job import evaluation_job_name
from holdfast_operator.manifests.training_containers import TrainingParts
from holdfast_operator.manifests.workload import guess_plural, render_workload, workload_name
from tests.unit.operator.manifests.rendered import CHILDREN, container, environment
from tests.unit.operator.manifests.samples import RUN
from tests.unit.operator.manifests.workload_samples import workload_policy

RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def pods() -> Iterator[Mapping[str, Any]]:
    for replica in CHILDREN["pytorch_job"]["spec"]["pytorchReplicaSpecs"].values():
        yield replica["template"]["spec"]


def variables(container: Mapping[str, Any]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container["env"]}


def test_every_container_is_told_about_the_run_and_has_the_claim() -> None:
    for pod in pods():
        for each in [*pod.get("initContainers", []), *pod["containers"]]:
            told = variables(each)
            assert told["HOLDFAST_RUN"] == "nightly-drift-0123456789"
            assert told["HOLDFAST_OUTPUT_DIR"] == "/mnt/handover/runs/nightly-drift-0123456789"
            assert told["HOLDFAST_DATA_URI"] == "s3://data/credit"
            assert told["HOLDFAST_CHAMPION_URI"] == "s3://models/credit/7"
            mounts = {mount["name"]: mount["mountPath"] for mount in each["volumeMounts"]}
            assert mounts["holdfast-handover"] == "/mnt/handover"
        claims = [each for each in pod["volumes"] if each["name"] == "holdfast-handover"]
        assert [each["persistentVolumeClaim"]["claimName"] for each in claims] == ["training"]


def test_pods_are_restricted_and_keep_what_they_named() -> None:
    master, worker = pods()
    for pod in (master, worker):
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for each in pod["containers"]:
            assert RESTRICTED.items() <= each["securityContext"].items()
    assert worker["securityContext"]["runAsUser"] == 1000
    assert worker["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    assert variables(worker["containers"][0])["LEVEL"] == "2"
    assert [entry["name"] for entry in worker["containers"][0]["env"]].count("HOLDFAST_RUN") == 1


def test_template_is_not_changed_by_the_run() -> None:
    assert "replicas" in CHILDREN["pytorch_job"]["spec"]["pytorchReplicaSpecs"]["Worker"]
    assert CHILDREN["pytorch_job"]["spec"]["runPolicy"] == {"cleanPodPolicy": "None"}


def test_labels_of_the_template_stay_below_ours_and_the_queue_is_named() -> None:
    metadata = CHILDREN["pytorch_job"]["metadata"]
    assert metadata["labels"]["team"] == "risk"
    assert metadata["labels"][labels.RUN] == "nightly-drift-0123456789"
    assert metadata["labels"]["kueue.x-k8s.io/queue-name"] == "risk"
    assert metadata["annotations"] == {"note": "nightly"}
    assert "annotations" not in CHILDREN["workflow"]["metadata"]


def test_containers_of_a_workflow_share_its_volumes() -> None:
    spec = CHILDREN["workflow"]["spec"]
    made = [spec["templates"][0]["container"], spec["templates"][1]["script"]]
    for each in made:
        assert variables(each)["HOLDFAST_OUTPUT_DIR"].startswith("/mnt/handover/")
        assert each["securityContext"] == RESTRICTED
    assert spec["templates"][2] == {"name": "both", "steps": [[{"name": "a", "template": "train"}]]}
    assert [each["name"] for each in spec["volumes"]] == ["holdfast-handover"]
    assert spec["serviceAccountName"] == "argo"
    assert spec["securityContext"]["runAsNonRoot"] is True


def test_train_job_gets_variables_only_and_hands_over_through_the_store() -> None:
    spec = CHILDREN["train_job"]["spec"]
    told = variables(spec["trainer"])
    assert told["HOLDFAST_OUTPUT_URI"] == "s3://handover/credit/nightly-drift-0123456789"
    assert "HOLDFAST_OUTPUT_DIR" not in told
    assert "HOLDFAST_CHAMPION_URI" not in told
    assert spec["runtimeRef"] == {"name": "torch-distributed"}


def test_workflow_that_hands_over_through_the_store_has_no_claim() -> None:
    template = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": {}}
    policy = workload_policy(template, handover={"uri": "s3://handover"})
    assert policy.spec.workload is not None
    spec = render_workload(TrainingParts(RUN, policy, None), policy.spec.workload)["spec"]
    assert set(spec) == {"securityContext"}


def test_account_of_the_policy_is_that_of_the_pods() -> None:
    template = {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "spec": {"replicatedJobs": [{"template": {"spec": {"containers": [{"name": "a"}]}}}]},
    }
    policy = workload_policy(template, serviceAccountName="trainer", handover={"uri": "s3://handover"})
    assert policy.spec.workload is not None
    made = render_workload(TrainingParts(RUN, policy, None), policy.spec.workload)
    pod = made["spec"]["replicatedJobs"][0]["template"]["spec"]
    assert pod["serviceAccountName"] == "trainer"
    assert "automountServiceAccountToken" not in pod
    assert "volumes" not in pod


@pytest.mark.parametrize(
    "spec",
    [
        {"containers": "text"},
        {"containers": []},
        {"containers": ["text"]},
        {"container": "text"},
        {"script": {"source": "no image"}},
        {"parameters": [{"containers": {"a": 1}}, 5, None]},
    ],
)
def test_what_only_looks_like_a_pod_is_left_as_it_is(spec: dict[str, Any]) -> None:
    policy = workload_policy({"apiVersion": "example.com/v1", "kind": "Thing", "spec": spec})
    assert policy.spec.workload is not None
    assert render_workload(TrainingParts(RUN, policy, None), policy.spec.workload)["spec"] == spec


def test_evaluation_fetches_without_the_credentials_that_publish() -> None:
    child = "evaluation_job_of_train_job"
    collected = CollectionSettings.from_env(environment("fetch-output", child))
    assert collected.source_uri == "s3://handover/credit/nightly-drift-0123456789"
    assert collected.credentials_dir == "/etc/holdfast/credentials"
    volumes = {
        each["name"]: each["secret"]["secretName"]
        for each in CHILDREN[child]["spec"]["template"]["spec"]["volumes"]
        if "secret" in each
    }
    secrets = {
        name: [
            volumes[mount["name"]]
            for mount in container(name, child)["volumeMounts"]
            if mount["name"] in volumes
        ]
        for name in ("fetch-output", "evaluate")
    }
    assert secrets == {"fetch-output": ["handover"], "evaluate": ["publish"]}
    assert CHILDREN[child]["spec"]["template"]["spec"]["nodeSelector"] == {"pool": "evaluation"}


def test_evaluation_reads_a_claim_but_cannot_write_it() -> None:
    mounts = container("fetch-output", "evaluation_job_of_pytorch_job")["volumeMounts"]
    (claim,) = [mount for mount in mounts if mount["mountPath"] == "/mnt/source"]
    assert claim["readOnly"] is True


def test_names_leave_room_for_those_that_engines_make() -> None:
    assert workload_name("nightly-1") == "nightly-1"
    long = workload_name("a" * 28 + "-" + "b" * 34)
    assert len(long) <= 40
    assert long != workload_name("a" * 28 + "-" + "c" * 34)
    assert evaluation_job_name("nightly-1") == "nightly-1-evaluate"


@pytest.mark.parametrize(
    ("kind", "plural"),
    [("PyTorchJob", "pytorchjobs"), ("AppPolicy", "apppolicies"), ("Access", "accesses")],
)
def test_plural_is_that_of_kubernetes(kind: str, plural: str) -> None:
    assert guess_plural(kind) == plural
