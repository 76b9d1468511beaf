"""Which authorities verify upstreams."""

import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from lockgate.facts.problem import UsageError
from lockgate.pki import Distrusted, build_trust_bundle, create_ca

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def roots(tmp_path):
    """Two authorities and a bundle of both, one of an organisation that is on the distrust list."""
    good = create_ca(tmp_path / "good", now=NOW, organisation="Fine Trust")
    bad = create_ca(tmp_path / "bad", now=NOW, organisation="eMudhra Technologies Limited")
    bundle = tmp_path / "base.pem"
    bundle.write_bytes(good.paths.certificate.read_bytes() + bad.paths.certificate.read_bytes())
    return good, bad, bundle


def written(bundle):
    return x509.load_pem_x509_certificates(bundle.path.read_bytes())


def test_the_distrusted_are_left_out_and_named(roots, tmp_path):
    good, _, base = roots
    bundle = build_trust_bundle(tmp_path / "state", base=base)
    assert written(bundle) == [good.certificate]
    assert bundle.roots == 1
    assert len(bundle.left_out) == 1
    assert "eMudhra" in bundle.left_out[0]


def test_a_root_can_be_distrusted_by_fingerprint_in_any_spelling(roots, tmp_path):
    good, bad, base = roots
    entry = Distrusted(sha256=good.fingerprint, why="a test")
    assert written(build_trust_bundle(tmp_path / "state", base=base, distrusted=[entry])) == [bad.certificate]


def test_the_operators_authorities_are_added_once(roots, tmp_path):
    good, _, base = roots
    own = create_ca(tmp_path / "own", now=NOW)
    bundle = build_trust_bundle(tmp_path / "state", base=base, extra=[own.paths.certificate, good.paths.certificate])
    assert written(bundle) == [good.certificate, own.certificate]


def test_every_file_that_cannot_be_used_is_named(roots, tmp_path):
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing here")
    with pytest.raises(UsageError) as caught:
        build_trust_bundle(tmp_path / "state", base=roots[2], extra=[tmp_path / "missing.pem", empty])
    assert [problem.problem.split(str(tmp_path))[0] for problem in caught.value.problems] == [
        "cannot read the trusted authorities in ",
        "there is no certificate in ",
    ]
    assert not (tmp_path / "state" / "upstream-trust.pem").exists()


def test_the_packaged_bundle_verifies_and_holds_nothing_distrusted(tmp_path):
    bundle = build_trust_bundle(tmp_path)
    context = ssl.create_default_context(cafile=str(bundle.path))
    assert len(context.get_ca_certs()) == bundle.roots > 50
    assert not any("emudhra" in str(entry["subject"]).lower() for entry in context.get_ca_certs())


def test_an_older_bundle_is_replaced_in_one_step(roots, tmp_path):
    build_trust_bundle(tmp_path, base=roots[0].paths.certificate)
    bundle = build_trust_bundle(tmp_path, base=roots[2], distrusted=())
    assert {root.fingerprint(hashes.SHA256()) for root in written(bundle)} == {
        root.certificate.fingerprint(hashes.SHA256()) for root in roots[:2]
    }
    assert not list(tmp_path.glob(".upstream-trust*"))
