"""`lockgate explain` as people use it: who and what is asked about, what is said, how it ends."""

import gzip
import json

import pytest
from click.testing import CliRunner

from lockgate.cli import cli
from lockgate.facts.problem import UsageError
from lockgate.identity import hash_password

POLICY = """
version: 1
default: allow
on_uninspectable: block
rules:
  - {id: clean, when: {app.id: mistral-api}, then: [{redact: [credentials]}, allow]}
  - {id: not-contractors, when: {user.groups: contractors, app.id: claude}, then: block}
  - {id: no-secrets, when: {app.known: true, operation.carries_payload: true, dlp.profiles: credentials}, then: block}
"""
LEAK = json.dumps({"model": "gpt-5", "messages": [{"role": "user", "content": "my password = 'kx8Lq2-Vt91mWz'"}]}).encode()
CHAT = "https://api.openai.com/v1/chat/completions"


@pytest.fixture(scope="module")
def home(ready_home, tmp_path_factory):
    made = ready_home(tmp_path_factory.mktemp("explain") / "home")
    (made.path / "policies" / "own.yaml").write_text(POLICY)
    made.settings_file.write_text("policy: policies/own.yaml\nexamination: {max_body_mib: 1}\n")
    ada = f'{{name: ada, password: "{hash_password("correct horse")}", groups: [contractors]}}'
    made.users_file.write_text(f"users: [{ada}]\naddresses: [{{network: 127.0.0.7/32, user: kim, groups: [contractors]}}]\n")
    return made


@pytest.fixture
def explain(home):
    """The exit code and what is printed; a UsageError is raised."""

    def run(*arguments, given=None):
        result = CliRunner().invoke(cli, ["--home", str(home.path), "explain", *map(str, arguments)], input=given)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout

    return run


@pytest.fixture
def wrong(explain):
    """The one problem a question has."""

    def run(*arguments):
        with pytest.raises(UsageError) as error:
            explain(*arguments)
        (problem,) = error.value.problems
        assert problem.problem
        assert problem.help
        return problem

    return run


def saved(tmp_path, head, content=b"", ending="\r\n"):
    file = tmp_path / "saved.http"
    file.write_bytes(ending.join([*head, "", ""]).encode() + content)
    return f"@{file}"


# --- who


def test_the_groups_of_a_user_are_looked_up_and_shown(explain):
    code, told = explain("https://claude.ai/", "--user", "ada")
    assert code == 2
    assert "Rule: not-contractors." in told
    assert "client       ada (contractors), by proxy login, from 127.0.0.1" in told


def test_without_a_user_the_address_is_looked_up(explain):
    code, told = explain("https://claude.ai/", "--address", "127.0.0.7", "--json")
    answer = json.loads(told)
    assert (code, answer["rule"], answer["user"], answer["identified_by"]) == (2, "not-contractors", "kim", "address_table")
    assert explain("https://claude.ai/")[0] == 0


def test_an_unknown_user_names_the_nearest_unless_groups_are_given(explain, wrong):
    assert "did you mean `ada`?" in wrong("https://claude.ai/", "--user", "adda").help
    assert explain("https://claude.ai/", "--user", "adda", "--group", "staff")[0] == 0


def test_an_address_is_checked(wrong):
    assert "`foo` is not an IP address" in wrong("https://claude.ai/", "--address", "foo").problem


# --- what


@pytest.mark.parametrize(
    "url", ["https://a:b/", "https://a:70000/", "https://[::1/", "https:///path", "https://./", "ftp://x/"]
)
def test_a_url_that_is_none_says_so(wrong, url):
    problem = wrong(url)
    assert f"`{url}` is not a" in problem.problem
    assert "https://chatgpt.com/" in problem.help


