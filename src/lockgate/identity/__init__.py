"""Who is behind a connection: proxy login, or a table of networks.

Separate because it decides about people, not content: it turns an address and a header into a `Client` and knows nothing of
policies. It must never keep or log a password.
"""

from lockgate.identity.addresses import AddressTable
from lockgate.identity.identifier import Identifier, LoginProblem, LoginRequired
from lockgate.identity.logins import LoginLimits, Logins
from lockgate.identity.passwords import hash_password
from lockgate.identity.users_file import AddressEntry, UserEntry, UsersFile, check_users

__all__ = [
    "AddressEntry",
    "AddressTable",
    "Identifier",
    "LoginLimits",
    "LoginProblem",
    "LoginRequired",
    "Logins",
    "UserEntry",
    "UsersFile",
    "check_users",
    "hash_password",
]
