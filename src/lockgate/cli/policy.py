"""`lockgate policy`: check a policy file, run its cases, list what a policy may say; what was live is in `policy_versions`."""

import click

from lockgate.cli.policy_check import check
from lockgate.cli.policy_replay import replay_policy
from lockgate.cli.policy_test import test
from lockgate.cli.policy_versions import diff, exceptions, history, rollback, show, status
from lockgate.policy import selector_reference
from lockgate.policy.json_schema import cases_schema, policy_schema, schema_text


@click.group()
def policy() -> None:
    """Check and test policies; see what was live, what is, and go back."""


for _command in (check, test, history, show, diff, rollback, status, exceptions, replay_policy):
    policy.add_command(_command)


@policy.command()
@click.option("--cases", is_flag=True, help="Of a file of cases instead.")
def schema(*, cases: bool) -> None:
    """Print the JSON Schema of a policy, with which editors explain and check while one types."""
    click.echo(schema_text(cases_schema() if cases else policy_schema()), nl=False)


@policy.command()
def selectors() -> None:
    """List every selector with its type, the phase in which it is known, and its meaning."""
    rows = selector_reference()
    width = max(len(row.name) for row in rows)
    for row in rows:
        click.echo(f"{row.name:<{width}}  {row.type:<10} {row.phase:<16} {row.doc}")
