"""Tenant controls are data: the shipped ones load, a home adds and replaces, and what could not be carried out is refused."""

import pytest

from lockgate.facts.problem import UsageError
from lockgate.home.home import make_home
from lockgate.home.tenant_controls import load_tenant_controls

OWN = """
controls:
  acme:
    name: Acme
    vendor: Acme
    hosts: [acme.example]
    headers: [{name: X-Acme-Tenant, takes: tenants, what: a tenant, pattern: '[a-z]+'}]
    basis: documented
    source: our own
"""


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path / "home")


def test_the_shipped_controls_cover_the_vendors_that_have_one(home):
    controls = load_tenant_controls(home)
    vendors = {control.vendor for control in controls.values()}
    assert vendors == {"OpenAI", "Anthropic", "Google", "Microsoft", "GitHub", "Slack", "Dropbox"}
    assert all(control.source for control in controls.values())


def test_a_homes_own_are_added_and_replace_those_of_the_same_name(home):
    (home.path / "apps" / "tenant-control.yaml").write_text(OWN + OWN.partition("controls:\n")[2].replace("acme:", "slack:"))
    controls = load_tenant_controls(home)
    assert controls["acme"].hosts == controls["slack"].hosts == ("acme.example",)
    assert controls["openai"].vendor == "OpenAI"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("hosts: [acme.example]", "hosts: []", "a control has hosts and headers"),
        ("acme.example", "https://acme.example", "is not a host name"),
        ("X-Acme-Tenant", "X Acme", "is not the name of a header"),
        ("takes: tenants", "value: x, takes: tenants", "either a fixed `value` or `takes`"),
        ("takes: tenants,", "", "either a fixed `value` or `takes`"),
        (", pattern: '[a-z]+'", "", "what the values are is not said"),
        ("takes: tenants, what: a tenant, pattern: '[a-z]+'", 'value: "a b"', "cannot stand in a header"),
        ("}]", "}, {name: X-B, takes: tenants, what: b, pattern: b}]", "two headers take the same values"),
        ("basis: documented", "basis: rumoured", "`controls.acme.basis`"),
        ("source: our own", "sauce: our own", "unknown key"),
    ],
)  # fmt: skip
def test_what_could_not_be_carried_out_is_refused_with_its_place(home, old, new, says):
    assert old in OWN
    (home.path / "apps" / "tenant-control.yaml").write_text(OWN.replace(old, new, 1))
    with pytest.raises(UsageError) as refused:
        load_tenant_controls(home)
    assert says in str(refused.value)
    assert "tenant-control.yaml:" in str(refused.value)
