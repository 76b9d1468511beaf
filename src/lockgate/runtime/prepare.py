"""What has to exist before a gateway can run, made on first use: the CA, the reviewer key, the key for redirects.

Separate because `up`, `doctor`, the workers and plain mitmdump need the same answers. Keys are created once, 0600,
never overwritten.
"""

import secrets
from datetime import UTC, datetime

from lockgate.home.home import Home
from lockgate.home.settings import Settings, load_settings, parse_address
from lockgate.pki.ca import CertificateAuthority, ca_paths, create_ca, load_ca
from lockgate.pki.private_file import PRIVATE, read_private_file, write_new_file
from lockgate.runtime.reviewers import recipients
from lockgate.store.sealing import Sealer

_REDIRECT_KEY_BYTES = 32


def prepare(home: Home) -> CertificateAuthority:
    """Make what is missing, check what is there. Raises UsageError with everything that is wrong."""
    home.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    paths = ca_paths(home.certs)
    if not paths.certificate.exists() and not paths.key.exists():
        create_ca(home.certs, now=datetime.now(UTC))
    authority = load_ca(home.certs, now=datetime.now(UTC))
    recipients(home, load_settings(home))
    redirect_key(home)
    return authority


def sealer_for(home: Home) -> Sealer:
    """The sealer for captured text."""
    return Sealer(recipients(home, load_settings(home)))


def redirect_key(home: Home) -> bytes:
    """The key that protects the context of redirects."""
    file = home.state / "redirect.key"
    if not file.exists():
        write_new_file(file, secrets.token_bytes(_REDIRECT_KEY_BYTES), mode=PRIVATE)
    return read_private_file(file)


def own_ports(settings: Settings) -> frozenset[int]:
    """The ports of this gateway, which nobody may reach through it."""
    addresses = [settings.listen, settings.public_address, settings.metrics.listen]
    return frozenset(parse_address(address)[1] for address in addresses if address)
