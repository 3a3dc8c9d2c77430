"""Children as they are sent: golden files, and the rules that hold for every one of them."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from holdfast.gate_terms import GateTerms
from holdfast.settings import EvaluationSettings, FetchSettings, InspectionSettings, ServerSettings
from holdfast_operator.manifests.environment import literal_env
from holdfast_operator.manifests.metadata import (
    Manifest,
    child_labels,
    is_controlled_by,
    label_value,
    prefix,
    short,
)
from holdfast_operator.manifests.model_source import mounted_path, needs_network
from tests.unit.operator.golden import FOLDER, check_golden
from tests.unit.operator.manifests.rendered import CHILDREN, PODS, container, containers, environment
from tests.unit.operator.manifests.samples import DIGEST, POLICY


@pytest.mark.parametrize("name", CHILDREN)
def test_child_is_as_it_was_reviewed(name: str, request: pytest.FixtureRequest) -> None:
    rendered = yaml.safe_dump(
        yaml.safe_load(yaml.safe_dump(_plain(CHILDREN[name]))), sort_keys=False, width=110
    )
    update = bool(request.config.getoption("--update-golden"))
    check_golden(FOLDER / "manifests" / f"{name}.yaml", rendered, update=update)


def _plain(value: Any) -> Any:
    """Return the value without shared parts, which YAML would write as anchors."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in (FOLDER / "manifests").iterdir()} == set(CHILDREN)


