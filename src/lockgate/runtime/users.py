"""Users, groups and the address table, from the home's `users.yaml`.

Separate from `home.load` because `home` and `identity` are each one kind of I/O and do not know one another.
"""

from lockgate.home.home import Home
from lockgate.home.reading import read_document
from lockgate.home.schema import read_as
from lockgate.identity import UsersFile, check_users


def load_users(home: Home) -> UsersFile:
    """What the file says; nobody when it does not exist. Raises UsageError listing every problem with its place."""
    if not home.users_file.exists():
        return UsersFile()
    document = read_document(home.users_file)
    if document.data is None:
        return UsersFile()
    users = read_as(document, UsersFile)
    check_users(document, users)
    return users
