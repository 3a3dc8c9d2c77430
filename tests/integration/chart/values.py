"""Sets of values that the chart is rendered with, and finding objects in what comes out."""

from typing import Any

import pytest

Objects = list[dict[str, Any]]
Values = dict[str, Any]

WATCHED = ["chart-models", "chart-risk"]
DIGEST = "sha256:" + "a" * 64
MONITORS: Values = {
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
}
MONITOR_KINDS = {"ServiceMonitor", "PodMonitor", "PrometheusRule"}
"""Kinds of the Prometheus Operator: an API server without it does not know them."""
EVERYTHING: Values = {
    "imageRegistry": "registry.example.com/team",
    "image": {"digest": DIGEST, "pullPolicy": "Always"},
    "serverImage": {"tag": "1.2"},
    "gpuServerImage": {"digest": DIGEST},
    "imagePullSecrets": [{"name": "registry"}],
    "podImagePullSecrets": ["registry"],
    "fullnameOverride": "holdfast",
    "commonLabels": {"team": "ml"},
    "gatewayApi": {"enabled": True},
    "prometheus": {"url": "http://prometheus.monitoring:9090", "tokenSecretName": "prometheus"},
    "operator": {"scrapeIntervalSeconds": 0.5, "logLevel": "DEBUG"},
    "serviceAccount": {"name": "operator", "annotations": {"a": "b"}},
    "podAnnotations": {"a": "b"},
    "podLabels": {"tier": "control"},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "control", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "priorityClassName": "system-cluster-critical",
    "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
    "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ca", "readOnly": True}],
    "alertReceiver": {
        "enabled": True,
        "port": 9443,
        "tokenSecretName": "alert-token",
        "tls": {"secretName": "alert-tls"},
    },
    "signals": {"allowedHosts": ["drift.example.com", "10.0.0.7:8443"], "ports": [8000, 8443]},
    "networkPolicy": {
        "metricsFrom": [{"namespaceSelector": {}}],
        "alertsFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
    },
    **MONITORS,
}
NO_CLUSTER_SCOPE: Values = {
    "watchNamespaces": WATCHED,
    "crds": {"install": False},
    "rbac": {"userRoles": False},
    "approvalPolicy": {"create": False},
}
VALUES: dict[str, Values] = {
    "defaults": {},
    "two-namespaces": {"watchNamespaces": WATCHED, **MONITORS},
    "nothing-for-the-whole-cluster": {**NO_CLUSTER_SCOPE, "networkPolicy": {"enabled": False}},
    "own-account": {"serviceAccount": {"create": False, "name": "mine"}, "rbac": {"create": False}},
    "crds-go-with-the-release": {"crds": {"keep": False}},
    "everything": EVERYTHING,
}
each_set_of_values = pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)


def of_kind(objects: Objects, kind: str) -> Objects:
    """Return the objects of a kind."""
    return [each for each in objects if each["kind"] == kind]


def operator_pod(objects: Objects) -> dict[str, Any]:
    """Return the pod template's spec of the operator."""
    (deployment,) = of_kind(objects, "Deployment")
    spec: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return spec


def operator_environment(objects: Objects) -> dict[str, str]:
    """Return the environment as the operator's process sees it."""
    (deployment,) = of_kind(objects, "Deployment")
    fields = {"metadata.namespace": deployment["metadata"]["namespace"]}
    (container,) = operator_pod(objects)["containers"]
    return {
        each["name"]: each["value"] if "value" in each else fields[each["valueFrom"]["fieldRef"]["fieldPath"]]
        for each in container["env"]
    }
