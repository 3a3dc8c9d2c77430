"""Addresses that no tool may have, however they are spelled."""

import ipaddress

import pytest

from holdfast_operator.cluster.signal_client import is_signal_address


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.3.4", "93.184.216.34", "fd00::7", "2001:db8::1"])
def test_tool_can_have_the_address(address: str) -> None:
    assert is_signal_address(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104  # an address to refuse, not to bind
        "169.254.169.254",
        "169.254.1.1",
        "224.0.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "::1",
        "::",
        "fe80::1",
        "ff02::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
    ],
)
def test_no_tool_has_the_address(address: str) -> None:
    assert not is_signal_address(ipaddress.ip_address(address))
