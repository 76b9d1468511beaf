"""The commands that look at files: init, policy, apps, dlp, explain. Messages are for people, exit codes for scripts."""

import io
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from lockgate.cli import main

POLICY = """
version: 1
default: allow
on_uninspectable: block
time_zone: Asia/Tokyo
rules:
  - id: closed-at-night
    when: {host: night.example, time.of_day: {at_least: "22:00"}}
    then: block
  - id: no-claude
    when: {app.id: claude}
    then: block
    message: Use the company assistant.
  - id: no-secrets
    when: {operation: [send_prompt], dlp.profiles: {any: [credentials]}}
    then: block
"""
PROMPT = json.dumps({"model": "gpt-5", "messages": [{"role": "user", "content": "hello"}]})
LEAK = json.dumps({"model": "gpt-5", "messages": [{"role": "user", "content": "my password = 'kx8Lq2-Vt91mWz'"}]})
CHAT = "https://api.openai.com/v1/chat/completions"


@pytest.fixture(scope="module")
def home(ready_home, tmp_path_factory):
    made = ready_home(tmp_path_factory.mktemp("cli") / "home")
    (made.path / "policies" / "own.yaml").write_text(POLICY)
    made.settings_file.write_text("policy: policies/own.yaml\n")
    return made


@pytest.fixture
def lockgate(home, monkeypatch, capsys):
    """Runs a command in this process, from its arguments to its exit code."""

    def run(*arguments, given=""):
        monkeypatch.setattr(sys, "argv", ["lockgate", "--home", str(home.path), *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return SimpleNamespace(returncode=ended.value.code or 0, stdout=said.out, stderr=said.err)

    return run


def test_explain_says_what_why_and_where_from(lockgate):
    told = lockgate("explain", "https://claude.ai/")
    assert told.returncode == 2
    assert "block: A policy rule matched. Rule: no-claude." in told.stdout
    assert "Use the company assistant." in told.stdout
    assert "claude" in told.stdout


def test_explain_examines_a_body_and_never_shows_the_match(lockgate):
    told = lockgate("explain", CHAT, "-d", LEAK, "--json")
    answer = json.loads(told.stdout)
    assert (told.returncode, answer["verdict"], answer["rule"]) == (2, "block", "no-secrets")
    assert (answer["app"], answer["operation"], answer["examination"]) == ("openai-api", "send_prompt", "complete")
    assert answer["findings"]
    assert "kx8Lq2" not in told.stdout


def test_explain_of_what_is_allowed_ends_with_0(lockgate):
    told = lockgate("explain", CHAT, "-d", PROMPT, "--json")
    assert (told.returncode, json.loads(told.stdout)["verdict"]) == (0, "allow")


def test_explain_reads_a_saved_request(lockgate, tmp_path):
    saved = tmp_path / "saved.http"
    saved.write_text(f"POST {CHAT} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{LEAK}")
    assert lockgate("explain", f"@{saved}").returncode == 2


def test_explain_of_a_host_outside_the_library_is_a_tunnel(lockgate):
    told = lockgate("explain", "https://www.example.org/", "--json")
    assert (told.returncode, json.loads(told.stdout)["verdict"]) == (0, "tunnel")


@pytest.mark.parametrize(("at", "code"), [("2026-01-05T22:00", 2), ("2026-01-05T21:59", 0), ("2026-01-05T13:00Z", 2)])
def test_explain_asks_about_a_moment_on_the_policys_clocks(at, code, lockgate):
    assert lockgate("explain", "https://night.example/", "--at", at).returncode == code


def test_explain_says_when_a_moment_is_none(lockgate):
    told = lockgate("explain", "https://night.example/", "--at", "tonight")
    assert (told.returncode, "`tonight` is not a date with a time" in told.stderr) == (3, True)


def test_explain_says_what_is_wrong_with_the_question(lockgate):
    told = lockgate("explain", "ftp://example.org/")
    assert told.returncode == 3
    assert "is not an http, https, ws or wss URL" in told.stderr


def test_policy_check_names_file_line_column_and_the_nearest_name(lockgate, home):
    wrong = home.path / "policies" / "wrong.yaml"
    wrong.write_text(POLICY.replace("app.id: claude", "app.idd: claude"))
    told = lockgate("policy", "check", str(wrong))
    assert told.returncode == 3
    assert f"{wrong}:11:12: unknown selector `app.idd`" in told.stderr
    assert "did you mean `app.id`?" in told.stderr


def test_the_live_policy_is_checked_by_default(lockgate):
    told = lockgate("policy", "check")
    assert told.returncode == 0
    assert "own.yaml: fine, 3 rules" in told.stdout


def test_policy_test_says_which_case_failed(lockgate, tmp_path):
    cases = tmp_path / "cases.yaml"
    case = '{name: claude is fine, given: {url: "https://claude.ai/"}, expect: {verdict: allow}}'
    cases.write_text(f"version: 1\ncases:\n  - {case}\n")
    told = lockgate("policy", "test", "--cases", str(cases))
    assert told.returncode == 1
    assert "claude is fine" in told.stderr
    assert "0 of 1 cases as expected" in told.stdout


def test_policy_selectors_lists_the_language(lockgate):
    told = lockgate("policy", "selectors")
    assert "app.gen_ai_score" in told.stdout
    assert "dlp.profiles" in told.stdout


def test_apps_are_listed_shown_and_explained(lockgate):
    assert "chatgpt" in lockgate("apps", "list").stdout
    assert "OpenAI" in lockgate("apps", "show", "chatgpt").stdout
    why = lockgate("apps", "score", "chatgpt", "--tier", "free").stdout
    assert "application confidence" in why
    assert "https://openai.com/" in why


def test_an_unknown_app_names_the_nearest(lockgate):
    told = lockgate("apps", "show", "chatgtp")
    assert told.returncode == 3
    assert "did you mean `chatgpt`?" in told.stderr


def test_dlp_scan_shows_masks_and_ends_with_2(lockgate):
    told = lockgate("dlp", "scan", "--profile", "credentials", given="my password = 'kx8Lq2-Vt91mWz'\n")
    assert told.returncode == 2
    assert "kx8Lq2-Vt91mWz" not in told.stdout
    assert lockgate("dlp", "scan", given="nothing here\n").returncode == 0


def test_a_folder_that_is_no_home_says_how_to_make_one(tmp_path):
    command = [sys.executable, "-m", "lockgate", "--home", str(tmp_path), "policy", "check"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 3
    assert f"lockgate init {tmp_path}" in told.stderr


def test_help_works_anywhere(tmp_path):
    command = [sys.executable, "-m", "lockgate", "--home", str(tmp_path), "log", "--help"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_dlp_scan_of_rows_is_for_programs(lockgate):
    rows = [{"id": "ü", "text": "😀 write to jane.roe@northwind.example"}, {"id": 2, "text": "nothing"}]
    told = lockgate("dlp", "scan", "--jsonl", given="\n".join(map(json.dumps, rows)) + "\n\n")
    first, second = map(json.loads, told.stdout.splitlines())
    assert (told.returncode, first["id"], second) == (2, "ü", {"id": 2, "spans": [], "complete": True})
    (span,) = first["spans"]
    assert rows[0]["text"][span["start"] : span["end"]] == "jane.roe@northwind.example"
    assert (span["type"], span["detector"], span["confidence"]) == ("EMAIL", "email-address", "high")


@pytest.mark.parametrize("row", ["{", '{"id": 1}', '{"id": 1, "text": 2}', "[]"])
def test_dlp_scan_says_which_row_is_none(row, lockgate):
    told = lockgate("dlp", "scan", "--jsonl", given=f'{{"id": 1, "text": "a"}}\n{row}\n')
    assert told.returncode == 3
    assert "<stdin>:2:1: no row: " in told.stderr
