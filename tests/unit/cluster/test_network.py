"""Nodes on one machine never share an address."""

from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from tests.cluster.network import NodeNetwork

indexes = st.integers(min_value=0, max_value=62)


def subnets(network: NodeNetwork) -> list[IPv4Network]:
    named = (network.pod_subnet, network.service_subnet, network.link_subnet)
    return [IPv4Network(subnet) for subnet in named]


@given(indexes, indexes)
def test_networks_of_two_nodes_do_not_overlap(one: int, other: int) -> None:
    ours, theirs = subnets(NodeNetwork(one)), subnets(NodeNetwork(other))
    if one != other:
        assert not any(mine.overlaps(yours) for mine in ours for yours in theirs)
    assert not any(first.overlaps(second) for first, second in combinations(ours, 2))


@given(indexes)
def test_addresses_are_in_their_networks(index: int) -> None:
    network = NodeNetwork(index)
    link = list(IPv4Network(network.link_subnet).hosts())
    assert [IPv4Address(network.host_address), IPv4Address(network.node_address)] == link
    assert IPv4Address(network.dns_address) in IPv4Network(network.service_subnet)
