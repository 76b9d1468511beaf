"""Who is behind a connection: evidence in its order, secrets nowhere, work bounded."""

import asyncio
import base64
from threading import Event

import pytest

from lockgate.facts.traffic import Client, IdentifiedBy
from lockgate.identity import AddressEntry, Identifier, LoginLimits, LoginProblem, LoginRequired, UserEntry, UsersFile
from lockgate.identity import logins as logins_module

pytestmark = pytest.mark.usefixtures("checks")

ADDRESS = "192.0.2.9"
HASHES = {"ana": "hash of right", "rex": "hash of bone"}


def basic(name, password, scheme="Basic"):
    return f"{scheme} " + base64.b64encode(f"{name}:{password}".encode()).decode()


RIGHT = basic("ana", "right")
USERS = UsersFile(
    users=(
        UserEntry(name="ana", password=HASHES["ana"], groups=("staff",)),
        UserEntry(name="rex", password=HASHES["rex"], disabled=True),
    ),
    addresses=(AddressEntry(network="192.0.2.0/24", user="printer", groups=("devices",)),),
)


@pytest.fixture
def checks(monkeypatch):
    """Every Argon2 check made, as (hash, password); the real one has its own test."""
    made = []

    def fake(password_hash, password):
        made.append((password_hash, password))
        return password_hash == f"hash of {password}"

    monkeypatch.setattr(logins_module, "password_matches", fake)
    return made


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def problem(answer):
    assert isinstance(answer, LoginRequired)
    return answer.problem


async def test_a_login_identifies_with_the_users_groups():
    answer = await Identifier(USERS).identify("203.0.113.1", RIGHT)
    assert answer == Client(address="203.0.113.1", user="ana", groups=("staff",), identified_by=IdentifiedBy.PROXY_LOGIN)


async def test_a_login_says_more_than_the_address():
    assert (await Identifier(USERS).identify(ADDRESS, RIGHT)).user == "ana"


async def test_without_login_the_address_table_answers():
    answer = await Identifier(USERS, login_required=True).identify(ADDRESS, None)
    assert answer == Client(address=ADDRESS, user="printer", groups=("devices",), identified_by=IdentifiedBy.ADDRESS_TABLE)


async def test_a_wrong_login_is_not_excused_by_a_known_address():
    assert problem(await Identifier(USERS).identify(ADDRESS, basic("ana", "wrong"))) is LoginProblem.WRONG


async def test_nobody_known_is_anonymous_unless_login_is_required():
    assert await Identifier(USERS).identify("203.0.113.1", "") == Client(address="203.0.113.1")
    required = await Identifier(USERS, login_required=True).identify("203.0.113.1", None)
    assert problem(required) is LoginProblem.MISSING
    assert required.challenge.startswith("Basic realm=")


async def test_credentials_mean_nothing_where_nobody_can_log_in():
    assert await Identifier(UsersFile()).identify(ADDRESS, RIGHT) == Client(address=ADDRESS)
    assert problem(await Identifier(UsersFile(), login_required=True).identify(ADDRESS, RIGHT)) is LoginProblem.MISSING


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !!!", "Bearer abc", "Basic " + "A" * 2000, "Basic " + base64.b64encode(b"\xff:x").decode(), "x",
     basic("nocolon", "")[:-4], "Basic " + base64.b64encode(b":x").decode(), "Basic ünïcode"],
)  # fmt: skip
async def test_what_is_no_basic_login_is_malformed_and_costs_nothing(checks, header):
    assert problem(await Identifier(USERS).identify(ADDRESS, header)) is LoginProblem.MALFORMED
    assert checks == []


async def test_the_scheme_is_case_insensitive_and_a_password_may_hold_colons():
    users = UsersFile(users=(UserEntry(name="ö", password="hash of a:b:ç"),))
    assert (await Identifier(users).identify(ADDRESS, basic("ö", "a:b:ç", scheme="bAsIc"))).user == "ö"


async def test_an_unknown_user_costs_the_same_check_as_a_known_one(checks):
    identifier = Identifier(USERS)
    assert problem(await identifier.identify(ADDRESS, basic("nobody", "x"))) is LoginProblem.WRONG
    assert len(checks) == 1
    assert checks[0][0].startswith("$argon2id$")


