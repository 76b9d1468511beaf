"""A recorder in a process of its own, which can be made to kill itself at a chosen moment.

Arguments: socket, database, moment (`never`, `before-commit`, `after-commit`) and the number of stored records it is due at.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from lockgate.store.collector import Collector
from lockgate.store.sqlite import SqliteStore
from lockgate.store.writer import RecordWriter


class Dying:
    """A store that takes the process with it, without any farewell."""

    def __init__(self, store, moment, due):
        self._store, self._moment, self._due = store, moment, due

    def append(self, records):
        is_due = self._moment != "never" and self._store.count() + len(records) >= self._due
        if is_due and self._moment == "before-commit":
            os.kill(os.getpid(), signal.SIGKILL)
        fresh = self._store.append(records)
        if is_due:
            os.kill(os.getpid(), signal.SIGKILL)
        return fresh


async def main(socket_path, database, moment, due):
    store = SqliteStore.for_writing(Path(database))
    writer = RecordWriter(Dying(store, moment, int(due)))
    collector = Collector(Path(socket_path), writer)
    asked_to_stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked_to_stop.set)
    await collector.start()
    await asked_to_stop.wait()
    await collector.close()
    await asyncio.to_thread(writer.close)
    store.close()


asyncio.run(main(*sys.argv[1:]))
