"""The portal: how a device is enrolled, reached both through the proxy and at its own address; and no exchange of anybody's."""

import httpx
import pytest
from cryptography import x509
from harness import names
from harness.clients import http_client
from harness.gateway import Gateway, StartGateway
from harness.policies import DETECTOR_FILES, GUARDED
from harness.upstream import Since


@pytest.fixture(scope="module")
def gateway(share_gateway: StartGateway) -> Gateway:
    return share_gateway(GUARDED, DETECTOR_FILES)


@pytest.fixture(params=["through the proxy", "at its own address"])
def portal(request: pytest.FixtureRequest, gateway: Gateway):
    if request.param == "through the proxy":
        client = http_client(gateway.device, base_url=names.PORTAL)
    else:
        client = httpx.Client(base_url=f"http://{gateway.device.address}", trust_env=False)
    with client:
        yield client


def test_it_says_what_to_do(portal: httpx.Client, gateway: Gateway) -> None:
    answer = portal.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert f"127.0.0.1:{gateway.port}" in answer.text
    ca = x509.load_pem_x509_certificate(names.ca_file(gateway.home).read_bytes())
    from cryptography.hazmat.primitives import hashes

    assert ca.fingerprint(hashes.SHA256()).hex(":").upper() in answer.text


def test_it_hands_out_the_certificate_and_never_the_key(portal: httpx.Client, gateway: Gateway) -> None:
    links = [
        path for path in ("/ca.pem", "/ca.crt", "/ca.cer", "/ca.p12", "/ca.mobileconfig") if portal.get(path).status_code == 200
    ]
    assert "/ca.pem" in links
    handed = portal.get("/ca.pem").content
    assert x509.load_pem_x509_certificate(handed) == x509.load_pem_x509_certificate(names.ca_file(gateway.home).read_bytes())
    assert all(b"PRIVATE KEY" not in portal.get(path).content for path in links)


def test_it_serves_a_pac_file_with_this_proxy(portal: httpx.Client, gateway: Gateway) -> None:
    answer = portal.get("/proxy.pac")
    assert answer.headers["content-type"] == "application/x-ns-proxy-autoconfig"
    assert f"PROXY 127.0.0.1:{gateway.port}" in answer.text


def test_it_has_no_other_pages(portal: httpx.Client) -> None:
    for path in ("/nothing", "/../gateway.yaml", "/%2e%2e/gateway.yaml", "/certs/lockgate-ca.key.pem"):
        assert portal.get(path).status_code == 404


def test_its_pages_are_nobodys_exchange(portal: httpx.Client, gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    portal.get("/")
    with http_client(gateway.device) as client:
        client.get("https://api.openai.com/v1/models")
    assert watch.record(kind="request")["host"] == "api.openai.com"
    assert [arrival.host for arrival in reached.arrivals()] == ["api.openai.com"]
    assert watch.records(host="lockgate.internal") == []


def test_a_device_that_trusts_what_it_handed_out_is_served(gateway: Gateway) -> None:
    """Enrolment end to end: fetch the certificate, trust it, use an app."""
    import ssl

    with http_client(gateway.device) as client:
        handed = client.get(f"{names.PORTAL}/ca.pem").text
    with httpx.Client(proxy=gateway.device.proxy, verify=ssl.create_default_context(cadata=handed), trust_env=False) as client:
        assert client.get("https://api.openai.com/v1/models").status_code == 200
