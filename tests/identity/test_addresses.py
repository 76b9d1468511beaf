"""Networks to people."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.identity import AddressEntry, AddressTable


def table(*networks):
    return AddressTable([AddressEntry(network=network, user=network) for network in networks])


NESTED = table("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "2001:db8::/32", "2001:db8:1::/48")


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("10.1.2.3", "10.1.2.3/32"),
        ("10.1.2.4", "10.1.0.0/16"),
        ("10.2.0.1", "10.0.0.0/8"),
        ("192.0.2.1", "0.0.0.0/0"),
        ("2001:db8:1::5", "2001:db8:1::/48"),
        ("2001:db8:2::5", "2001:db8::/32"),
        ("::ffff:10.1.2.3", "10.1.2.3/32"),
        ("2001:db8:1::5%eth0", "2001:db8:1::/48"),
    ],
)
def test_the_most_specific_network_wins(address, found):
    assert NESTED.find(address).user == found


@pytest.mark.parametrize("address", ["2001:db9::1", "", "nonsense", "10.1.2", "/run/socket"])
def test_in_no_network_is_none(address):
    assert table("10.0.0.0/8", "2001:db8::/32").find(address) is None


@given(
    networks=st.lists(
        st.ip_addresses(v=4).flatmap(lambda a: st.integers(0, 32).map(lambda n: ip_network((a, n), strict=False))), unique=True
    ),
    address=st.ip_addresses(v=4),
)
def test_a_lookup_agrees_with_trying_every_network(networks, address):
    holding = [network for network in networks if ip_address(address) in network]
    expected = str(max(holding, key=lambda network: network.prefixlen)) if holding else None
    found = table(*map(str, networks)).find(str(address))
    assert (found.user if found else None) == expected
