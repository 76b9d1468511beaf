"""A real browser behind the gateway: headless Chromium that trusts the gateway's authority the way a managed device does.

Separate because of what it takes: a certificate store of its own in a home of its own, and none of the calls a browser
makes by itself.
"""

import base64
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, sync_playwright

from harness.device import Device

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--disable-features=OptimizationHints,MediaRouter",
)  # fmt: skip


def chromium() -> str | None:
    """The browser of this machine."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def browser_on(device: Device, home: Path) -> Iterator[Browser]:
    """A browser on a device. `home` becomes its home folder."""
    executable = chromium()
    if executable is None:
        raise FileNotFoundError("chromium")
    certutil = shutil.which("certutil")
    flags = list(FLAGS)
    if certutil:
        _trust(certutil, device.ca, home)
    else:
        flags.append(f"--ignore-certificate-errors-spki-list={_spki_digest(device.ca)}")
    name, _, password = device.login.partition(":")
    proxy = {"server": f"http://{device.address}"} | ({"username": name, "password": password} if name else {})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=flags,
            proxy=proxy,  # type: ignore[arg-type]
            env={**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home / ".local" / "share")},
            headless=True,
        )
        try:
            yield browser
        finally:
            browser.close()


def _trust(certutil: str, ca: Path, home: Path) -> None:
    """Put the authority into the store that Chromium on Linux reads."""
    for folder in (home / ".pki" / "nssdb", home / ".local" / "share" / "pki" / "nssdb"):
        folder.mkdir(parents=True)
        store = f"sql:{folder}"
        subprocess.run([certutil, "-d", store, "-N", "--empty-password"], check=True, capture_output=True)
        command = [certutil, "-d", store, "-A", "-t", "C,,", "-n", "gateway under test", "-i", str(ca)]
        subprocess.run(command, check=True, capture_output=True)


def _spki_digest(ca: Path) -> str:
    key = x509.load_pem_x509_certificate(ca.read_bytes()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()
