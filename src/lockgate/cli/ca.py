"""`lockgate ca`: the certificate authority devices are asked to trust."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from lockgate.cli.home_paths import HomePaths
from lockgate.facts.problem import Problem, UsageError
from lockgate.pki.ca import DEFAULT_YEARS, CertificateAuthority, create_ca, fingerprint, load_ca, load_ca_certificate
from lockgate.pki.enrolment import CertificateFormat, common_name, export_certificate

_RENEW_BEFORE = timedelta(days=90)


@click.group()
def ca() -> None:
    """Create, show and export the gateway's certificate authority."""


@ca.command()
@click.option("--years", default=DEFAULT_YEARS, show_default=True, help="How long it is valid, 1 to 10.")
@click.option("--force", is_flag=True, help="Replace an existing authority. Every device must then be enrolled anew.")
@click.pass_obj
def create(home: HomePaths, years: int, *, force: bool) -> None:
    """Make the authority: a key that never leaves this machine, and a certificate for devices."""
    authority = create_ca(home.certs, now=datetime.now(UTC), years=years, replace=force)
    _show(authority)
    click.echo(f"Key          {authority.paths.key}  (0600; never copy it to a device)")
    click.echo("Next: install the certificate on devices. `lockgate ca export --format pem` writes it.")
    if force:
        click.echo("The old pair was kept beside it. Restart the gateway to use the new one.")


@ca.command()
@click.pass_obj
def show(home: HomePaths) -> None:
    """Show the authority and check that it is fit for use."""
    authority = load_ca(home.certs, now=datetime.now(UTC))
    _show(authority)
    left = authority.certificate.not_valid_after_utc - datetime.now(UTC)
    if left < _RENEW_BEFORE:
        click.echo(f"It expires in {left.days} days: plan `lockgate ca create --force` and enrol the devices anew.")


@ca.command()
@click.option(
    "--format", "form", type=click.Choice([form.value for form in CertificateFormat]), default="pem", show_default=True,
    help="pem: Linux, tools. der: Windows, Android. p12: Windows, Android. mobileconfig: Apple.",
)  # fmt: skip
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="File to write; `-` is standard output.")
@click.option("--password", default="", help="Password for p12, if the device insists on one. It protects no secret.")
@click.pass_obj
def export(home: HomePaths, form: str, output: Path | None, password: str) -> None:
    """Write the certificate, never the key, in a form a device takes."""
    chosen = CertificateFormat(form)
    certificate = load_ca_certificate(home.certs)
    content = export_certificate(certificate, chosen, password=password)
    if output == Path("-"):
        sys.stdout.buffer.write(content)
        return
    target = output or Path(chosen.file_name)
    try:
        target.write_bytes(content)
    except OSError as error:
        raise UsageError(Problem(problem=f"cannot write {target}: {(error.strerror or str(error)).lower()}")) from None
    click.echo(f"Wrote {target} ({chosen.media_type}).")
    click.echo(f"Compare on the device: SHA-256 {fingerprint(certificate)}")


def _show(authority: CertificateAuthority) -> None:
    certificate = authority.certificate
    click.echo(f"Authority    {common_name(certificate)}")
    click.echo(f"SHA-256      {authority.fingerprint}")
    click.echo(f"Valid        {certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}")
    click.echo(f"Certificate  {authority.paths.certificate}")
