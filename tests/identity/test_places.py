"""Where a client is: the operator's own table first, then a database, and otherwise nobody knows."""

import pytest

from lockgate.facts.traffic import IdentifiedBy
from lockgate.identity import AddressEntry, BrokenDatabaseError, Countries, Identifier, NetworkEntry, UsersFile
from lockgate.testing.country_database import write_database

USERS = UsersFile(
    addresses=(AddressEntry(network="10.1.0.0/16", user="lab"),),
    networks=(
        NetworkEntry(name="offices", network="10.0.0.0/8", country="DE"),
        NetworkEntry(name="branch", network="10.1.0.0/16", country="AT"),
        NetworkEntry(name="guests", network="10.1.7.0/24"),
        NetworkEntry(name="guests", network="2001:db8:7::/48"),
        NetworkEntry(name="abroad", network="81.2.69.0/25", country="FR"),
    ),
)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    entries = {
        "81.2.69.0/24": {"country": {"iso_code": "GB"}, "registered_country": {"iso_code": "US"}},
        "2a02::/16": {"country": {"iso_code": "NL"}},
        "9.0.0.0/8": {"country_code": "US"},
        "8.0.0.0/8": {"country": "CH"},
        "5.0.0.0/8": {"registered_country": {"iso_code": "RU"}},
        "7.0.0.0/8": {"country": {"iso_code": "Germany"}},
        "6.0.0.0/8": {"country": 49},
        "10.0.0.0/8": {"country": {"iso_code": "US"}},
    }
    return write_database(tmp_path_factory.mktemp("countries") / "countries.mmdb", entries)


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("81.2.69.142", "GB"), ("::ffff:81.2.69.142", "GB"), ("2a02:1::1", "NL"), ("9.1.1.1", "US"), ("8.8.8.8", "CH"),
        ("5.1.1.1", None), ("7.1.1.1", None), ("6.1.1.1", None), ("10.1.1.1", None), ("192.168.0.1", None), ("127.0.0.1", None),
        ("100.64.0.1", None), ("1.2.3.4", None), ("fe80::1%eth0", None), ("nonsense", None),
    ],
)  # fmt: skip
def test_a_database_tells_the_country_of_public_addresses(database, address, country):
    assert Countries(database).country(address) == country


def test_a_database_of_ipv4_knows_no_other_addresses(tmp_path):
    countries = Countries(write_database(tmp_path / "four.mmdb", {"81.2.69.0/24": {"country": {"iso_code": "GB"}}}, version=4))
    assert (countries.country("81.2.69.1"), countries.country("2a02:1::1")) == ("GB", None)


def test_a_file_that_is_none_is_refused(tmp_path, database):
    broken = tmp_path / "broken.mmdb"
    whole = database.read_bytes()
    for content in (b"", b"not a database", whole[: len(whole) // 2], whole[40:]):
        broken.write_bytes(content)
        with pytest.raises(BrokenDatabaseError):
            Countries(broken)
    with pytest.raises(FileNotFoundError):
        Countries(tmp_path / "none.mmdb")


def test_a_database_that_is_written_over_stays_what_it_was(tmp_path, database):
    copy = tmp_path / "copy.mmdb"
    copy.write_bytes(database.read_bytes())
    countries = Countries(copy)
    copy.write_bytes(b"")
    assert countries.country("81.2.69.142") == "GB"


@pytest.mark.parametrize(
    ("address", "networks", "country"),
    [
        ("10.9.9.9", ("offices",), "DE"), ("10.1.0.1", ("branch", "offices"), "AT"),
        ("10.1.7.7", ("guests", "branch", "offices"), "AT"), ("2001:db8:7::1", ("guests",), None),
        ("81.2.69.1", ("abroad",), "FR"), ("81.2.69.200", (), "GB"), ("192.168.1.1", (), None),
    ],
)  # fmt: skip
async def test_the_operators_own_table_wins(database, address, networks, country):
    who = await Identifier(USERS, countries=Countries(database)).identify(address, None)
    assert (who.networks, who.country) == (networks, country)


async def test_where_somebody_is_does_not_say_who(database):
    identifier = Identifier(USERS, countries=Countries(database))
    assert (await identifier.identify("10.1.7.7", None)).identified_by is IdentifiedBy.ADDRESS_TABLE
    assert (await identifier.identify("10.9.9.9", None)).identified_by is IdentifiedBy.ANONYMOUS
