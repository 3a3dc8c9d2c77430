"""Command lines of etcd and kube-apiserver, alike for the control plane alone and for the whole node."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.cluster.certificates import Credentials
from tests.cluster.programs import program

_READS = ["get", "list", "watch"]
_CONTROL_PLANE = ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler"]
# Who wrote what and when, without bodies: enough to count an operator's writes. What the cluster's own parts
# read, and the node's heartbeat, are left out, or the log would be rotated under a long test.
_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "verbs": _READS, "users": _CONTROL_PLANE},
        {"level": "None", "verbs": _READS, "userGroups": ["system:nodes"]},
        {"level": "None", "verbs": _READS, "userGroups": ["system:serviceaccounts:kube-system"]},
        {"level": "None", "namespaces": ["kube-node-lease"]},
        {"level": "Metadata"},
    ],
}


@dataclass(frozen=True)
class ApiServerPlace:
    """Addresses, ports and folder of one API server and its etcd."""

    folder: Path
    bind_address: str
    advertise_address: str
    port: int
    etcd_port: int
    etcd_peer_port: int
    service_subnet: str

    @property
    def audit_log(self) -> Path:
        """One JSON event per line (audit.k8s.io/v1)."""
        return self.folder / "audit.log"


def etcd_command(place: ApiServerPlace) -> list[str | Path]:
    """Return the command line of an etcd that lives only as long as the cluster does."""
    client = f"http://127.0.0.1:{place.etcd_port}"
    peer = f"http://127.0.0.1:{place.etcd_peer_port}"
    return [
        program("etcd"),
        "--unsafe-no-fsync",
        f"--data-dir={place.folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
    ]


def api_server_command(place: ApiServerPlace, credentials: Credentials) -> list[str | Path]:
    """Return the command line of kube-apiserver, and write its audit policy."""
    policy = place.folder / "audit-policy.yaml"
    policy.write_text(yaml.safe_dump(_AUDIT_POLICY))
    pki = credentials.pki
    return [
        program("kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{place.etcd_port}",
        f"--bind-address={place.bind_address}",
        f"--advertise-address={place.advertise_address}",
        f"--secure-port={place.port}",
        f"--service-cluster-ip-range={place.service_subnet}",
        "--allow-privileged",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        # Deleted objects and watches of a test must not wait for the shutdown of the one before.
        "--shutdown-delay-duration=0s",
        f"--audit-policy-file={policy}",
        f"--audit-log-path={place.audit_log}",
        "--audit-log-mode=blocking",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--client-ca-file={pki}/ca.crt",
        f"--kubelet-client-certificate={pki}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={pki}/apiserver-kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP",
        *_service_account_flags(pki),
        *_aggregation_flags(pki),
    ]


def _service_account_flags(pki: Path) -> list[str]:
    return [
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki}/sa.pub",
        f"--service-account-signing-key-file={pki}/sa.key",
    ]


def _aggregation_flags(pki: Path) -> list[str]:
    return [
        f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
        f"--proxy-client-key-file={pki}/front-proxy-client.key",
    ]