def test_a_wrong_line_of_a_saved_request_is_told_with_its_place(wrong, tmp_path):
    file = saved(tmp_path, ["POST / HTTP/1.1", "Host: api.openai.com", "nonsense"])
    assert str(wrong(file).place) == f"{file[1:]}:3:1"
    assert str(wrong(saved(tmp_path, ["POST"])).place) == f"{file[1:]}:1:1"
    assert "Host" in wrong(saved(tmp_path, ["POST / HTTP/1.1"])).help
    assert "its port" in wrong(saved(tmp_path, ["POST / HTTP/1.1", "Host: a:b"])).problem


def test_a_saved_request_that_is_not_there_says_so(wrong, tmp_path):
    assert "cannot read" in wrong(f"@{tmp_path}/none.http").problem


def test_a_saved_request_takes_no_options_of_its_own(wrong, tmp_path):
    file = saved(tmp_path, [f"POST {CHAT} HTTP/1.1"], LEAK)
    assert "brings its own" in wrong(file, "--body", "x").problem


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_a_compressed_body_of_a_saved_request_is_read(explain, tmp_path, ending):
    content = gzip.compress(LEAK + b"\r\n\r\n" * 4)
    head = ["POST /v1/chat/completions HTTP/1.1", "Host: api.openai.com", "Content-Encoding: gzip"]
    code, told = explain(saved(tmp_path, head, content, ending), "--json")
    answer = json.loads(told)
    assert (code, answer["rule"], answer["examination"]) == (2, "no-secrets", "complete")


def test_the_body_begins_after_the_first_empty_line_whatever_ends_lines_in_it(explain, tmp_path):
    parts = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nmy password = kx8Lq2-Vt91mWz\r\n--x--\r\n'
    head = ["POST /v1/chat/completions HTTP/1.1", "Host: api.openai.com", "Content-Type: multipart/form-data; boundary=x"]
    at = ("--at", "2026-03-03T10:00")
    answers = [json.loads(explain(saved(tmp_path, head, parts, ending), "--json", *at)[1]) for ending in ("\r\n", "\n")]
    assert answers[0] == answers[1]
    assert answers[0]["findings"]


def test_a_body_over_the_limit_is_truncated(explain, tmp_path):
    content = b'{"messages": [{"role": "user", "content": "' + b"hello " * 200_000 + b'"}]}'
    code, told = explain(saved(tmp_path, [f"POST {CHAT} HTTP/1.1", "Content-Type: application/json"], content), "--json")
    answer = json.loads(told)
    assert (code, answer["reason"], answer["examination"]) == (2, "uninspectable", "truncated")


# --- where to


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://127.0.0.1:8080/", "gateway_own_address"),
        ("http://127.0.0.1:9464/", "gateway_own_address"),
        ("https://192.168.1.1/", "private_destination"),
    ],
)
def test_destinations_nobody_may_reach_are_blocked(explain, url, reason):
    code, told = explain(url, "--json")
    answer = json.loads(told)
    assert (code, answer["verdict"], answer["reason"], answer["host_is_resolved_later"]) == (2, "block", reason, False)


def test_a_name_is_said_to_be_checked_later(explain):
    code, told = explain("https://www.example.org/")
    assert code == 0
    assert "destination  a name: the proxy resolves it" in told
    assert "destination" not in explain("https://1.1.1.1/")[1]


def test_the_portal_is_not_a_destination(explain):
    code, told = explain("http://127.0.0.1:8080/")
    assert code == 0
    assert "is answered by the gateway's own portal" in told


def test_what_was_not_asked_of_the_library_is_not_told(explain):
    assert "app " not in explain("https://192.168.1.1/")[1]
    assert "none of the library" in explain("https://www.example.org/")[1]


def test_the_body_of_a_websocket_is_what_its_client_says_first(explain):
    message = '{"type": "response.create", "input": "hello"}'
    code, printed = explain("wss://api.openai.com/v1/responses", "--body", message, "--json")
    said = json.loads(printed)
    assert (code, said["verdict"]) == (0, "allow")
    assert (said["app"], said["format"], said["opaque"]) == ("openai-api", "openai-responses", False)
    assert said["examination"] == "complete"


