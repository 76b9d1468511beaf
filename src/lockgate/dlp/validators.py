"""The names detectors give to checks a value has to pass.

Separate because these tables are the border: a detector reaches what is in them and nothing else of the
libraries behind. Modules are imported on first use. A validator must never raise on any text.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from lockgate.dlp.check_digits import (
    aba,
    au_medicare,
    bech32,
    cn_ric,
    de_kvnr,
    dea,
    digits_of,
    ethereum,
    gb_nino,
    ip,
    luhn,
    luhn_card,
    npi,
    sg_nric,
    ssn,
)
from lockgate.dlp.phone import international_phone, north_american_phone, phone_length, phone_of_some_country
from lockgate.dlp.randomness import mixed, password_like, random_looking, strong_word

type Validator = Callable[[str], bool]

_COUNTRIES = frozenset({
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AR", "AT", "AU", "AW", "AZ", "BA", "BB", "BD", "BE", "BF", "BG",
    "BH", "BI", "BJ", "BM", "BN", "BO", "BR", "BS", "BT", "BW", "BY", "BZ", "CA", "CD", "CF", "CG", "CH", "CI", "CK",
    "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG",
    "ER", "ES", "ET", "FI", "FJ", "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GG", "GH", "GI", "GL", "GM", "GN", "GP",
    "GQ", "GR", "GT", "GU", "GW", "GY", "HK", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IQ", "IR", "IS",
    "IT", "JE", "JM", "JO", "JP", "KE", "KG", "KH", "KI", "KM", "KN", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI",
    "LK", "LR", "LS", "LT", "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MR",
    "MS", "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NG", "NI", "NL", "NO", "NP", "NR", "NZ", "OM",
    "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PS", "PT", "PW", "PY", "QA", "RO", "RS", "RU", "RW", "SA", "SB", "SC",
    "SD", "SE", "SG", "SI", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TG",
    "TH", "TJ", "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "US", "UY", "UZ", "VA", "VC", "VE",
    "VG", "VN", "VU", "WS", "XK", "YE", "ZA", "ZM", "ZW",
})  # fmt: skip
"""ISO 3166-1 alpha-2 codes of countries that have banks, and XK."""

_STDNUM = frozenset({
    "au.abn", "au.acn", "au.tfn", "ar.cuit", "be.nn", "be.vat", "bg.egn", "bitcoin", "br.cpf", "br.cnpj", "ca.sin",
    "ch.ssn", "cl.rut", "cz.rc", "de.idnr", "de.stnr", "dk.cpr", "ee.ik", "es.nif", "es.dni", "es.nie", "es.cif",
    "fi.hetu", "fr.nir", "fr.tva", "gb.nhs", "gr.amka", "hr.oib", "iban", "ie.pps", "il.idnr", "in_.aadhaar", "in_.pan",
    "in_.gstin", "it.codicefiscale", "it.iva", "kr.rrn", "lt.asmens", "luhn", "mx.curp", "mx.rfc", "nl.bsn",
    "no.fodselsnummer", "nz.ird", "pl.nip", "pl.pesel", "pt.nif", "ro.cnp", "se.personnummer", "si.emso", "sk.rc",
    "th.pin", "tr.tckimlik", "us.itin", "us.rtn", "us.ssn", "za.idnr", "bic", "ec.ci", "tw.ubn", "verhoeff", "us.ein",
    "gb.utr", "at.vnr",
})  # fmt: skip
"""Modules of python-stdnum whose `is_valid` a detector may name as `stdnum.<module>`."""


def _iban(value: str) -> bool:
    """ISO 13616: length and structure of the country, ISO 7064 mod 97-10; a bank's own check digits inside are left alone."""
    library: Any = import_module("stdnum.iban")
    return bool(library.is_valid(value, check_country=False))


def _bic(value: str) -> bool:
    """ISO 9362, and the country is one."""
    return value[4:6].upper() in _COUNTRIES and _stdnum("bic")(value)


def _bitcoin(value: str) -> bool:
    return bech32(value) if value[:3].lower() in ("bc1", "tb1") else _stdnum("bitcoin")(value)


_OWN: dict[str, Validator] = {
    "card": luhn_card,
    "luhn": lambda value: luhn(digits_of(value)),
    "aba": aba,
    "iban": _iban,
    "bic": _bic,
    "ssn": ssn,
    "ip": ip,
    "gb-nino": gb_nino,
    "sg-nric": sg_nric,
    "au-medicare": au_medicare,
    "cn-ric": cn_ric,
    "ethereum": ethereum,
    "bitcoin": _bitcoin,
    "de-kvnr": de_kvnr,
    "dea": dea,
    "npi": npi,
    "mixed": mixed,
    "random": random_looking,
    "password": password_like,
    "strong": strong_word,
    "phone-international": international_phone,
    "phone-nanp": north_american_phone,
    "phone-any-country": phone_of_some_country,
    "phone-length": phone_length,
}

VALIDATOR_NAMES = frozenset(_OWN) | {f"stdnum.{module}" for module in _STDNUM}
"""Every name a detector may use."""


@cache
def validator(name: str) -> Validator:
    """The validator called `name`, which is one of `VALIDATOR_NAMES`."""
    own = _OWN.get(name)
    if own is not None:
        return own
    module = name.removeprefix("stdnum.")
    if module not in _STDNUM:
        raise KeyError(name)
    return _stdnum(module)


@cache
def _stdnum(module: str) -> Validator:
    loaded: Any = import_module(f"stdnum.{module}")

    def holds(value: str) -> bool:
        try:
            return bool(loaded.is_valid(value))
        except (LookupError, ValueError, TypeError):
            return False  # some modules look parts of a number up in tables that do not have them

    return holds
