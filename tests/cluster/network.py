"""Addresses of one node, chosen free on this machine, and the veth pair that joins it to the host."""

import ipaddress
import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.cluster.errors import ClusterError

_NODES = 63  # as many /30 networks as fit into one /24, less the last
_PODS, _SERVICES = "10.200", "10.201"

IPv4Network = ipaddress.IPv4Network


@dataclass(frozen=True)
class NodeNetwork:
    """The addresses of the node with this index; different indexes never overlap."""

    index: int

    @property
    def pod_subnet(self) -> str:
        """Range of the pods' addresses."""
        return f"{_PODS}.{self.index}.0/24"

    @property
    def service_subnet(self) -> str:
        """Range of the ClusterIPs."""
        return f"{_SERVICES}.{self.index}.0/24"

    @property
    def dns_address(self) -> str:
        """ClusterIP of the Service kube-dns."""
        return f"{_SERVICES}.{self.index}.10"

    @property
    def link_subnet(self) -> str:
        """The network between host and node."""
        return f"{_PODS}.255.{4 * self.index}/30"

    @property
    def host_address(self) -> str:
        """The host's end of the veth pair."""
        return f"{_PODS}.255.{4 * self.index + 1}"

    @property
    def node_address(self) -> str:
        """The node's end of the veth pair."""
        return f"{_PODS}.255.{4 * self.index + 2}"

    @property
    def host_link(self) -> str:
        """Name of the host's end of the veth pair."""
        return f"holdfast{self.index}"


def choose_network(taken: Iterable[int]) -> NodeNetwork:
    """Return the first network of which nothing is TAKEN by another cluster or in use on this machine.

    Raises:
        ClusterError: there is none.
    """
    in_use, indexes = list(_networks_in_use()), set(taken)
    for index in range(_NODES):
        network = NodeNetwork(index)
        if index not in indexes and not _overlaps(network, in_use):
            return network
    raise ClusterError(f"no free network in {_PODS}.0.0/16 and {_SERVICES}.0.0/16 on this machine")


def connect(network: NodeNetwork, init_pid: int) -> None:
    """Join host and node by a veth pair, and route pods and ClusterIPs through the node.

    All of it goes with the node's network namespace: nothing has to be undone.
    """
    host, peer = network.host_link, "eth0"
    inside = ["nsenter", f"--target={init_pid}", "--net", "--"]
    _run("ip", "link", "add", host, "type", "veth", "peer", "name", peer, "netns", str(init_pid))
    _run("ip", "address", "add", f"{network.host_address}/30", "dev", host)
    _run("ip", "link", "set", host, "up")
    _run(*inside, "ip", "link", "set", "lo", "up")
    _run(*inside, "ip", "address", "add", f"{network.node_address}/30", "dev", peer)
    _run(*inside, "ip", "link", "set", peer, "up")
    _run(*inside, "ip", "route", "add", "default", "via", network.host_address)
    for subnet in (network.pod_subnet, network.service_subnet):
        _run("ip", "route", "add", subnet, "via", network.node_address, "dev", host)


def disconnect(network: NodeNetwork) -> None:
    """Remove the veth pair now: the kernel does it, too, but a moment after the namespace's last process."""
    subprocess.run(["ip", "link", "delete", network.host_link], capture_output=True, check=False)


def _networks_in_use() -> Iterator[IPv4Network]:
    for route in json.loads(_run("ip", "-json", "-4", "route", "show", "table", "all") or "[]"):
        destination = str(route["dst"])
        if destination != "default":
            yield ipaddress.IPv4Network(destination, strict=False)


def _overlaps(network: NodeNetwork, in_use: Iterable[IPv4Network]) -> bool:
    ours = (network.pod_subnet, network.service_subnet, network.link_subnet)
    return any(used.overlaps(IPv4Network(subnet)) for used in in_use for subnet in ours)


def _run(*command: str) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise ClusterError(f"{' '.join(command)}: {ended.stderr.strip()}")
    return ended.stdout
