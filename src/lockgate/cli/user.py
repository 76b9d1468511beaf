"""`lockgate user`: people who log in to the proxy, and reviewers."""

from pathlib import Path

import click

from lockgate.cli.home_paths import HomePaths
from lockgate.facts.problem import Problem, UsageError
from lockgate.home.users_file import add_user
from lockgate.identity.passwords import hash_password
from lockgate.identity.users_file import is_user_name
from lockgate.store.sealing import create_reviewer_key

_SHORTEST_PASSWORD = 8


@click.group()
def user() -> None:
    """Add people who log in to the proxy, and keys of reviewers."""


@user.command()
@click.argument("name")
@click.option("--groups", default="", metavar="A,B", help="Groups that policies can ask for, separated by commas.")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when it is not given.")
@click.pass_obj
def add(home: HomePaths, name: str, groups: str, password: str) -> None:
    """Add NAME to users.yaml. Only a hash of the password is kept."""
    problems: list[Problem] = []
    if not is_user_name(name):
        problems.append(
            Problem(
                problem=f"`{name}` cannot be a user name",
                help="no colon, no spaces around it, no control characters, at most 128",
            )
        )
    if len(password) < _SHORTEST_PASSWORD:
        problems.append(Problem(problem="the password is too short", help=f"at least {_SHORTEST_PASSWORD} characters"))
    if problems:
        raise UsageError(*problems)
    members = tuple(dict.fromkeys(group.strip() for group in groups.split(",") if group.strip()))
    add_user(home.users_file, name=name, password_hash=hash_password(password), groups=members)
    click.echo(f"Added {name} to {home.users_file}" + (f" (groups: {', '.join(members)})." if members else "."))
    click.echo("A running gateway takes it over by itself. Logins are asked for when `clients.login` is set in gateway.yaml.")


@user.command("reviewer-key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def reviewer_key(file: Path) -> None:
    """Make a reviewer's key in FILE. Whoever has it can read the captured text of records made from then on."""
    recipient = create_reviewer_key(file)
    click.echo(f"Made {file} (keep it away from the gateway; a lost key makes captured text unreadable).")
    click.echo("Add its public half to `capture.recipients` in gateway.yaml:")
    click.echo(f"  - {recipient}")
