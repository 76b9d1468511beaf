"""Which device: said by a trusted hop or proven by a certificate, and otherwise not known. Nothing is ever half believed."""

import base64
import functools
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509

from lockgate.facts.device import UNKNOWN_DEVICE, Device, DeviceProblem, DeviceTrust
from lockgate.identity import DeviceCertificates, DeviceClaims, Devices
from lockgate.testing.device_certificates import FOR_SERVERS, Issuer, authority, device_certificate

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOP = "10.0.0.1"
CA = authority(now=NOW)
SAID = 'id="laptop-17", enrolled, posture=("disk_encrypted" os_supported)'


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def device(clock):
    """The device that these header lines from `address` come to."""
    devices = Devices(("10.0.0.0/24", "2001:db8::/64"), DeviceCertificates((CA.certificate,)), clock=clock)

    def told(*header, certificate=(), chain=(), address=HOP):
        fields = [tuple(map(sf, values)) for values in (certificate, chain)]
        return devices.device(address, DeviceClaims(header=header, certificate=fields[0], chain=fields[1]))

    return told


def sf(content):
    return content if isinstance(content, str) else f":{base64.b64encode(content).decode()}:"


def test_a_trusted_hop_is_believed(device):
    posture = frozenset({"disk_encrypted", "os_supported"})
    known = Device(id="laptop-17", enrolled=True, posture=posture, trust=DeviceTrust.HEADER)
    assert device(SAID) == device(SAID, address="2001:db8::7") == device(SAID, address="2001:db8::7%eth0") == known


def test_what_is_not_said_is_not_known(device):
    assert device() == UNKNOWN_DEVICE
    assert device('id="x"') == Device(id="x", trust=DeviceTrust.HEADER)
    assert device("enrolled, posture=()") == Device(enrolled=True, posture=frozenset(), trust=DeviceTrust.HEADER)
    assert device("id=x, colour=blue").id == "x"


@pytest.mark.parametrize("address", ["10.0.1.1", "192.0.2.1", "::1", "2001:db8:0:1::1", "not an address"])
def test_nobody_else_is_believed_whatever_they_send(device, address):
    certificate = device_certificate(CA, now=NOW)
    refused = Device(problem=DeviceProblem.NOT_A_TRUSTED_HOP)
    assert device(SAID, address=address) == refused
    assert device(certificate=[certificate], address=address) == refused
    assert device(address=address) == UNKNOWN_DEVICE


def test_without_hops_nobody_is_believed():
    assert Devices().device("127.0.0.1", DeviceClaims(header=(SAID,))).problem is DeviceProblem.NOT_A_TRUSTED_HOP


@pytest.mark.parametrize(
    "lines",
    [
        ("",), ("laptop-17",), ("id=17",), ("id=(a b)",), ('id=""""',), ('id=" x"',), ("id=:aGk=:",), ("enrolled=1",),
        ("enrolled=yes",),
        ('enrolled="true"',), ("posture=managed",), ("posture=(1)",), ('posture=("")',), ('posture=("a b")',),
        ('posture=("-a")',),
        ("posture=(a a)",), ("posture=(" + " ".join(f"c{n}" for n in range(33)) + ")",), (f'id="{"x" * 129}"',),
        (SAID, SAID), ('id="theirs", enrolled', 'id="ours"'), ('id="theirs", enrolled, id="ours"',), ('id="é"',),
        ("id=\udcff",),
    ],
)  # fmt: skip
def test_a_malformed_header_says_nothing_at_all(device, lines):
    assert device(*lines) == Device(problem=DeviceProblem.MALFORMED_HEADER)


def test_a_certificate_proves_the_device(device):
    proven = Device(id="laptop-17", enrolled=True, trust=DeviceTrust.CERTIFICATE)
    assert device(certificate=[device_certificate(CA, now=NOW)]) == proven
    by_name = device_certificate(CA, common_name=None, names=(x509.DNSName("phone.devices.example"),), now=NOW)
    assert device(certificate=[by_name]).id == "phone.devices.example"
    both = device_certificate(CA, names=(x509.DNSName("other.devices.example"),), now=NOW)
    assert device(certificate=[both]).id == "laptop-17"


