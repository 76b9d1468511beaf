"""What commands are given wrongly: the exit code is 3 everywhere, and the message has the next step."""

import pytest
from click.testing import CliRunner

from lockgate.cli import cli
from lockgate.facts.problem import UsageError

POLICY = "version: 1\ndefault: allow\nrules:\n  - {id: no, when: {app.category: generative-ai}, then: block}\n"


@pytest.fixture(scope="module")
def home(ready_home, tmp_path_factory):
    made = ready_home(tmp_path_factory.mktemp("arguments") / "home")
    (made.path / "policies" / "wrong.yaml").write_text(POLICY)
    (made.path / "policies" / "alone.yaml").write_text("version: 1\ndefault: allow\n")
    return made


@pytest.fixture
def lockgate(home):
    def run(*arguments, given=None):
        return CliRunner().invoke(cli, ["--home", str(home.path), *map(str, arguments)], input=given)

    return run


@pytest.fixture
def problem_of(lockgate):
    def run(*arguments):
        error = lockgate(*arguments).exception
        assert isinstance(error, UsageError)
        (problem,) = error.problems
        return problem

    return run


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["explain", "--nonsense"], "No such option '--nonsense'."),
        (["dlp", "scan", "/does/not/exist"], "No such file"),
        (["log", "tail", "--verdict", "perhaps"], "Invalid value for '--verdict'"),
        (["polici"], "No such command 'polici'."),
        (["--nonsense"], "No such option '--nonsense'."),
        (["policy"], "Usage:"),
    ],
)
def test_wrong_arguments_end_with_3_and_keep_their_message(lockgate, arguments, told):
    result = lockgate(*arguments)
    assert result.exit_code == 3
    assert told in result.stderr


def test_help_and_version_end_with_0(lockgate):
    for arguments in (["--help"], ["--version"], ["explain", "-h"], ["dlp", "scan", "--help"]):
        assert lockgate(*arguments).exit_code == 0


def test_the_help_of_a_scan_is_one_sentence(lockgate):
    told = " ".join(lockgate("dlp", "scan", "--help").stdout.split())
    assert "Look for sensitive data in FILE, or in standard input without one, and show what is found, masked." in told


def test_a_scan_reads_standard_input_by_default(lockgate):
    assert lockgate("dlp", "scan", given="nothing here\n").exit_code == 0
    assert lockgate("dlp", "scan", given="my password = 'kx8Lq2-Vt91mWz'\n").exit_code == 2


def test_a_policy_file_that_is_not_there_names_the_nearest(problem_of, home):
    problem = problem_of("policy", "test", "startr.yaml")
    assert problem.problem == "there is no policy file `startr.yaml`"
    assert problem.help == f"did you mean {home.path}/policies/starter.yaml?"
    assert problem_of("policy", "check", "startr.yaml") == problem


def test_a_live_policy_that_is_not_there_is_told_where_it_is_named(ready_home, tmp_path):
    home = ready_home(tmp_path / "home")
    home.settings_file.write_text("name: Acme\npolicy: policies/gone.yaml\n")
    error = CliRunner().invoke(cli, ["--home", str(home.path), "policy", "check"]).exception
    assert isinstance(error, UsageError)
    assert str(error).startswith(f"{home.settings_file}:2:9: there is no policy file `{home.path}/policies/gone.yaml`")


def test_one_file_that_is_not_there_does_not_hide_another(lockgate, home):
    result = lockgate("policy", "check", "none-of-them", home.path / "policies" / "wrong.yaml", "nor-this")
    assert len(result.exception.problems) == 2


def test_cases_that_are_not_there_are_named_with_the_next_step(problem_of, home):
    problem = problem_of("policy", "test", home.path / "policies" / "alone.yaml")
    assert problem.problem == f"there is no file `{home.path}/policies/cases/alone.yaml` with cases"
    assert "--cases" in problem.help


def test_an_unknown_category_says_which_are_known(lockgate, home):
    told = lockgate("policy", "check", home.path / "policies" / "wrong.yaml")
    assert told.exit_code == 3
    assert "wrong.yaml:4:" in told.stderr
    assert "unknown app category `generative-ai`" in told.stderr
    assert "chat-assistant" in told.stderr


def test_an_unknown_app_says_how_to_list_them(lockgate, home):
    file = home.path / "policies" / "app.yaml"
    file.write_text(POLICY.replace("app.category: generative-ai", "app.id: zzzzzz"))
    told = lockgate("policy", "check", file)
    assert told.exit_code == 3
    assert "all apps: lockgate apps list" in told.stderr
