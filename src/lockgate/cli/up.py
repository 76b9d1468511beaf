"""`lockgate up`: run the gateway until Ctrl-C."""

import asyncio
import os
import signal
import sys

import click

from lockgate.cli.home_option import HomeOption
from lockgate.cli.invocation import this_command
from lockgate.facts.problem import Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.settings import Settings
from lockgate.pki.ca import CertificateAuthority
from lockgate.runtime.checks import start_problems
from lockgate.runtime.going_live import build_or_last_good, loudly
from lockgate.runtime.prepare import prepare
from lockgate.runtime.process_log import configure_log
from lockgate.runtime.snapshot import Snapshot, SnapshotBuilder
from lockgate.runtime.supervisor import StartFailedError, Supervisor


@click.command()
@click.option("--workers", type=click.IntRange(1, 256), help="Proxy workers (default: the setting, or one per core).")
@click.pass_obj
def up(home_option: HomeOption, workers: int | None) -> None:
    """Run the gateway: proxy workers behind one port, and the recorder. Ctrl-C stops everything."""
    home = home_option.home
    configure_log("supervisor")
    authority = prepare(home)
    if not home.compiled_detectors.exists():
        click.echo("Compiling the detectors, once: about ten seconds.")
    begun = build_or_last_good(SnapshotBuilder(home))
    snapshot = begun.snapshot
    if begun.refused is not None:
        click.echo(f"WARNING: {loudly(begun.refused, snapshot)}", err=True)
    problems = (*start_problems(home, snapshot.settings, snapshot.users),)
    if problems:
        raise UsageError(*problems)
    count = workers or snapshot.settings.workers or os.cpu_count() or 1
    sys.exit(asyncio.run(_run(home, snapshot, authority, count)))


async def _run(home: Home, snapshot: Snapshot, authority: CertificateAuthority, workers: int) -> int:
    supervisor = Supervisor(home, workers=workers)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, supervisor.stop)
    try:
        await supervisor.start()
    except StartFailedError as error:
        if error.code == UsageError.EXIT_CODE:
            return UsageError.EXIT_CODE
        raise UsageError(Problem(problem=str(error), help=f"`{this_command()} doctor` says what is wrong")) from None
    click.echo(_greeting(home, snapshot.settings, snapshot, authority, workers))
    await supervisor.run()
    click.echo("Lockgate has stopped.")
    return 0


def _greeting(home: Home, settings: Settings, snapshot: Snapshot, authority: CertificateAuthority, workers: int) -> str:
    public = settings.public_address or settings.listen
    lines = [
        "Lockgate is up.",
        f"  proxy     http://{public}  ({workers} worker{'s' if workers > 1 else ''})",
        f"  portal    http://{public}/ or, through the proxy, http://lockgate.internal/",
        f"  CA        {authority.paths.certificate}",
        f"            SHA-256 {authority.fingerprint}",
        f"  policy    {snapshot.policy_file}  (version {snapshot.ruleset.version})",
        f"  records   {home.records_db}  (read them: {this_command()} log tail)",
    ]
    if settings.metrics.listen:
        lines.append(f"  metrics   http://{settings.metrics.listen}/metrics")
    lines.append("Ctrl-C stops it.")
    return "\n".join(lines)
