"""What a cluster needs besides its programs: access to kubelet, the name service and volumes."""

from typing import Any

from tests.cluster.network import NodeNetwork
from tests.cluster.node_configuration import NODE_NAME, NodePlace

VOLUMES = 16
Manifest = dict[str, Any]


def render_node_objects(place: NodePlace) -> Manifest:
    """Return everything as one List."""
    items = [
        _render_cluster_admins(),
        *_render_dns(place.network),
        _render_storage_class(),
        *(_render_volume(place, number) for number in range(VOLUMES)),
    ]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def volume_folder(place: NodePlace, number: int) -> str:
    """Return the folder behind a PersistentVolume."""
    return str(place.folder / "volumes" / str(number))


def _render_cluster_admins() -> Manifest:
    """The API server's certificate for kubelet is of this group: without it no logs and no exec."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "kubeadm:cluster-admins"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "kubeadm:cluster-admins"}
        ],
    }


def _render_dns(network: NodeNetwork) -> tuple[Manifest, Manifest]:
    """The Service has no selector: CoreDNS is a process of the node, not a pod."""
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
    ]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}},
        "spec": {"clusterIP": network.dns_address, "ports": ports},
    }
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "kube-dns",
            "namespace": "kube-system",
            "labels": {"kubernetes.io/service-name": "kube-dns"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [network.node_address]}],
        "ports": ports,
    }
    return service, endpoints


def _render_storage_class() -> Manifest:
    """The default class, by the name that kind gives it, so that claims look alike everywhere."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "standard",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
        "reclaimPolicy": "Retain",
    }


def _render_volume(place: NodePlace, number: int) -> Manifest:
    affinity = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE_NAME]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"volume-{number}"},
        "spec": {
            "accessModes": ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"],
            "capacity": {"storage": "10Gi"},
            "local": {"path": volume_folder(place, number)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [affinity]}]}},
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "standard",
        },
    }
