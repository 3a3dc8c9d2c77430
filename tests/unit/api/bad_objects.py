"""Objects that must be refused, alike by the API server and by the offline check, naming the same field."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.unit.api.objects import ABSENT, Resource, resource


@dataclass(frozen=True)
class BadObject:
    """One way to be wrong: the field that must be named, and words that tell the remedy.

    SAYS is left out where the API server's and the offline check's own words differ.
    """

    kind: str
    edits: dict[str, Any]
    names: str
    says: str = ""
    called: str = field(default="bikes")

    def resource(self) -> Resource:
        """Return the object."""
        return resource(self.kind, self.edits, self.called)


def _model(edits: dict[str, Any], names: str, says: str = "", called: str = "bikes") -> BadObject:
    return BadObject("ModelDeployment", edits, names, says, called)


def _uri(uri: str, says: str) -> BadObject:
    return _model({"spec.model.uri": uri}, "spec.model.uri", says)


def _server(name: str, value: Any, below: str = "", says: str = "") -> BadObject:
    return _model({f"spec.server.{name}": value}, f"spec.server.{name}{below}", says)


def _policy(edits: dict[str, Any], names: str, says: str = "", called: str = "bikes") -> BadObject:
    return BadObject("RetrainPolicy", edits, names, says, called)


def _drift(name: str, value: Any, says: str = "") -> BadObject:
    return _policy({f"spec.triggers.drift.{name}": value}, f"spec.triggers.drift.{name}", says)


def _cron(cron: str) -> BadObject:
    path = "spec.triggers.schedule.cron"
    return _policy({path: cron}, path, "five fields")


def _trainer(name: str, value: Any, below: str = "", says: str = "") -> BadObject:
    return _policy({f"spec.trainer.{name}": value}, f"spec.trainer.{name}{below}", says)


_LABELS = "a letter: Services, labels and revisions are named after it"
_DIGEST = f"sha256:{'0' * 64}"

_MODEL_DEPLOYMENTS = {
    "no model": _model({"spec.model": ABSENT}, "spec.model"),
    "no uri": _model({"spec.model": {"digest": _DIGEST}}, "spec.model.uri"),
    "empty uri": _model({"spec.model.uri": ""}, "spec.model.uri"),
    "endless uri": _model({"spec.model.uri": "s3://models/" + "a" * 1024}, "spec.model.uri"),
    "uri of another scheme": _uri("ftp://host/model.onnx", "s3://, https://, pvc:// or configmap://"),
    "plain http": _uri("http://host/model.onnx", "must start with"),
    "path for a uri": _uri("/mnt/model.onnx", "must start with"),
    "no bucket": _uri("s3:///models", "s3://BUCKET/KEY"),
    "https without path": _uri("https://host", "https://HOST/PATH"),
    "password in uri": _uri("https://me:secret@host/model.onnx", "Secret of credentialsSecretName"),
    "query in uri": _uri("https://host/model.onnx?version=1", "without user name, query or fragment"),
    "no claim": _uri("pvc://", "pvc://CLAIM/PATH"),
    "claim in upper case": _uri("pvc://Models/1", "pvc://CLAIM/PATH"),
    "folder in a ConfigMap": _uri("configmap://models/1/model.onnx", "configmap://NAME/KEY"),
    "bucket in upper case": _uri("s3://Models/1", "s3://BUCKET/KEY"),
    "empty path element": _uri("s3://models/bikes//1", "empty path elements"),
    "version of an object": _uri("s3://models/1?versionId=2", "? or #"),
    "space in uri": _uri("s3://models/my model", "neither spaces"),
    "line feed after uri": _uri("configmap://models\n", "configmap://NAME"),
    "way up in uri": _uri("pvc://models/../secrets", "path elements, . and .."),
    "short digest": _model({"spec.model.digest": "sha256:abc"}, "spec.model.digest"),
    "digest in upper case": _model({"spec.model.digest": f"sha256:{'A' * 64}"}, "spec.model.digest"),
    "credentials for a volume": _model(
        {"spec.model": {"uri": "pvc://models/1", "credentialsSecretName": "store"}},
        "spec.model.credentialsSecretName",
        "must be left out with pvc:// and configmap://",
    ),
    "name that no Secret has": _model(
        {"spec.model.credentialsSecretName": "My_Secret"}, "spec.model.credentialsSecretName"
    ),
    "long name": _model({}, "metadata.name", "at most 52", called="a" * 53),
    "name with dots": _model({}, "metadata.name", _LABELS, called="bikes.v2"),
    "name that begins with a digit": _model({}, "metadata.name", _LABELS, called="2bikes"),
    "replicas below zero": _server("replicas", -1),
    "replicas beyond reason": _server("replicas", 1001),
    "replicas as text": _server("replicas", "2"),
    "replicas as fraction": _server("replicas", 1.5),
    "amount that is none": _server("resources", {"limits": {"memory": "1 GB"}}, ".limits", "such as"),
    "amount below zero": _server("resources", {"limits": {"cpu": "-1"}}, ".limits", "not negative"),
    "amount as fraction": _server("resources", {"limits": {"cpu": 1.5}}, ".limits.cpu"),
    "amount that is not a number": _server("resources", {"limits": {"cpu": "NaN"}}, ".limits", "such as"),
    "misspelled resource": _server("resources", {"requests": {"mem": "1Gi"}}, ".requests", "memory"),
    "requests above limits": _server(
        "resources",
        {"requests": {"memory": "1Gi"}, "limits": {"memory": "1G"}},
        ".requests",
        "must not exceed limits",
    ),
    "node selector with a bad key": _server("nodeSelector", {"a b": "c"}, "", "label keys"),
    "node selector with a bad value": _server("nodeSelector", {"a": "b c"}, ".a"),
    "toleration without key": _server(
        "tolerations", [{"value": "b"}], "[0].key", "unless operator is Exists"
    ),
    "toleration of any value with a value": _server(
        "tolerations", [{"key": "a", "operator": "Exists", "value": "b"}], "[0].value", "left out"
    ),
    "toleration for a while of the wrong effect": _server(
        "tolerations",
        [{"key": "a", "effect": "NoSchedule", "tolerationSeconds": 1}],
        "[0].tolerationSeconds",
        "NoExecute",
    ),
    "toleration of an unknown effect": _server(
        "tolerations", [{"key": "a", "effect": "Never"}], "[0].effect"
    ),
    "no threads": _server("threads", 0),
    "no workers": _server("workers", 0),
    "more workers than a pod can have": _server("workers", 65),
    "gRPC by a truth value": _server("grpc", True),
    "no execution provider": _server("executionProviders", []),
    "unknown execution provider": _server("executionProviders", ["ROCm"], "[0]"),
    "execution provider twice": _server("executionProviders", ["CPU", "CPU"], "", "must not repeat one"),
    "CUDA without a GPU": _server("executionProviders", ["CUDA", "CPU"], "", "set nvidia.com/gpu"),
    "TensorRT without a GPU": _model(
        {
            "spec.server.executionProviders": ["TensorRT"],
            "spec.server.resources": {"limits": {"cpu": "4", "memory": "8Gi"}},
        },
        "spec.server.executionProviders",
        "set nvidia.com/gpu in resources.limits",
    ),
    "unknown batching": _server("batching", {"mode": "Always"}, ".mode"),
    "empty batches": _server("batching", {"maxRows": 0}, ".maxRows"),
    "endless delay": _server("batching", {"maxDelayMilliseconds": 1001}, ".maxDelayMilliseconds"),
    "tiny bodies": _server("limits", {"maxBodyBytes": 1}, ".maxBodyBytes"),
    "no connections": _server("limits", {"maxConnections": 0}, ".maxConnections"),
    "nothing in flight": _server("limits", {"maxInFlight": 0}, ".maxInFlight"),
    "no time for the header": _server("limits", {"headerTimeoutSeconds": 0}, ".headerTimeoutSeconds"),
    "no time for the body": _server("limits", {"bodyTimeoutSeconds": 3601}, ".bodyTimeoutSeconds"),
    "no time for an answer": _server("limits", {"requestTimeoutSeconds": 0}, ".requestTimeoutSeconds"),
    "bodies limited elsewhere": _server("maxBodyBytes", 4096),
    "unknown feedback": _server("feedback", {"mode": "On"}, ".mode"),
    "feedback on the day": _server("feedback", {"maxAgeDays": 0}, ".maxAgeDays"),
    "slice with a comma": _server("feedback", {"slices": ["a,b"]}, ".slices[0]", "no comma"),
    "too many slices": _server("feedback", {"slices": [f"f{n}" for n in range(17)]}, ".slices"),
    "capture to nowhere": _server("capture", {"percent": 1}, ".uri"),
    "capture to the web": _server(
        "capture", {"uri": "https://host/captured"}, ".uri", "must start with s3:// or pvc://"
    ),
    "capture to no bucket": _server("capture", {"uri": "s3:///captured"}, ".uri", "s3://BUCKET/KEY"),
    "capture to a claim with credentials": _server(
        "capture",
        {"uri": "pvc://captured", "credentialsSecretName": "store"},
        ".credentialsSecretName",
        "must be left out",
    ),
    "capture of nothing": _server("capture", {"uri": "pvc://captured", "percent": 0}, ".percent"),
    "capture of no rows": _server(
        "capture", {"uri": "pvc://captured", "maxRowsPerHour": 0}, ".maxRowsPerHour"
    ),
    "capture kept for no day": _server(
        "capture", {"uri": "pvc://captured", "retentionDays": 0}, ".retentionDays"
    ),
    "captured column with a comma": _server(
        "capture", {"uri": "pvc://captured", "excludeColumns": ["a,b"]}, ".excludeColumns[0]", "no comma"
    ),
    "verification without a key": _model(
        {"spec.model.verification": {}}, "spec.model.verification.publicKeySecretName"
    ),
    "verification with a name that no Secret has": _model(
        {"spec.model.verification.publicKeySecretName": "My_Key"},
        "spec.model.verification.publicKeySecretName",
    ),
    "monitoring by a truth value": _server("featureMonitoring", True),
    "deadline at once": _model(
        {"spec.rollout.progressDeadlineSeconds": 1}, "spec.rollout.progressDeadlineSeconds"
    ),
    "no history": _model({"spec.revisionHistoryLimit": 0}, "spec.revisionHistoryLimit"),
    "suspended by text": _model({"spec.suspend": "yes"}, "spec.suspend"),
    "misspelled field": _server("replica", 2),
    "misspelled deeper": _model({"spec.model.url": "s3://models"}, "spec.model.url"),
    "field beside spec": _model({"sepc": {}}, "sepc"),
}
_RETRAIN_POLICIES = {
    "no ModelDeployment": _policy({"spec.modelDeploymentRef": ABSENT}, "spec.modelDeploymentRef"),
    "nameless ModelDeployment": _policy({"spec.modelDeploymentRef.name": ""}, "spec.modelDeploymentRef.name"),
    "ModelDeployment elsewhere": _policy(
        {"spec.modelDeploymentRef.namespace": "other"}, "spec.modelDeploymentRef.namespace"
    ),
    "name too long for a label": _policy({}, "metadata.name", "at most 63", called="a" * 64),
    "no tolerance": _drift("tolerance", "0", "above 0"),
    "tolerance below zero": _drift("tolerance", "-0.1", "above 0"),
    "tolerance above ten": _drift("tolerance", "10.5", "at most 10"),
    "tolerance in percent": _drift("tolerance", "10%", "such as"),
    "tolerance as number": _drift("tolerance", 0.1),
    "severe within the tolerance": _drift("severe", "0.05", "above tolerance"),
    "severe of nothing": _drift("severe", "0", "severe must be"),
    "few samples": _drift("minSamples", 10),
    "no false alarms at all": _drift("maxFalseRetrainsPer30Days", 0),
    "window of a second": _drift("windowSeconds", 1),
    "same feature twice": _policy(
        {"spec.triggers.drift.features": ["hour", "rain", "hour"]}, "spec.triggers.drift.features[2]"
    ),
    "four cron fields": _cron("0 3 * 0 "),
    "six cron fields": _cron("0 0 3 * * 0"),
    "cron by name": _cron("@hourly  "),
    "minute 60": _cron("60 3 * * 0"),
    "hour 24": _cron("0 24 * * *"),
    "thirteenth month": _cron("0 3 1 13 *"),
    "step of zero": _cron("*/0 3 * * *"),
    "time zone by offset": _policy(
        {"spec.triggers.schedule.timeZone": "+01:00"}, "spec.triggers.schedule.timeZone", "Europe/Berlin"
    ),
    "unknown trigger": _policy({"spec.triggers.weather": {}}, "spec.triggers.weather"),
    "cooldown below zero": _policy({"spec.limits.cooldownSeconds": -1}, "spec.limits.cooldownSeconds"),
    "run without time": _policy(
        {"spec.limits.activeDeadlineSeconds": 0}, "spec.limits.activeDeadlineSeconds"
    ),
    "no trainer": _policy({"spec.trainer": ABSENT}, "spec.trainer", "either trainer or workload"),
    "image with a space": _trainer("image", "trainer :1"),
    "unknown pull policy": _trainer("imagePullPolicy", "Sometimes"),
    "variable twice": _trainer("env", [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}], "[1]"),
    "variable of Holdfast's": _trainer("env", [{"name": "HOLDFAST_RUN"}], "[0].name", "HOLDFAST_"),
    "variable with a hyphen": _trainer("env", [{"name": "MY-VAR"}], "[0].name"),
    "variable from elsewhere": _trainer("env", [{"name": "A", "valueFrom": {}}], "[0].valueFrom"),
    "data on a claim in upper case": _trainer("dataUri", "pvc://Data/1", says="pvc://CLAIM/PATH"),
    "data above a claim": _trainer("dataUri", "pvc://data/../1", says="path elements, . and .."),
    "too many arguments": _trainer("args", ["a"] * 65),
    "no output": _policy({"spec.output": ABSENT}, "spec.output"),
    "output to the web": _policy(
        {"spec.output.uri": "https://host/models/"}, "spec.output.uri", "s3:// or pvc://"
    ),
    "output to a ConfigMap": _policy(
        {"spec.output.uri": "configmap://models"}, "spec.output.uri", "s3:// or pvc://"
    ),
    "output to one file": _policy(
        {"spec.output.uri": "s3://models/model.onnx"}, "spec.output.uri", "a folder"
    ),
    "output credentials for a volume": _policy(
        {"spec.output": {"uri": "pvc://models/bikes", "credentialsSecretName": "store"}},
        "spec.output.credentialsSecretName",
        "must be left out",
    ),
}
_RETRAIN_RUNS = {
    "no policy": BadObject("RetrainRun", {"spec.policyRef": ABSENT}, "spec.policyRef"),
    "unknown trigger type": BadObject("RetrainRun", {"spec.trigger": {"type": "Whim"}}, "spec.trigger.type"),
    "evidence as number": BadObject(
        "RetrainRun", {"spec.trigger": {"evidence": {"psi": 0.3}}}, "spec.trigger.evidence.psi"
    ),
    "approval that is neither": BadObject(
        "RetrainRun",
        {"spec.approval": {"decision": "Maybe", "approver": "ana"}},
        "spec.approval.decision",
    ),
    "approval by nobody": BadObject(
        "RetrainRun", {"spec.approval": {"decision": "Approved"}}, "spec.approval.approver"
    ),
    "run with a long name": BadObject("RetrainRun", {}, "metadata.name", "at most 63", called="a" * 64),
}

BAD_OBJECTS = [
    pytest.param(bad, id=name.replace(" ", "-"))
    for name, bad in {**_MODEL_DEPLOYMENTS, **_RETRAIN_POLICIES, **_RETRAIN_RUNS}.items()
]
