"""The key of placeholders, which the workers of a gateway share: made at its start, kept in memory alone.

Separate because it crosses from one process to others. It travels in the environment of the workers, which only the gateway's
own user can read, and is taken out of it at once, so that nothing that a worker starts inherits it. A gateway that starts again
makes another: values then get other words, in all of a history alike.
"""

import os
import secrets
from collections.abc import Mapping

from lockgate.gate.placeholders import KEY_BYTES

_NAME = "LOCKGATE_PLACEHOLDER_KEY"


def environment_with_key() -> Mapping[str, str]:
    """The environment for processes that are to share a new key."""
    return os.environ | {_NAME: secrets.token_hex(KEY_BYTES)}


def take_key() -> bytes:
    """The key this process was given, once; empty if it was given none."""
    given = os.environ.pop(_NAME, "")
    try:
        return bytes.fromhex(given)
    except ValueError:
        return b""