# --- with what, and what was said


def test_program_account_and_the_place_of_a_finding_are_told(explain):
    agent = ("-H", "User-Agent: claude-cli/2.1.9 (external, claude-vscode)", "-H", "Authorization: Bearer sk-proj-sample")
    code, told = explain(CHAT, *agent, "-H", "content-type: application/json", "-d", LEAK.decode())
    assert code == 2
    assert "program      claude-code 2.1.9 (coding_agent) via vscode, as it says itself" in told
    assert "account      unknown, shown by api_key" in told
    assert "in human_text" in told


def test_the_same_as_data_without_words_and_names(explain):
    body = {"model": "m", "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": [
        {"type": "text", "text": "what is it"}, {"type": "file", "file": {"file_id": "file-1", "filename": "plan.pdf"}},
    ]}]}  # fmt: skip
    _, told = explain(CHAT, "--json", "-H", "content-type: application/json", "-d", json.dumps(body))
    data = json.loads(told)
    assert (data["client_kind"], data["credential"], data["background"]) == ("unknown", "none", False)
    assert (data["text_kinds"]["human_text"], data["text_kinds"]["system_prompt"]) == (len("what is it"), len("be brief"))
    assert data["attachments"] == [{"type": "", "declared": "", "size": None}]
    assert "plan.pdf" not in told


# --- where and with which device


def test_a_device_and_a_country_can_be_asked_about(explain):
    device = 'id="laptop-17", enrolled, posture=("disk_encrypted")'
    code, told = explain("https://claude.ai/", "--device", device, "--country", "DE")
    assert code == 0
    assert "from 127.0.0.1 (DE)" in told
    assert "device       laptop-17, enrolled, passed disk_encrypted, known by header" in told
    _, printed = explain("https://claude.ai/", "--device", device, "--country", "DE", "--json")
    data = json.loads(printed)
    assert (data["country"], data["networks"], data["device"], data["device_enrolled"]) == ("DE", [], "laptop-17", True)
    assert (data["device_trust"], data["device_posture"], data["device_problem"]) == ("header", ["disk_encrypted"], None)


def test_without_them_the_device_is_as_unknown_as_to_the_proxy(explain):
    _, told = explain("http://claude.ai/", "-H", "X-Lockgate-Device: id=x, enrolled")
    assert "device       not known: it was said by somebody who is not one of `clients.trusted_hops`" in told
    _, told = explain("https://claude.ai/", "-H", "X-Lockgate-Device: id=x, enrolled")
    assert "device " not in told


def test_what_is_no_device_and_no_country_is_refused(wrong):
    assert "`laptop-17` does not say which device" in wrong("https://claude.ai/", "--device", "laptop-17").problem
    assert "`Germany` is not a country code" in wrong("https://claude.ai/", "--country", "Germany").problem


# --- what would be replaced


def test_what_would_be_replaced_is_told_without_its_words(explain):
    code, told = explain("https://api.mistral.ai/v1/chat/completions", "-d", LEAK.decode())
    assert code == 0
    assert "  redacted     1 of password-assignment by clean" in told.splitlines()
    assert "kx8Lq2" not in told
    _, told = explain("https://api.mistral.ai/v1/chat/completions", "-d", LEAK.decode(), "--json")
    assert json.loads(told)["redacted"] == [{"rule": "clean", "detector": "password-assignment", "count": 1}]


def test_what_cannot_be_replaced_is_told_as_stopped(explain):
    code, told = explain(
        "https://api.mistral.ai/v1/chat/completions?note=my%20password%3Dkx8Lq2-Vt91mWz", "-d", LEAK.decode(), "--json"
    )
    assert (code, json.loads(told)["reason"], json.loads(told)["redacted"]) == (2, "cannot_redact", [])
