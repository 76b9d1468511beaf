"""Who is measured: no proxy at all, mitmdump, Lockgate under two of its policies, and Squid where it is installed.

Each is set up as its user would, with one worker. None has code of ours between it and the destination: names are
resolved by the hosts file of the bench's own namespace.
"""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from harness import names

from origin import wait_for_port

PASSED_HOST = "www.example.org"

_SQUID = """
http_port 127.0.0.1:{port} ssl-bump tls-cert={folder}/ca.pem tls-key={folder}/ca.key generate-host-certificates=on
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

    `ca` is who vouches for hosts that are decrypted, `passed_ca` for those that are not.
    """

    id: str
    name: str
    proxy: str = ""
    ca: str = ""
    passed_ca: str = ""
    command: list[str] = field(default_factory=list)
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
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=names.environment(), cwd=self.log.parent
            )
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


def direct(root: Path) -> Subject:
    """The origin itself: what the load generator and the machine can do."""
    return Subject(id="direct", name="no proxy", ca=str(root), passed_ca=str(root))


def mitmdump(folder: Path, root: Path, port: int) -> Subject:
    """Mitmdump as installed, told which root to trust and which host to pass."""
    command = [
        str(Path(sys.executable).with_name("mitmdump")), "--listen-host", "127.0.0.1", "--listen-port", str(port),
        "--set", f"confdir={folder}", "--set", f"ssl_verify_upstream_trusted_ca={root}",
        "--ignore-hosts", rf"^{PASSED_HOST.replace('.', r'[.]')}:443$",
    ]  # fmt: skip
    ca = str(folder / "mitmproxy-ca-cert.pem")
    proxy = f"127.0.0.1:{port}"
    return Subject(id="mitmdump", name="mitmdump", proxy=proxy, ca=ca, passed_ca=str(root), command=command, log=folder / "log")


def lockgate(folder: Path, root: Path, port: int, policy: str) -> Subject:
    """Lockgate with a shipped policy, allowed to reach the loopback origin."""
    home = folder / "home"
    subprocess.run(names.init_command(home), check=True, stdout=subprocess.DEVNULL, env=names.environment())
    settings = {
        "version": 1, "listen": f"127.0.0.1:{port}", "workers": 1, "policy": f"policies/{policy}.yaml",
        "metrics": {"listen": ""}, "upstream": {"trust": [str(root)]}, "destinations": {"allow_private": ["127.0.0.0/8"]},
    }  # fmt: skip
    names.settings_file(home).write_text(yaml.safe_dump(settings))
    return Subject(
        id=f"lockgate-{policy}", name=f"Lockgate, {policy}.yaml", proxy=f"127.0.0.1:{port}",
        ca=str(names.ca_file(home)), passed_ca=str(root),
        command=names.up(home), log=folder / "log",
    )  # fmt: skip


def squid(folder: Path, root: Path, port: int) -> Subject | None:
    """Squid that decrypts (ssl-bump), when it is here and was built for it."""
    executable, certgen = shutil.which("squid", path="/usr/sbin:/usr/bin"), Path("/usr/lib/squid/security_file_certgen")
    if executable is None or not certgen.exists():
        return None
    request = [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=bench",
        "-keyout", "ca.key", "-out", "ca.pem",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    ]  # fmt: skip
    subprocess.run(request, cwd=folder, check=True, capture_output=True)
    subprocess.run([str(certgen), "-c", "-s", str(folder / "certificates"), "-M", "16MB"], check=True, capture_output=True)
    config = folder / "squid.conf"
    config.write_text(_SQUID.format(port=port, folder=folder, certgen=certgen, root=root, passed=PASSED_HOST))
    for path in (folder, *folder.rglob("*")):  # it gives up root, and its helpers must still read and write here
        path.chmod(0o777 if path.is_dir() else 0o666)
    return Subject(
        id="squid", name="Squid, ssl-bump", proxy=f"127.0.0.1:{port}", ca=str(folder / "ca.pem"), passed_ca=str(root),
        command=[executable, "-N", "-f", str(config)], log=folder / "log",
    )  # fmt: skip
