"""Who is behind a connection under a snapshot: the one place that puts an identifier together.

Separate so that a worker and whoever explains a decision take a client for the same person, place and device.
"""

from lockgate.home.settings import Clients
from lockgate.identity import Countries, DeviceCertificates, Identifier, UsersFile
from lockgate.runtime.snapshot import Snapshot
from lockgate.runtime.whereabouts import devices_of


def identifier_of(snapshot: Snapshot) -> Identifier:
    """A new one, which remembers no login yet. Use from one event loop."""
    return Identifier(
        snapshot.users,
        login_required=snapshot.settings.clients.login,
        countries=snapshot.whereabouts.countries,
        devices=devices_of(snapshot.settings, snapshot.whereabouts),
    )


def identities_of(snapshot: Snapshot) -> tuple[UsersFile, Clients, Countries | None, DeviceCertificates | None]:
    """What an identifier depends on: while this is the same, the logins that one remembers are still right."""
    found = snapshot.whereabouts
    return snapshot.users, snapshot.settings.clients, found.countries, found.certificates