@pytest.mark.parametrize("manifest", CHILDREN.values(), ids=CHILDREN)
def test_child_is_labelled_and_owned(manifest: Manifest) -> None:
    metadata = manifest["metadata"]
    component = metadata["labels"]["app.kubernetes.io/component"]
    assert child_labels("credit", component).items() <= metadata["labels"].items()
    assert [each["controller"] for each in metadata["ownerReferences"]] == [True]
    assert [each["blockOwnerDeletion"] for each in metadata["ownerReferences"]] == [True]
    assert all(len(value) <= 63 for value in metadata["labels"].values())
    assert len(metadata["name"]) <= 63


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_pod_meets_the_restricted_standard(pod: Mapping[str, Any]) -> None:
    context = pod["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] == 65532
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    for each in containers(pod):
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_pod_is_bounded(pod: Mapping[str, Any]) -> None:
    for each in containers(pod):
        assert {"cpu", "memory"} <= set(each["resources"]["limits"])
    for volume in pod["volumes"]:
        assert volume.get("emptyDir", {"sizeLimit": ""}).keys() == {"sizeLimit"}


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_volumes_are_named_once_and_every_mount_has_one(pod: Mapping[str, Any]) -> None:
    names = [volume["name"] for volume in pod["volumes"]]
    assert len(names) == len(set(names))
    for each in containers(pod):
        paths = [mount["mountPath"] for mount in each["volumeMounts"]]
        assert len(paths) == len(set(paths))
        assert {mount["name"] for mount in each["volumeMounts"]} <= set(names)


def test_containers_read_back_the_settings_that_were_meant() -> None:
    served = ServerSettings.from_env(environment("server", "server_deployment"))
    assert served == ServerSettings(
        model_name="credit",
        model_revision="credit-0123456789",
        grpc_port=8081,
        workers=2,
        threads=2,
        batching="Disabled",
        batch_max_rows=8,
        batch_max_delay_milliseconds=2,
        max_body_bytes=4096,
        max_connections=100,
        max_in_flight=10,
        header_timeout_seconds=5,
        body_timeout_seconds=6,
        request_timeout_seconds=20,
        feature_monitoring=False,
        feedback_key_file="/etc/holdfast/feedback/key",
        feedback_max_age_days=90,
        feedback_slices="region,age",
        capture_uri="s3://captured/credit",
        capture_percent=5,
        capture_max_rows_per_hour=1000,
        capture_retention_days=7,
        capture_exclude="name,x[3]",
        capture_credentials_dir="/etc/holdfast/credentials",
    )
    fetched = FetchSettings.from_env(environment("fetch", "server_deployment"))
    assert (fetched.model_digest, fetched.credentials_dir) == (DIGEST, "/etc/holdfast/credentials")
    assert fetched.verification_key_file == "/etc/holdfast/verification/key"
    inspected = InspectionSettings.from_env(environment("inspect", "inspection_job_of_config_map"))
    assert (inspected.model_uri, inspected.model_digest) == ("configmap://tiny", None)
    evaluated = EvaluationSettings.from_env(environment("evaluate", "training_job"))
    assert GateTerms.model_validate_json(evaluated.gate) == POLICY.spec.gate.terms()
    assert evaluated.champion_digest == DIGEST
    without = EvaluationSettings.from_env(environment("evaluate", "training_job_without_champion"))
    assert (without.champion_dir, without.champion_digest) == (None, None)


def test_credentials_reach_only_the_container_that_fetches_or_publishes() -> None:
    def secrets(name: str, child: str) -> list[str]:
        mounts = container(name, child)["volumeMounts"]
        return [mount["name"] for mount in mounts if mount["name"].startswith("credentials-")]

    fetched, captured = secrets("fetch", "server_deployment"), secrets("server", "server_deployment")
    assert len(fetched) == len(captured) == 1
    assert fetched != captured, "the credentials of the store are not the server's"
    assert secrets("server", "server_deployment_from_claim") == []
    assert secrets("trainer", "training_job") == []
    store, publish = secrets("fetch-champion", "training_job"), secrets("evaluate", "training_job")
    assert len(store) == len(publish) == 1
    assert store != publish
    assert "envFrom" not in container("evaluate", "training_job")


def test_claim_that_is_read_and_written_is_one_volume() -> None:
    claims = [
        volume for volume in PODS["training_job_on_claim"]["volumes"] if "persistentVolumeClaim" in volume
    ]
    assert [claim["persistentVolumeClaim"]["readOnly"] for claim in claims] == [False]
    mounts = {
        each["name"]: [mount for mount in each["volumeMounts"] if mount["name"] == claims[0]["name"]]
        for each in containers(PODS["training_job_on_claim"])
    }
    assert mounts["fetch-champion"][0]["readOnly"] is True
    assert mounts["trainer"][0] == {"name": claims[0]["name"], "mountPath": "/mnt/data", "readOnly": True}
    assert "readOnly" not in mounts["evaluate"][0]
    assert environment("trainer", "training_job_on_claim")["HOLDFAST_DATA_DIR"] == "/mnt/data/data/2026"


def test_trainer_gets_the_contract_and_nothing_is_expanded() -> None:
    values = environment("trainer", "training_job")
    assert values["PRICE"] == "5$$ $$(HOME)"
    assert values["HOLDFAST_RUN"] == "nightly-drift-0123456789"
    assert values["HOLDFAST_TRIGGER"] == '{"evidence":{"psi":"0.4"},"reason":"moved","type":"Drift"}'
    assert values["HOLDFAST_CHAMPION_DIR"] == "/mnt/champion"
    assert values["HOME"] == "/tmp"  # noqa: S108 - a volume of the pod's own
    assert "HOLDFAST_DATA_DIR" not in values
    assert "HOLDFAST_CHAMPION_DIR" not in environment("trainer", "training_job_without_champion")


@pytest.mark.parametrize("child", ["training_job", "training_job_without_champion"])
def test_failures_that_cannot_pass_are_not_repeated(child: str) -> None:
    rules = CHILDREN[child]["spec"]["podFailurePolicy"]["rules"]
    codes = {
        rule["onExitCodes"]["containerName"]: rule["onExitCodes"]["values"]
        for rule in rules
        if "onExitCodes" in rule
    }
    names = {each["name"] for each in containers(PODS[child])}
    assert set(codes) == names, "a rule for a container that is not there would be refused"
    assert codes["trainer"] == [64]
    assert rules[-1]["action"] == "Ignore"


def test_serving_pods_reach_no_network_unless_the_store_is_there() -> None:
    assert CHILDREN["network_policy_without_network"]["spec"]["egress"] == []
    blocks = [
        peer["ipBlock"]["except"]
        for rule in CHILDREN["network_policy"]["spec"]["egress"]
        for peer in rule.get("to", ())
        if "ipBlock" in peer
    ]
    assert "169.254.0.0/16" in blocks[0]


@pytest.mark.parametrize(
    ("uri", "path"),
    [("pvc://claim/a/b/", "/mnt/data/a/b"), ("pvc://claim", "/mnt/data"), ("configmap://x", "/mnt/data")],
)
def test_path_of_a_mounted_uri(uri: str, path: str) -> None:
    assert mounted_path(uri, "/mnt/data") == path
    assert not needs_network(uri)


def test_names_are_cut_and_stay_recognisable() -> None:
    assert prefix("a" * 39 + "-b") == "a" * 39
    assert label_value("a" * 63) == "a" * 63
    long = label_value("b" * 200)
    assert long.startswith("b" * 40 + "-")
    assert len(long) == 51
    assert short({"b": 1, "a": 2}) == short({"a": 2, "b": 1})


def test_owner_is_told_by_uid() -> None:
    assert is_controlled_by(CHILDREN["service"], "uid-of-credit")
    assert not is_controlled_by(CHILDREN["service"], "another")
    assert not is_controlled_by({"metadata": {}}, "uid-of-credit")


def test_dollar_signs_are_doubled() -> None:
    assert literal_env([{"name": "A", "value": "$(B) $$"}]) == [{"name": "A", "value": "$$(B) $$$$"}]
