"""`init`, `doctor` and `up` as a person meets them: what they print can be done, and a wrong start says why."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).parent / "lockgate"
SETTINGS = "version: 1\nlisten: 127.0.0.1:{port}\nworkers: 1\nmetrics: {{listen: '{metrics}'}}\n"


@pytest.fixture
def home(tmp_path, ready_home, free_port):
    made = ready_home(tmp_path / "home")
    made.settings_file.write_text(SETTINGS.format(port=free_port, metrics=""))
    return made


def run(*command, cwd, path="/usr/bin:/bin"):
    environment = {"PATH": path, "HOME": str(cwd)}
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=cwd, env=environment, timeout=110)


def test_a_taken_metrics_port_is_refused_before_anything_starts(home, free_port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        metrics = f"127.0.0.1:{taken.getsockname()[1]}"
        home.settings_file.write_text(SETTINGS.format(port=free_port, metrics=metrics))
        told = run(PROGRAM, "up", cwd=home.path)
    assert told.returncode == 3
    assert told.stderr.startswith(f"cannot listen on {metrics}: address already in use\n")
    assert "`metrics.listen` in gateway.yaml" in told.stderr


def test_a_wrong_recipient_is_told_with_its_line(home):
    with home.settings_file.open("a") as settings:
        settings.write("capture:\n  recipients: [age1nonsense]\n")
    told = run(PROGRAM, "up", cwd=home.path)
    assert told.returncode == 3
    assert "gateway.yaml:6:16: `age1nonsense` is not an age public key" in told.stderr


def test_an_open_proxy_does_not_start(home):
    home.settings_file.write_text("listen: 192.0.2.1:8080\nclients: {allowed_networks: [0.0.0.0/0]}\n")
    told = run(PROGRAM, "up", cwd=home.path)
    assert told.returncode == 3
    assert "lets anybody who reaches this machine use the gateway" in told.stderr


def test_the_first_start_says_what_takes_its_time(home):
    home.compiled_detectors.unlink()
    starting = subprocess.Popen([PROGRAM, "--home", home.path, "up"], stdout=subprocess.PIPE, text=True)
    assert starting.stdout is not None
    with starting.stdout as output:
        assert output.readline() == "Compiling the detectors, once: about ten seconds.\n"
        starting.kill()
        starting.wait()


def test_doctor_says_what_it_could_not_check(home):
    home.settings_file.write_text("listne: 1\n")
    told = run(PROGRAM, "doctor", cwd=home.path)
    assert told.returncode == 1
    assert "?      exposure  (not checked: the settings cannot be read)" in told.stdout
    assert "?      port  (not checked: the settings cannot be read)" in told.stdout
    assert "did you mean `listen`?" in told.stdout


def test_the_command_in_the_greeting_works_where_it_is_read(home):
    """As after `make up`: the program is in a folder below, and not on the path. Here the home is another one, too."""
    here = home.path.parent
    (here / "env").mkdir()
    (here / "env" / "lockgate").symlink_to(PROGRAM)
    gateway = subprocess.Popen(
        ["env/lockgate", "--home", "home", "up"], cwd=here, env={"PATH": "/usr/bin:/bin"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said = ""
    try:
        assert gateway.stdout is not None
        while "Ctrl-C stops it" not in said and (line := gateway.stdout.readline()):
            said += line
    finally:
        gateway.send_signal(signal.SIGINT)
        said += gateway.communicate(timeout=60)[0]
    assert gateway.returncode == 0, said
    assert "Compiling" not in said  # it was compiled before
    (command,) = re.findall(r"read them: (.*)\)", said)
    assert command == "env/lockgate --home home log tail"
    assert run(*command.split(), cwd=here).returncode == 0


@pytest.mark.parametrize(
    ("words", "path", "tells"),
    [
        (["lockgate"], str(PROGRAM.parent), "lockgate"),
        ([str(PROGRAM)], "/usr/bin", str(PROGRAM)),
        ([sys.executable, "-m", "lockgate"], "/usr/bin", f"{sys.executable} -m lockgate"),
    ],
)
def test_the_program_is_called_as_the_readers_shell_finds_it(tmp_path, words, path, tells):
    made = run(*words, "init", tmp_path / "a home", cwd=tmp_path, path=os.pathsep.join((path, "/usr/bin", "/bin")))
    assert made.returncode == 0, made.stderr
    assert made.stdout.endswith(f"Start it: {tells} --home '{tmp_path / 'a home'}' up\n")
