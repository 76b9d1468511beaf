"""Whether digits are a telephone number somebody can have.

Separate because the numbering plans come from a library whose tables are large: they are loaded by country, on first use.
It must never be run on more than a candidate that already looks like a number.
"""

from importlib import import_module
from typing import Any

_COUNTRIES = (
    "US",
    "GB",
    "DE",
    "FR",
    "IN",
    "ES",
    "IT",
    "AU",
    "BR",
    "NL",
    "CH",
    "SE",
    "PL",
    "JP",
    "ZA",
    "MX",
    "SG",
    "IE",
    "NZ",
    "IL",
)
"""Tried in this order for a number in national form; the first that knows it ends the search."""


def international_phone(value: str) -> bool:
    """A number with its country code, `+` or `00` in front."""
    digits = value.strip()
    return _valid("+" + digits[2:] if digits.startswith("00") else digits, None)


def north_american_phone(value: str) -> bool:
    """A number of the North American Numbering Plan."""
    return _valid(value, "US")


def phone_of_some_country(value: str) -> bool:
    """A number in the national form of one of the countries listed here, or in international form."""
    return international_phone(value) or any(_valid(value, country) for country in _COUNTRIES)


def phone_length(value: str) -> bool:
    """As many digits as a telephone number has (ITU-T E.164: at most 15)."""
    return 8 <= sum(map(str.isdigit, value)) <= 15


def _valid(value: str, country: str | None) -> bool:
    library: Any = import_module("phonenumbers")  # on first use: its import costs more than all others of a scan together
    try:
        number = library.parse(value, country)
    except library.NumberParseException:
        return False
    return bool(library.is_valid_number(number))