def test_a_chain_leads_to_the_authority(device):
    below = authority("Laptops", above=CA, now=NOW)
    certificate = device_certificate(below, now=NOW)
    assert device(certificate=[certificate], chain=[below.der]).trust is DeviceTrust.CERTIFICATE
    assert device(certificate=[certificate]).problem is DeviceProblem.UNTRUSTED_CERTIFICATE


def test_posture_comes_with_a_certificate_only_of_the_same_device(device):
    certificate = device_certificate(CA, now=NOW)
    assert device("posture=(managed)", certificate=[certificate]).posture == {"managed"}
    assert device('id="laptop-17", posture=(managed)', certificate=[certificate]).posture == {"managed"}
    assert device('id="laptop-18", posture=(managed)', certificate=[certificate]).problem is DeviceProblem.CONTRADICTION
    assert device("id=laptop-17, enrolled=?0", certificate=[certificate]).enrolled


@functools.cache
def untrusted():
    strangers = authority(now=NOW)
    leaf = Issuer(x509.load_der_x509_certificate(device_certificate(CA, now=NOW)), strangers.key)
    number = x509.IPAddress(ip_address("10.0.0.1"))
    later, earlier = NOW + timedelta(days=3), NOW - timedelta(days=90)
    return {
        "another authority of the same name": device_certificate(strangers, now=NOW),
        "for servers": device_certificate(CA, purposes=FOR_SERVERS, now=NOW),
        "for no purpose": device_certificate(CA, purposes=(), now=NOW),
        "not yet valid": device_certificate(CA, now=later),
        "expired": device_certificate(CA, now=earlier, days=30),
        "without a name": device_certificate(CA, common_name=None, names=(number,), now=NOW),
        "with a name of other letters": device_certificate(CA, common_name="läptop", now=NOW),
        "the authority itself": CA.der,
        "signed by a device": device_certificate(leaf, now=NOW),
        "no certificate": b"junk",
        "empty": b"",
    }


@pytest.mark.parametrize("kind", sorted(untrusted()))
def test_what_does_not_prove_a_device_leaves_it_unknown(device, kind):
    told = device('id="laptop-17", enrolled', certificate=[untrusted()[kind]])
    assert told == Device(problem=DeviceProblem.UNTRUSTED_CERTIFICATE)


@pytest.mark.parametrize(
    ("certificates", "chain"),
    [(["x"], []), ([":a:"], []), (["", ""], []), ([":aGk=:", ":aGk=:"], []), ([":aGk=:, :aGk=:"], []), ([], [b"x"]),
     ([b"x"], ["x"]), ([b"x"], [b"x", b"x"]), ([b"x" * 20_000], []), ([b"x"], [", ".join([":aGk=:"] * 9)])],
    ids=range(10),
)  # fmt: skip
def test_headers_that_are_none_are_told_apart_from_certificates_that_prove_nothing(device, certificates, chain):
    assert device(SAID, certificate=certificates, chain=chain) == Device(problem=DeviceProblem.MALFORMED_CERTIFICATE)


def test_without_an_authority_a_certificate_proves_nothing():
    devices = Devices(("10.0.0.0/24",))
    claims = DeviceClaims(header=(SAID,), certificate=(sf(device_certificate(CA, now=NOW)),))
    assert devices.device(HOP, claims) == Device(problem=DeviceProblem.NO_AUTHORITY)


def test_a_certificate_that_was_verified_expires_all_the_same(device, clock):
    certificate = device_certificate(CA, now=NOW, days=2)
    assert device(certificate=[certificate]).enrolled
    clock.now = NOW + timedelta(days=3)
    assert device(certificate=[certificate]).problem is DeviceProblem.UNTRUSTED_CERTIFICATE
    clock.now = NOW - timedelta(days=2)
    assert device(certificate=[certificate]).problem is DeviceProblem.UNTRUSTED_CERTIFICATE


def test_what_was_verified_is_remembered_within_bounds(monkeypatch):
    monkeypatch.setattr("lockgate.identity.device_certificates._REMEMBERED", 2)
    certificates = DeviceCertificates((CA.certificate,))
    for name in ("a", "b", "c", "d"):
        certificates.name_of(device_certificate(CA, common_name=name, now=NOW), (), NOW)
    assert len(certificates._verified) == 2