async def test_a_disabled_user_is_refused_even_with_the_right_password(checks):
    assert problem(await Identifier(USERS).identify(ADDRESS, basic("rex", "bone"))) is LoginProblem.WRONG
    assert len(checks) == 1


async def test_an_answer_is_remembered_until_it_is_too_old(checks, clock):
    identifier = Identifier(USERS, limits=LoginLimits(accepted_seconds=100), clock=clock)
    for _ in range(5):
        await identifier.identify(ADDRESS, RIGHT)
    assert len(checks) == 1
    clock.now = 100.0
    await identifier.identify(ADDRESS, RIGHT)
    assert len(checks) == 2


async def test_a_remembered_login_is_valid_for_this_password_only():
    identifier = Identifier(USERS)
    await identifier.identify(ADDRESS, RIGHT)
    assert problem(await identifier.identify(ADDRESS, basic("ana", "right "))) is LoginProblem.WRONG
    assert problem(await identifier.identify(ADDRESS, basic("rex", "right"))) is LoginProblem.WRONG


async def test_a_client_that_repeats_a_wrong_password_costs_one_check_and_is_one_failure(checks):
    identifier = Identifier(USERS, limits=LoginLimits(failures=3))
    for _ in range(20):
        assert problem(await identifier.identify(ADDRESS, basic("ana", "old"))) is LoginProblem.WRONG
    assert len(checks) == 1
    assert (await identifier.identify(ADDRESS, RIGHT)).user == "ana"


async def test_guessing_stops_after_the_allowance_and_resumes_after_the_window(checks, clock):
    identifier = Identifier(USERS, limits=LoginLimits(failures=3, failure_window_seconds=60), clock=clock)
    outcomes = [problem(await identifier.identify(ADDRESS, basic("ana", str(guess)))) for guess in range(5)]
    assert outcomes == [LoginProblem.WRONG] * 3 + [LoginProblem.TOO_MANY_ATTEMPTS] * 2
    assert len(checks) == 3
    assert (await identifier.identify("203.0.113.1", RIGHT)).user == "ana", "others are not affected"
    assert (await identifier.identify(ADDRESS, RIGHT)).user == "ana", "a login that is known to be right is not affected"
    clock.now = 60.0
    assert problem(await identifier.identify(ADDRESS, basic("ana", "9"))) is LoginProblem.WRONG


async def test_guessing_in_parallel_does_not_get_around_the_allowance(checks):
    identifier = Identifier(USERS, limits=LoginLimits(failures=3, parallel_checks=1))
    await asyncio.gather(*(identifier.identify(ADDRESS, basic("ana", str(guess))) for guess in range(50)))
    assert len(checks) == 3


async def test_requests_at_the_same_time_share_one_check_and_one_that_leaves_does_not_end_it(monkeypatch):
    started, go_on, made = Event(), Event(), []

    def slow(_hash, _password):
        made.append(1)
        started.set()
        assert go_on.wait(10)
        return True

    monkeypatch.setattr(logins_module, "password_matches", slow)
    identifier = Identifier(USERS)
    waiting = [asyncio.create_task(identifier.identify(ADDRESS, RIGHT)) for _ in range(8)]
    assert await asyncio.to_thread(started.wait, 10)
    waiting[0].cancel()
    go_on.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert {answer.user for answer in answers[1:]} == {"ana"}
    assert len(made) == 1


async def test_what_is_remembered_is_bounded():
    identifier = Identifier(USERS, limits=LoginLimits(remembered=5))
    for number in range(30):
        await identifier.identify(f"203.0.113.{number}", basic("ana", str(number)))
    assert len(identifier._logins._answers) == 5
    assert len(identifier._logins._failures) == 5
    assert identifier._logins._checking == {}


async def test_no_password_is_kept():
    identifier = Identifier(USERS)
    await identifier.identify(ADDRESS, RIGHT)
    await identifier.identify(ADDRESS, basic("ana", "a-wrong-guess"))
    state = repr([vars(identifier._logins), identifier._logins._answers, identifier._logins._checking])
    assert "a-wrong-guess" not in state
    assert "right" not in state.replace("hash of right", "")
    assert "hash of" not in repr(USERS)
