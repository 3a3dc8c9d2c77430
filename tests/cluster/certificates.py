"""Certificates and kubeconfigs of a control plane, made by kubeadm."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.cluster.errors import ClusterError
from tests.cluster.programs import KUBERNETES_VERSION, program


@dataclass(frozen=True)
class Identity:
    """Where a control plane is reached and which ranges it hands out, as its certificates must say."""

    node_name: str
    advertise_address: str
    endpoint: str
    pod_subnet: str
    service_subnet: str


@dataclass(frozen=True)
class Credentials:
    """Folder of certificates (`pki`) and of kubeconfigs, in kubeadm's layout."""

    pki: Path
    kubeconfigs: Path

    @property
    def admin(self) -> Path:
        """The administrator's kubeconfig; its group system:masters needs no role binding."""
        return self.kubeconfigs / "super-admin.conf"


def make_credentials(identity: Identity, folder: Path) -> Credentials:
    """Make every certificate and kubeconfig of a one-node cluster in FOLDER."""
    credentials = Credentials(folder / "pki", folder / "kubeconfigs")
    configuration = folder / "kubeadm.yaml"
    configuration.write_text(yaml.safe_dump_all(_render_configuration(identity, credentials.pki)))
    credentials.kubeconfigs.mkdir(parents=True, exist_ok=True)
    _kubeadm("certs", configuration)
    _kubeadm("kubeconfig", configuration, "--kubeconfig-dir", str(credentials.kubeconfigs))
    return credentials


def _kubeadm(phase: str, configuration: Path, *options: str) -> None:
    kubeadm = str(program("kubeadm"))
    command = [kubeadm, "init", "phase", phase, "all", "--config", str(configuration), *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise ClusterError(f"kubeadm init phase {phase} failed:\n{ended.stderr.strip()}")


def _render_configuration(identity: Identity, pki: Path) -> list[dict[str, object]]:
    api_version = "kubeadm.k8s.io/v1beta4"
    port = int(identity.endpoint.rpartition(":")[2])
    return [
        {
            "apiVersion": api_version,
            "kind": "InitConfiguration",
            "localAPIEndpoint": {"advertiseAddress": identity.advertise_address, "bindPort": port},
            # Named so that kubeadm does not look for a container runtime on this machine.
            "nodeRegistration": {
                "name": identity.node_name,
                "criSocket": "unix:///run/containerd/containerd.sock",
            },
        },
        {
            "apiVersion": api_version,
            "kind": "ClusterConfiguration",
            "kubernetesVersion": f"v{KUBERNETES_VERSION}",
            "certificatesDir": str(pki),
            "controlPlaneEndpoint": identity.endpoint,
            "encryptionAlgorithm": "ECDSA-P256",
            "networking": {
                "podSubnet": identity.pod_subnet,
                "serviceSubnet": identity.service_subnet,
            },
            "apiServer": {"certSANs": ["127.0.0.1", "localhost"]},
        },
    ]
