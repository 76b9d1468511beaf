"""The PAC file, run by a JavaScript engine: which requests come to the gateway."""

import json
import os
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.proxy.pac import PacMode, WhenDown, pac_file

NODE = shutil.which("node")
PROXY = "gateway.example.com:8080"
VIA = f"PROXY {PROXY}"


def routes(pac: str, *hosts: str) -> list[str]:
    """What `FindProxyForURL` says for each host. Absent a JavaScript engine the test is skipped, but never in CI."""
    if NODE is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs node to run the PAC file")
        pytest.skip("node is not installed")
    script = f"{pac}\nconsole.log(JSON.stringify({json.dumps(hosts)}.map(h => FindProxyForURL('https://' + h + '/', h))))"
    done = subprocess.run([NODE, "-"], input=script, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def test_library_mode_sends_listed_hosts_and_nothing_else():
    pac = pac_file(PROXY, ["chatgpt.com", ".openai.com", "*.internal.ai"], PacMode.LIBRARY)
    through = ["chatgpt.com", "CHATGPT.com", "chatgpt.com.", "openai.com", "api.openai.com", "a.b.openai.com", "x.internal.ai"]
    directly = ["www.chatgpt.com", "notopenai.com", "openai.com.evil.example", "internal.ai", "example.com"]
    assert routes(pac, *through, *directly) == [VIA] * len(through) + ["DIRECT"] * len(directly)


def test_all_mode_sends_everything_but_the_bypassed_and_the_private():
    pac = pac_file(PROXY, [], PacMode.ALL, bypass=[".bank.example", "exact.example"])
    assert routes(pac, "example.com", "8.8.8.8", "www.exact.example") == [VIA] * 3
    assert routes(pac, "bank.example", "www.bank.example", "exact.example") == ["DIRECT"] * 3


@pytest.mark.parametrize("mode", PacMode)
def test_private_addresses_and_plain_names_never_come_to_the_gateway(mode: PacMode):
    hosts = ["localhost", "app.localhost", "printer", "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.1", "192.168.1.1",
             "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "[::1]", "fd00::1", "[fe80::1]"]  # fmt: skip
    assert set(routes(pac_file(PROXY, hosts[:3], mode), *hosts)) == {"DIRECT"}


def test_public_addresses_beside_private_ranges_are_not_private():
    pac = pac_file(PROXY, [], PacMode.ALL)
    assert set(routes(pac, "172.32.0.1", "172.15.0.1", "100.128.0.1", "192.169.0.1", "11.0.0.1", "2606:4700::1")) == {VIA}


def test_bypass_wins_over_apps():
    pac = pac_file(PROXY, [".openai.com"], PacMode.LIBRARY, bypass=["status.openai.com"])
    assert routes(pac, "status.openai.com", "api.openai.com") == ["DIRECT", VIA]


@pytest.mark.parametrize("mode", PacMode)
def test_the_portal_always_comes_to_the_gateway(mode: PacMode):
    assert routes(pac_file(PROXY, [], mode), "lockgate.internal") == [VIA]


def test_names_of_javascript_are_no_hosts():
    """A plain `name in object` would find what every object inherits."""
    pac = pac_file(PROXY, ["a.example"], PacMode.LIBRARY)
    assert routes(pac, "constructor.example", "x.constructor", "tostring.valueof") == ["DIRECT"] * 3


def test_by_default_nothing_goes_past_a_gateway_that_is_down():
    assert "; DIRECT" not in pac_file(PROXY, ["chatgpt.com"], PacMode.LIBRARY)
    lenient = pac_file(PROXY, ["chatgpt.com"], PacMode.LIBRARY, when_down=WhenDown.GO_DIRECT)
    assert routes(lenient, "chatgpt.com") == [f"{VIA}; DIRECT"]


def test_thousands_of_hosts_cost_one_lookup_per_label():
    """50,000 look-ups against 20,000 hosts; a list of patterns would need a billion comparisons."""
    pac = pac_file(PROXY, [f".app{n}.example" for n in range(20_000)], PacMode.LIBRARY)
    timed = (
        pac
        + """
    var started = Date.now(), hits = 0;
    for (var i = 0; i < 50000; i++) if (FindProxyForURL("", "a.b.c.app" + i + ".example") !== "DIRECT") hits++;
    var FindProxyForURL = function () { return hits + ":" + (Date.now() - started < 5000); };
    """
    )
    assert routes(timed.replace("var FindProxyForURL =", "FindProxyForURL ="), "x") == ["20000:true"]


@given(st.permutations(["b.example", ".a.example", "*.c.example", "b.example"]))
def test_the_file_depends_on_the_hosts_and_not_on_their_order(hosts: list[str]):
    assert pac_file(PROXY, hosts, PacMode.LIBRARY) == pac_file(PROXY, sorted(set(hosts)), PacMode.LIBRARY)


@pytest.mark.parametrize("host", ['"};alert(1)//', "a b", "", "*", "a..b", "https://a.example", "a.example/x", "**.a"])
def test_what_is_no_host_is_refused(host: str):
    with pytest.raises(ValueError, match="is not a host"):
        pac_file(PROXY, [host], PacMode.LIBRARY)


@pytest.mark.parametrize("proxy", ["gateway", "gateway:", 'g";x:80', "a:80; DIRECT", "http://a:80", ""])
def test_what_is_no_address_is_refused(proxy: str):
    with pytest.raises(ValueError, match="is not an address"):
        pac_file(proxy, [], PacMode.ALL)
