"""What a running worker takes over, and what it refuses to."""

import asyncio

import pytest

from lockgate.facts.problem import UsageError
from lockgate.home.users_file import add_user
from lockgate.identity.passwords import hash_password
from lockgate.runtime.gateway import Gateway
from lockgate.runtime.snapshot import SnapshotBuilder

WITH_LOGIN = "listen: 192.0.2.1:8080\nclients: {login: true}\n"


@pytest.fixture
def home(home):
    home.settings_file.write_text(WITH_LOGIN)
    add_user(home.users_file, name="ada", password_hash=hash_password("correct horse battery"), groups=())
    return home


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - a gateway looks at its files on a clock of its own
            await asyncio.sleep(0.05)


def gateway_of(home):
    return Gateway(SnapshotBuilder(home), lambda _record: None, None, 1)


def test_a_worker_does_not_start_as_an_open_proxy(home):
    """The supervisor replaces workers hours after `up` has checked."""
    home.settings_file.write_text(WITH_LOGIN.replace("login: true", "allowed_networks: [0.0.0.0/0]"))
    with pytest.raises(UsageError, match="lets anybody"):
        gateway_of(home)


@pytest.mark.parametrize("address", ["192.0.2.1:8080", "127.0.0.1:8080"])
async def test_a_change_that_opens_what_runs_is_refused(home, address):
    """With a harmless address in the file as well: that one waits for a restart, and who may come in does not."""
    gateway = gateway_of(home)
    await gateway.start()
    try:
        home.settings_file.write_text(f"listen: {address}\nclients: {{allowed_networks: [0.0.0.0/0]}}\n")
        await until(lambda: gateway.refused_change)
        assert "lets anybody" in gateway.refused_change
        assert gateway.snapshot.settings.clients.login
    finally:
        await gateway.close()


async def test_taking_out_the_last_user_is_no_reason_to_refuse(home):
    gateway = gateway_of(home)
    await gateway.start()
    try:
        home.users_file.write_text("users: []\n")
        await until(lambda: not gateway.snapshot.users.users)
    finally:
        await gateway.close()
