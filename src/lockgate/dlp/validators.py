"""Checks a value has to pass: check digits, structure, and how random it looks.

Separate because detectors name them and nothing else of the libraries behind them. Only the names in the tables exist; a detector cannot
reach any other function. Modules are imported on first use. A validator must never raise on any text.
"""

from collections import Counter
from collections.abc import Callable
from functools import cache
from importlib import import_module
from ipaddress import ip_address
from itertools import pairwise
from math import log2
from typing import Any

from lockgate.dlp.phone import international_phone, north_american_phone, phone_of_some_country

_COUNTRIES = frozenset(
    "AD AE AF AG AI AL AM AO AR AT AU AW AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CK CL CM CN CO "
    "CR CU CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FO FR GA GB GD GE GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN "
    "HR HT HU ID IE IL IM IN IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG "
    "MH MK ML MM MN MO MR MS MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NZ OM PA PE PF PG PH PK PL PS PT PW PY QA RO RS RU RW "
    "SA SB SC SD SE SG SI SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TG TH TJ TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG "
    "VN VU WS XK YE ZA ZM ZW".split()
)
"""ISO 3166-1 alpha-2 codes of countries that have banks, and XK."""

type Validator = Callable[[str], bool]

_STDNUM = frozenset({
    "au.abn", "au.acn", "au.tfn", "ar.cuit", "be.nn", "be.vat", "bg.egn", "bitcoin", "br.cpf", "br.cnpj", "ca.sin", "ch.ssn", "cl.rut",
"cz.rc", "de.idnr", "de.stnr", "dk.cpr", "ee.ik", "es.nif", "es.dni", "es.nie", "es.cif", "fi.hetu", "fr.nir", "fr.tva",
    "gb.nhs", "gr.amka", "hr.oib", "iban", "ie.pps", "il.idnr", "in_.aadhaar", "in_.pan", "in_.gstin", "it.codicefiscale", "it.iva",
    "kr.rrn", "lt.asmens", "luhn", "mx.curp", "mx.rfc", "nl.bsn", "no.fodselsnummer", "nz.ird", "pl.nip", "pl.pesel", "pt.nif",
    "ro.cnp", "se.personnummer", "si.emso", "sk.rc", "th.pin", "tr.tckimlik", "us.itin", "us.rtn", "us.ssn", "za.idnr", "bic", "ec.ci",
    "tw.ubn", "verhoeff", "us.ein", "gb.utr", "at.vnr",
})  # fmt: skip
"""Modules of python-stdnum whose `is_valid` a detector may name as `stdnum.<module>`."""


def _luhn_card(value: str) -> bool:
    digits = _digits(value)
    return len(set(digits)) > 1 and _luhn(digits)


def _luhn(digits: str) -> bool:
    total = 0
    for index, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + index % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _aba(value: str) -> bool:
    """ABA routing number: Federal Reserve prefix and the 3-7-1 checksum."""
    digits = _digits(value)
    if len(digits) != 9:
        return False
    district = int(digits[:2])
    known = district <= 12 or 21 <= district <= 32 or 61 <= district <= 72 or district == 80
    weights = (3, 7, 1) * 3
    return (
        known
        and digits != "000000000"
        and sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 10 == 0
    )


def _iban(value: str) -> bool:
    """ISO 13616: length and structure of the country, ISO 7064 mod 97-10."""
    return _stdnum("iban")(value)


def _bic(value: str) -> bool:
    """ISO 9362, and the country is one."""
    return value[4:6].upper() in _COUNTRIES and _stdnum("bic")(value)


def _ssn(value: str) -> bool:
    """Areas, groups and serials the Social Security Administration never assigns, and numbers burnt by advertisements."""
    digits = _digits(value)
    if len(digits) != 9 or digits in {"123456789", "078051120", "219099999", "987654321"}:
        return False
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000" and len(set(digits)) > 1


def _ip(value: str) -> bool:
    try:
        address = ip_address(value)
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_loopback)


def _mod97_gb_nino(value: str) -> bool:
    """UK National Insurance number: prefixes that are never issued."""
    prefix = value[:2].upper()
    return prefix not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"} and prefix[0] not in "DFIQUV" and prefix[1] not in "DFIOQUV"


