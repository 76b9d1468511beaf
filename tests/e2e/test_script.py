"""The same gate under plain mitmproxy: `mitmdump -s addons/gateway.py`."""

import json
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import yaml
from harness import names
from harness.gateway import free_port
from harness.processes import Process
from harness.upstream import Since, Upstream
from websockets.sync.client import connect

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


def test_messages_of_websockets_are_judged_under_mitmdump_too(tmp_path: Path, upstream: Upstream, reached: Since) -> None:
    home, port = tmp_path / "home", free_port()
    subprocess.run(names.init_command(home), check=True, capture_output=True, env=names.environment())
    (home / names.POLICY_FILE).write_text(
        "version: 1\ndefault: allow\nrules:\n  - {id: no-mini, when: {prompt.model: gpt-mini}, then: block}\n"
    )
    settings = names.settings(port=port, root=str(upstream.root), upstream=upstream.tls, plain=upstream.plain, more={})
    names.settings_file(home).write_text(yaml.safe_dump(settings))
    mitmdump = str(Path(sys.executable).with_name("mitmdump"))
    command = [mitmdump, "--set", f"confdir={tmp_path / 'mitmproxy'}", "--listen-host", "127.0.0.1", "-p", str(port)]
    environment = {**names.environment(), "LOCKGATE_HOME": str(home)}
    process = Process([*command, "-s", str(ROOT / "addons" / "gateway.py")], env=environment)
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2  # see `Device.tls_of_sockets`
    heard: list[str] = []
    try:
        process.said("listening", seconds=60)
        with connect("wss://api.openai.com/v1/responses", proxy=f"http://127.0.0.1:{port}", ssl=trusting) as socket:
            for model in ("gpt-5", "gpt-mini"):
                socket.send(json.dumps({"type": "response.create", "model": model, "input": f"hello {model}"}))
                while not heard or heard[-1] not in ("response.completed", "error"):
                    heard.append(json.loads(socket.recv(timeout=20))["type"])
                heard.append(model)
    finally:
        process.signal(signal.SIGINT)
        process.wait()
    assert heard[heard.index("gpt-5") - 1] == "response.completed"
    assert heard[-2:] == ["error", "gpt-mini"]
    (arrival,) = reached.arrivals()
    assert [json.loads(message)["model"] for message in arrival.messages] == ["gpt-5"]
    records = subprocess.run(names.export(home), check=True, capture_output=True, text=True, env=names.environment()).stdout
    kinds = sorted((record["kind"], record["verdict"]) for record in map(json.loads, records.splitlines()))
    assert kinds == [("message", "allow"), ("message", "block"), ("websocket", "allow")]
