"""Check digits and structure rules of numbers, as their issuers publish them.

Separate because each is arithmetic that can be tested alone; `validators` gives them the names detectors use.
It must never raise on any text a pattern lets through.
"""

from collections.abc import Sequence
from ipaddress import ip_interface


def luhn_card(value: str) -> bool:
    """A card number that passes Luhn and is not one digit over and over."""
    digits = digits_of(value)
    return len(set(digits)) > 1 and luhn(digits)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + index % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def aba(value: str) -> bool:
    """ABA routing number: the 3-7-1 checksum (detectors ask for context, because one number in ten passes it)."""
    digits = digits_of(value)
    weights = (3, 7, 1) * 3
    return len(digits) == 9 and len(set(digits)) > 1 and _weighted(digits, weights) % 10 == 0


def _weighted(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def ssn(value: str) -> bool:
    """Areas, groups and serials the Social Security Administration never assigns, and numbers burnt by advertisements."""
    digits = digits_of(value)
    if len(digits) != 9 or digits in {"123456789", "078051120", "219099999", "987654321"}:
        return False
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000" and len(set(digits)) > 1


def ip(value: str) -> bool:
    """An address of a machine: neither unspecified nor loopback; a prefix length may follow."""
    try:
        address = ip_interface(value).ip
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_loopback)


def gb_nino(value: str) -> bool:
    """UK National Insurance number: prefixes that are never issued."""
    prefix = value[:2].upper()
    return prefix not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"} and prefix[0] not in "DFIQUV" and prefix[1] not in "DFIOQUV"


def sg_nric(value: str) -> bool:
    """Singapore NRIC/FIN check letter (weights 2 7 6 5 4 3 2, tables per first letter)."""
    value = value.upper()
    total = _weighted(value[1:8], (2, 7, 6, 5, 4, 3, 2))
    first = value[0]
    total += {"T": 4, "G": 4, "M": 3}.get(first, 0)
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK"}.get(first, "KLJNPQRTUWX")
    position = 10 - total % 11 if first == "M" else total % 11
    return letters[position] == value[8]


def cn_ric(value: str) -> bool:
    """Chinese resident identity card: ISO 7064 mod 11-2 over 18 places, with a month and a day that exist."""
    digits = [10 if character in "xX" else int(character) for character in value]
    total = sum(digit * pow(2, 17 - index, 11) for index, digit in enumerate(digits))
    return len(digits) == 18 and total % 11 == 1 and 1 <= int(value[10:12]) <= 12 and 1 <= int(value[12:14]) <= 31


def au_medicare(value: str) -> bool:
    """Medicare card: first digit 2-6, weights 1 3 7 9 1 3 7 9, ninth digit is the check digit."""
    digits = digits_of(value)
    return (
        len(digits) in (10, 11) and digits[0] in "23456" and _weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(digits[8])
    )


def ethereum(value: str) -> bool:
    """Twenty bytes in hex that are neither one digit over and over nor a round number."""
    return len(set(value[2:].lower())) > 6


def bech32(value: str) -> bool:
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


def dea(value: str) -> bool:
    """DEA number: (1st+3rd+5th) + 2 x (2nd+4th+6th) ends in the seventh digit."""
    digits = digits_of(value)[-7:]
    odd, even = sum(map(int, digits[0:6:2])), sum(map(int, digits[1:6:2]))
    return len(digits) == 7 and (odd + 2 * even) % 10 == int(digits[6])


def de_kvnr(value: str) -> bool:
    """German health insurance number: the letter as two digits, weights 1 and 2 in turn, digit sums (section 290 SGB V)."""
    digits = f"{ord(value[0].upper()) - ord('A') + 1:02d}{value[1:]}"
    doubled = [int(digit) * (1 + index % 2) for index, digit in enumerate(digits[:10])]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == int(digits[10])


def npi(value: str) -> bool:
    """US National Provider Identifier: Luhn over 80840 and the ten digits (45 CFR 162.406)."""
    return luhn("80840" + digits_of(value))


def digits_of(value: str) -> str:
    """The ASCII digits of `value`."""
    return "".join(character for character in value if "0" <= character <= "9")
