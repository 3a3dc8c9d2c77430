"""Configuration files and command lines of the programs of one node."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.cluster.certificates import Credentials
from tests.cluster.network import NodeNetwork
from tests.cluster.programs import program

NODE_NAME = "node"
CLUSTER_DOMAIN = "cluster.local"
_CNI_PLUGINS = "/usr/lib/cni"


@dataclass(frozen=True)
class NodePlace:
    """Name, folder and addresses of one node."""

    name: str
    folder: Path
    network: NodeNetwork

    @property
    def containerd_socket(self) -> Path:
        """Where containerd listens; reachable from the host."""
        return self.folder / "containerd.sock"

    @property
    def cgroup(self) -> str:
        """The control group above those of all pods of this node."""
        return f"/holdfast/{self.name}"


def containerd_command(place: NodePlace, pause_ref: str) -> list[str | Path]:
    """Return the command line of containerd, and write its configuration and that of the pod network."""
    networks = place.folder / "cni"
    networks.mkdir(exist_ok=True)
    (networks / "pods.conflist").write_text(json.dumps(_render_pod_network(place)))
    configuration = place.folder / "containerd.toml"
    # oom_score_adj below our own may not be set on machines that took CAP_SYS_RESOURCE away. cgroupfs instead
    # of systemd as driver, because neither this machine nor the node's namespaces need have systemd.
    configuration.write_text(f"""version = 2
root = "{place.folder}/containerd/root"
state = "{place.folder}/containerd/state"
[grpc]
  address = "{place.containerd_socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{place.folder}/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "{pause_ref}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{_CNI_PLUGINS}"
    conf_dir = "{networks}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
""")
    return ["containerd", "--config", configuration]


def kubelet_command(place: NodePlace, credentials: Credentials) -> list[str | Path]:
    """Return the command line of kubelet, and write its configuration."""
    configuration = _written(place.folder / "kubelet.yaml", _render_kubelet(place, credentials))
    # The pods' resolv.conf must not name this machine's name servers, which the node cannot reach.
    (place.folder / "resolv.conf").write_text(f"nameserver {place.network.dns_address}\n")
    return [
        program("kubelet"),
        f"--config={configuration}",
        f"--kubeconfig={credentials.kubeconfigs / 'kubelet.conf'}",
        f"--hostname-override={NODE_NAME}",
        f"--node-ip={place.network.node_address}",
        f"--root-dir={place.folder / 'kubelet'}",
        f"--cert-dir={place.folder / 'kubelet-pki'}",
    ]


def kube_proxy_command(place: NodePlace, credentials: Credentials) -> list[str | Path]:
    """Return the command line of kube-proxy, and write its configuration."""
    configuration = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clusterCIDR": place.network.pod_subnet,
        "clientConnection": {"kubeconfig": str(credentials.admin)},
        "hostnameOverride": NODE_NAME,
        # These limits are the machine's, not the namespace's, and may not be set from inside.
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
    return [program("kube-proxy"), f"--config={_written(place.folder / 'kube-proxy.yaml', configuration)}"]


def controller_manager_command(place: NodePlace, credentials: Credentials) -> list[str | Path]:
    """Return the command line of kube-controller-manager."""
    kubeconfig, pki = credentials.kubeconfigs / "controller-manager.conf", credentials.pki
    return [
        program("kube-controller-manager"),
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={pki}/sa.key",
        f"--root-ca-file={pki}/ca.crt",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        f"--cluster-cidr={place.network.pod_subnet}",
        "--allocate-node-cidrs=false",
        f"--flex-volume-plugin-dir={place.folder / 'volume-plugins'}",
    ]


def scheduler_command(credentials: Credentials) -> list[str | Path]:
    """Return the command line of kube-scheduler."""
    kubeconfig = credentials.kubeconfigs / "scheduler.conf"
    return [
        program("kube-scheduler"),
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
    ]


def coredns_command(place: NodePlace, credentials: Credentials) -> list[str | Path]:
    """Return the command line of CoreDNS, which runs on the node itself, and write its configuration.

    A name outside of the cluster does not exist: the node reaches nothing outside of this machine.
    """
    corefile = place.folder / "Corefile"
    corefile.write_text(f"""{CLUSTER_DOMAIN}:53 in-addr.arpa:53 {{
    bind {place.network.node_address}
    errors
    ready 127.0.0.1:8181
    cache 5
    kubernetes {CLUSTER_DOMAIN} in-addr.arpa {{
        kubeconfig {credentials.admin}
        pods insecure
    }}
}}
.:53 {{
    bind {place.network.node_address}
    errors
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
""")
    return [program("coredns"), "-conf", corefile]


def _render_pod_network(place: NodePlace) -> dict[str, object]:
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": place.network.pod_subnet}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": True,
        # A pod must reach itself through its own Service.
        "hairpinMode": True,
        "ipam": addresses,
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, ports]}


def _render_kubelet(place: NodePlace, credentials: Credentials) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": f"unix://{place.containerd_socket}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(credentials.pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "clusterDNS": [place.network.dns_address],
        "clusterDomain": CLUSTER_DOMAIN,
        "resolvConf": str(place.folder / "resolv.conf"),
        "cgroupDriver": "cgroupfs",
        # kubelet removes the groups of pods that it does not know: each node's must be its own.
        "cgroupRoot": place.cgroup,
        "volumePluginDir": str(place.folder / "volume-plugins"),
        "failCgroupV1": False,
        "failSwapOn": False,
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "memory.available": "100Mi",
        },
    }


def _written(path: Path, content: Mapping[str, object]) -> Path:
    path.write_text(yaml.safe_dump(content))
    return path
