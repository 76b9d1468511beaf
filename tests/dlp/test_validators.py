"""Validators know their numbers and never raise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.dlp.validators import VALIDATOR_NAMES, validator

DIGITS = st.text(alphabet="0123456789ABCXYZ -./", min_size=9, max_size=20)


@given(name=st.sampled_from(sorted(name for name in VALIDATOR_NAMES if name.startswith("stdnum."))), value=DIGITS)
@settings(max_examples=300, deadline=None)
def test_borrowed_validators_never_raise(name, value):
    assert validator(name)(value) in (True, False)


def test_only_listed_names_exist():
    with pytest.raises(KeyError):
        validator("os.system")
    with pytest.raises(KeyError):
        validator("stdnum.util")


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("card", "4111 1111 1111 1111", "4111 1111 1111 1112"),
        ("card", "378282246310005", "0000000000000000"),
        ("aba", "021000021", "021000022"),
        ("iban", "DE89370400440532013000", "DE89370400440532013001"),
        ("bic", "DEUTDEFF", "DEUTXXFF"),
        ("ssn", "536-22-8726", "666-22-8726"),
        ("ssn", "536228726", "078-05-1120"),
        ("ip", "203.0.113.7", "300.0.0.1"),
        ("ip", "2001:db8::1", "127.0.0.1"),
        ("gb-nino", "AB123456C", "GB123456C"),
        ("sg-nric", "S0000001I", "S0000001A"),
        ("cn-ric", "360426199101010071", "360426199101010072"),
        ("au-medicare", "2123456701", "2123456711"),
        ("bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"),
        ("bitcoin", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdx"),
        ("dea", "BB1388568", "BB1388569"),
        ("npi", "1234567893", "1234567894"),
        ("mixed", "abc123", "abcdef"),
        ("phone-nanp", "(415) 555-2671", "(115) 555-2671"),
        ("phone-international", "+44 20 7946 0958", "+44 1"),
        ("phone-any-country", "030 901820", "000000"),
        ("password", "hunter2", "required"),
        ("strong", "Summer-99", "staging."),
        ("stdnum.es.nif", "54362315K", "54362315A"),
    ],
)
def test_right_values_pass_and_wrong_ones_do_not(name, right, wrong):
    assert validator(name)(right)
    assert not validator(name)(wrong)


def test_identifiers_are_not_random_and_keys_are():
    looks_random = validator("random")
    assert not looks_random("refresh_access_token_for_user2")
    assert not looks_random("aaaaaaaaaaaaaaa1")
    assert looks_random("q7Jt0ZpXv2Lk9RbN4wYc")
