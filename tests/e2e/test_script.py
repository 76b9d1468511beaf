"""The same gate under plain mitmproxy: `mitmdump -s addons/gateway.py`."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx
from harness import names
from harness.gateway import free_port
from harness.processes import Process

ROOT = Path(__file__).parents[2]
POLICY = """
version: 1
default: allow
rules:
  - {id: no-claude, when: {app.id: claude}, then: block, message: Not this one.}
"""


def test_the_gate_decides_and_records_under_mitmdump(tmp_path: Path) -> None:
    """What `lockgate up` would block is blocked here too, and is on record."""
    home, port = tmp_path / "home", free_port()
    subprocess.run(names.init_command(home), check=True, capture_output=True, env=names.environment())
    (home / names.POLICY_FILE).write_text(POLICY)
    names.settings_file(home).write_text(f"policy: {names.POLICY_FILE}\n")
    mitmdump = str(Path(sys.executable).with_name("mitmdump"))
    command = [mitmdump, "--set", f"confdir={tmp_path / 'mitmproxy'}", "--listen-host", "127.0.0.1", "-p", str(port)]
    environment = {**names.environment(), "LOCKGATE_HOME": str(home)}
    process = Process([*command, "-s", str(ROOT / "addons" / "gateway.py")], env=environment)
    try:
        process.said("listening", seconds=60)
        with httpx.Client(proxy=f"http://127.0.0.1:{port}", verify=False) as client:
            answer = client.get("https://claude.ai/api/organizations")
            portal = client.get("http://lockgate.internal/")
    finally:
        process.signal(signal.SIGINT)
        process.wait()
    assert (answer.status_code, answer.headers[names.REASON_HEADER]) == (400, "rule")
    assert "Not this one." in answer.text
    assert "Lockgate" in portal.text
    records = subprocess.run(names.export(home), check=True, capture_output=True, text=True, env=names.environment()).stdout
    assert records.count('"no-claude"') == 1
