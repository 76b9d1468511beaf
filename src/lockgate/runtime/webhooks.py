"""The webhooks of the settings, with their secrets from the home's files.

Separate because `sinks` and `home` do not know one another. A webhook that could not sign is an error with its
place, not one that is left out: a policy relies on it.
"""

import ssl
from pathlib import Path

from lockgate.facts.problem import Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.reading import read_document
from lockgate.home.settings import Settings
from lockgate.pki.trust import build_trust_bundle
from lockgate.sinks.webhooks import Webhook

_LEAST_SECRET_BYTES = 16


def secret_files(home: Home, settings: Settings) -> tuple[Path, ...]:
    """The files that secrets are read from."""
    return tuple(home.resolve(webhook.secret_file) for webhook in settings.webhooks.values())


def load_webhooks(home: Home, settings: Settings) -> dict[str, Webhook]:
    """Webhooks by name. Raises UsageError with every secret that cannot be used."""
    found: dict[str, Webhook] = {}
    problems: list[Problem] = []
    for name, webhook in settings.webhooks.items():
        file = home.resolve(webhook.secret_file)
        try:
            secret = file.read_bytes().strip()
            problem = "" if len(secret) >= _LEAST_SECRET_BYTES else f"the secret in {file} is too short to sign with"
        except OSError as error:
            secret, problem = (
                b"",
                f"cannot read the secret of webhook `{name}` in {file}: {(error.strerror or str(error)).lower()}",
            )
        if problem:
            place = read_document(home.settings_file).place(("webhooks", name, "secret_file"))
            help_text = f"write at least {_LEAST_SECRET_BYTES} random characters into it, readable for the gateway alone"
            problems.append(Problem(place=place, problem=problem, help=help_text))
        found[name] = Webhook(url=webhook.url, secret=secret)
    if problems:
        raise UsageError(*problems)
    return found


def webhook_tls(home: Home, settings: Settings) -> ssl.SSLContext:
    """Whom webhooks are believed to be: by the same authorities as upstream servers."""
    bundle = build_trust_bundle(home.state, extra=[home.resolve(name) for name in settings.upstream.trust])
    return ssl.create_default_context(cafile=str(bundle.path))
