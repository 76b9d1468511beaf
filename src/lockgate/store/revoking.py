"""How an operator's command ends acknowledgements: by the recorder while one runs, since it alone writes, or else by itself.

Separate from the pipe because a command says one thing, waits for the answer, and is gone.
"""

import socket
import time
from collections.abc import Sequence
from pathlib import Path

from lockgate.facts.problem import Problem, UsageError
from lockgate.store.acknowledgement_store import AcknowledgementStore
from lockgate.store.record_store import StoreUnavailable
from lockgate.store.sqlite import SqliteStore
from lockgate.store.wire import Revoke, frame, read_ack_blocking

_SECONDS = 10.0


def revoke(recorder: Path, records: Path, ids: Sequence[str]) -> int:
    """How many of them stood until now. Raises UsageError when they could not be ended."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(str(recorder))
            connection.sendall(frame(Revoke(tuple(ids))))
            return read_ack_blocking(connection).number
    except (FileNotFoundError, ConnectionRefusedError):
        return _without_recorder(records, ids)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(Problem(problem=f"nothing was revoked: the recorder did not answer ({why})")) from None


def _without_recorder(records: Path, ids: Sequence[str]) -> int:
    store = AcknowledgementStore(SqliteStore.for_writing(records))
    try:
        return store.revoke(ids, time.time())
    except StoreUnavailable as error:
        raise UsageError(Problem(problem=f"nothing was revoked: {error}")) from None
    finally:
        store.close()