def _sg_nric(value: str) -> bool:
    """Singapore NRIC/FIN check letter (weights 2 7 6 5 4 3 2, tables per first letter)."""
    value = value.upper()
    total = sum(int(digit) * weight for digit, weight in zip(value[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    first = value[0]
    total += {"T": 4, "G": 4, "M": 3}.get(first, 0)
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK"}.get(first, "KLJNPQRTUWX")
    position = 10 - total % 11 if first == "M" else total % 11
    return letters[position] == value[8]


def _cn_ric(value: str) -> bool:
    """Chinese resident identity card: ISO 7064 mod 11-2 over 18 places, with a month and a day that exist."""
    digits = [10 if character in "xX" else int(character) for character in value]
    total = sum(digit * pow(2, 17 - index, 11) for index, digit in enumerate(digits))
    return len(digits) == 18 and total % 11 == 1 and 1 <= int(value[10:12]) <= 12 and 1 <= int(value[12:14]) <= 31


def _au_medicare(value: str) -> bool:
    """Medicare card: first digit 2-6, weights 1 3 7 9 1 3 7 9, ninth digit is the check digit."""
    digits = _digits(value)
    weights = (1, 3, 7, 9, 1, 3, 7, 9)
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))
    return len(digits) in (10, 11) and digits[0] in "23456" and total % 10 == int(digits[8])


def _ethereum(value: str) -> bool:
    """Twenty bytes in hex that are neither one digit over and over nor a round number."""
    return len(set(value[2:].lower())) > 6


def _bech32(value: str) -> bool:
    """BIP 173 / BIP 350 checksum of a native segwit address."""
    value = value.lower()
    position = value.rfind("1")
    symbols = [("qpzry9x8gf2tvdw0s3jn54khce6mua7l".find(character)) for character in value[position + 1 :]]
    if position < 1 or min(symbols, default=-1) < 0:
        return False
    prefix = value[:position]
    expanded = [ord(character) >> 5 for character in prefix] + [0] + [ord(character) & 31 for character in prefix]
    checksum = 1
    for symbol in expanded + symbols:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ symbol
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            checksum ^= generator if top >> bit & 1 else 0
    return checksum in (1, 0x2BC830A3)


def _bitcoin(value: str) -> bool:
    return _bech32(value) if value[:3].lower() in ("bc1", "tb1") else _stdnum("bitcoin")(value)


def _dea(value: str) -> bool:
    """DEA number: (1st+3rd+5th) + 2 x (2nd+4th+6th) ends in the seventh digit."""
    digits = _digits(value)[-7:]
    odd, even = sum(map(int, digits[0:6:2])), sum(map(int, digits[1:6:2]))
    return len(digits) == 7 and (odd + 2 * even) % 10 == int(digits[6])


def _npi(value: str) -> bool:
    """US National Provider Identifier: Luhn over 80840 and the ten digits (45 CFR 162.406)."""
    return _luhn("80840" + _digits(value))


def _mixed(value: str) -> bool:
    """Has letters and digits."""
    return any(map(str.isalpha, value)) and any(map(str.isdigit, value))


def _random(value: str) -> bool:
    """At least 3 bits per character by Shannon's measure, and neither a word nor words joined by separators."""
    return _entropy(value) >= 3.0 and not _wordy(value)


def _password(value: str) -> bool:
    """Not a plain word: has a digit or a symbol among letters, or changes case inside."""
    letters = any(map(str.isalpha, value))
    others = any(not character.isalpha() and character not in "-_' ." for character in value)
    inner_capital = any(a.islower() and b.isupper() for a, b in pairwise(value))
    return letters and (others or inner_capital) and len(set(value)) >= 4


def _strong(value: str) -> bool:
    """Has letters, and digits or symbols inside the word rather than as punctuation behind it."""
    core = value.strip(".,;:!?)('\"*")
    digits = any(map(str.isdigit, core))
    symbols = any(not character.isalnum() and character not in "-_'/." for character in core)
    return len(core) >= 5 and any(map(str.isalpha, core)) and (digits or symbols)


def _wordy(value: str) -> bool:
    """Words joined by separators or capitals, as identifiers are: hardly any digits, and those at the end of a word."""
    return sum(map(str.isdigit, value)) * 8 < len(value) and sum(
        a.islower() and b.isupper() for a, b in pairwise(value)
    ) * 5 < len(value)


def _entropy(value: str) -> float:
    return -sum(count / len(value) * log2(count / len(value)) for count in Counter(value).values())


def _digits(value: str) -> str:
    return "".join(character for character in value if "0" <= character <= "9")


_OWN: dict[str, Validator] = {
    "card": _luhn_card,
    "luhn": lambda value: _luhn(_digits(value)),
    "aba": _aba,
    "iban": _iban,
    "bic": _bic,
    "ssn": _ssn,
    "ip": _ip,
    "gb-nino": _mod97_gb_nino,
    "sg-nric": _sg_nric,
    "au-medicare": _au_medicare,
    "cn-ric": _cn_ric,
    "ethereum": _ethereum,
    "bitcoin": _bitcoin,
    "dea": _dea,
    "npi": _npi,
    "mixed": _mixed,
    "random": _random,
    "password": _password,
    "strong": _strong,
    "phone-international": international_phone,
    "phone-nanp": north_american_phone,
    "phone-any-country": phone_of_some_country,
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
