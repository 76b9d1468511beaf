"""Who is measured: no proxy at all, mitmdump, Lockgate under two of its policies, and Squid where it is installed.

Each is set up as its user would, with one worker, and all its processes share one core. None has code of ours between it
and the destination: names are resolved by the hosts file of the bench's own namespace.
"""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from certificates import make_rsa_authority
from origin import wait_for_port
from scenarios import OTHER_HOST

KEPT = Path(__file__).with_name("results") / "compiled"
"""Compiled detectors of earlier runs: they only save the time of compiling them again before anything is measured."""

_SQUID = """
http_port 127.0.0.1:{port} ssl-bump tls-cert={authority.certificate} tls-key={authority.key} generate-host-certificates=on
sslcrtd_program {certgen} -s {folder}/certificates -M 16MB
tls_outgoing_options cafile={root} options=NO_SSLv3
acl passed ssl::server_name {passed}
acl step1 at_step SslBump1
ssl_bump peek step1
ssl_bump splice passed
ssl_bump bump all
http_access allow all
cache deny all
cache_mem 8 MB
access_log stdio:{folder}/access.log squid
cache_log {folder}/cache.log
pid_filename {folder}/squid.pid
coredump_dir {folder}
hosts_file /etc/hosts
workers 1
shutdown_lifetime 0 seconds
request_header_max_size 64 KB
pinger_enable off
"""


@dataclass(slots=True, kw_only=True)
class Subject:
    """Somebody to measure. `proxy` is empty for no proxy; `process` is the root of its family while it runs.

    `ca` is who vouches for hosts that are decrypted, `passed_ca` for those that are not. `core` is the one it runs on.
    `compiled` is where its compiled detectors are.
    """

    id: str
    name: str
    proxy: str = ""
    ca: str = ""
    passed_ca: str = ""
    command: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    core: int | None = None
    compiled: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    log: Path | None = None

    @property
    def pid(self) -> int:
        """The process that everything else of it comes from; 0 for none."""
        return self.process.pid if self.process else 0

    def start(self) -> None:
        """Run it until it takes connections."""
        if not self.command or self.log is None:
            return
        if self.compiled is not None and KEPT.is_dir():
            shutil.copytree(KEPT, self.compiled, dirs_exist_ok=True)
        pinned = [] if self.core is None else ["taskset", "--cpu-list", str(self.core)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*pinned, *self.command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.log.parent,
                env=os.environ | self.environment,
            )  # fmt: skip
        host, _, port = self.proxy.rpartition(":")
        try:
            wait_for_port(host, int(port))
            deadline = time.monotonic() + 30
            while not Path(self.ca).exists() and time.monotonic() < deadline:
                time.sleep(0.05)
        except OSError:
            raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text(errors='replace')}") from None

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None
            if self.compiled is not None and self.compiled.is_dir():
                shutil.copytree(self.compiled, KEPT, dirs_exist_ok=True)


def direct(root: Path) -> Subject:
    """The origin itself: what the load generator and the machine can do."""
    return Subject(id="direct", name="no proxy", ca=str(root), passed_ca=str(root))


def mitmdump(folder: Path, root: Path, port: int, *, quiet: bool = True) -> Subject:
    """Mitmdump as installed, told which root to trust and which host to pass. Quiet, as a service would run."""
    command = [
        str(Path(sys.executable).with_name("mitmdump")), "--listen-host", "127.0.0.1", "--listen-port", str(port),
        "--set", f"confdir={folder}", "--set", f"ssl_verify_upstream_trusted_ca={root}",
        "--ignore-hosts", rf"^{OTHER_HOST.replace('.', r'[.]')}:443$", *(["--quiet"] if quiet else []),
    ]  # fmt: skip
    return Subject(
        id="mitmdump" if quiet else "mitmdump-talking", name="mitmdump" if quiet else "mitmdump, each flow shown",
        proxy=f"127.0.0.1:{port}", ca=str(folder / "mitmproxy-ca-cert.pem"), passed_ca=str(root), command=command,
        log=folder / "log",
    )  # fmt: skip


def lockgate(folder: Path, root: Path, port: int, policy: str, tree: Path | None = None) -> Subject:
    """Lockgate with a shipped policy, allowed to reach the loopback origin. `tree` is another checkout to run it from."""
    home = folder / "home"
    environment = {"PYTHONPATH": str(tree / "src")} if tree else {}
    command = [sys.executable, "-m", "lockgate"]
    init = [*command, "init", str(home)]
    subprocess.run(init, check=True, stdout=subprocess.DEVNULL, env=os.environ | environment, cwd=folder)
    settings = {
        "version": 1, "listen": f"127.0.0.1:{port}", "workers": 1, "policy": f"policies/{policy}.yaml",
        "metrics": {"listen": ""}, "upstream": {"trust": [str(root)]}, "destinations": {"allow_private": ["127.0.0.0/8"]},
    }  # fmt: skip
    (home / "gateway.yaml").write_text(yaml.safe_dump(settings))
    return Subject(
        id=f"lockgate-{policy}{'-beside' if tree else ''}", name=f"Lockgate, {policy}.yaml{f' in {tree}' if tree else ''}",
        proxy=f"127.0.0.1:{port}", ca=str(home / "certs" / "lockgate-ca.pem"), passed_ca=str(root),
        command=[*command, "--home", str(home), "up"], log=folder / "log", environment=environment,
        compiled=home / "var" / "compiled",
    )  # fmt: skip


def squid(folder: Path, root: Path, port: int) -> Subject | None:
    """Squid that decrypts (ssl-bump), when it is here and was built for it."""
    executable, certgen = shutil.which("squid", path="/usr/sbin:/usr/bin"), Path("/usr/lib/squid/security_file_certgen")
    if executable is None or not certgen.exists():
        return None
    authority = make_rsa_authority(folder)
    subprocess.run([str(certgen), "-c", "-s", str(folder / "certificates"), "-M", "16MB"], check=True, capture_output=True)
    config = folder / "squid.conf"
    settings = {"port": port, "folder": folder, "authority": authority, "certgen": certgen, "root": root}
    config.write_text(_SQUID.format(**settings, passed=OTHER_HOST))
    for path in (folder, *folder.rglob("*")):  # it gives up root, and its helpers must still read and write here
        path.chmod(0o777 if path.is_dir() else 0o666)
    return Subject(
        id="squid", name="Squid, ssl-bump", proxy=f"127.0.0.1:{port}", ca=str(authority.certificate), passed_ca=str(root),
        command=[executable, "-N", "-f", str(config)], log=folder / "log",
    )  # fmt: skip
