"""Who is behind a connection, where and with which device: proxy login, tables of networks, what a trusted hop says.

Separate because it decides about people, not content: it turns an address and a few headers into a `Client` and knows
nothing of policies. It must never keep or log a password.
"""

from lockgate.identity.addresses import AddressTable
from lockgate.identity.countries import BrokenDatabaseError, Countries
from lockgate.identity.device_certificates import DeviceCertificates
from lockgate.identity.device_header import device_said, read_device_header
from lockgate.identity.devices import CERTIFICATE_HEADER, CHAIN_HEADER, DEVICE_HEADER, NO_CLAIMS, DeviceClaims, Devices
from lockgate.identity.identifier import Identifier, LoginProblem, LoginRequired
from lockgate.identity.logins import LoginLimits, Logins
from lockgate.identity.passwords import hash_password
from lockgate.identity.structured_field import MalformedFieldError
from lockgate.identity.users_file import AddressEntry, NetworkEntry, UserEntry, UsersFile, check_users

__all__ = [
    "CERTIFICATE_HEADER",
    "CHAIN_HEADER",
    "DEVICE_HEADER",
    "NO_CLAIMS",
    "AddressEntry",
    "AddressTable",
    "BrokenDatabaseError",
    "Countries",
    "DeviceCertificates",
    "DeviceClaims",
    "Devices",
    "Identifier",
    "LoginLimits",
    "LoginProblem",
    "LoginRequired",
    "Logins",
    "MalformedFieldError",
    "NetworkEntry",
    "UserEntry",
    "UsersFile",
    "check_users",
    "device_said",
    "hash_password",
    "read_device_header",
]
