"""The same chain as a worker's, as one addon for `mitmdump -s addons/gateway.py`.

Separate because plain mitmproxy brings its own server, TLS and options: what can be set is set here, and what is unsafe
is refused. Records go straight to the home's store, from this process.
"""

import asyncio
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from mitmproxy import ctx

from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.facts.decision import Reason
from lockgate.facts.mcp import McpSighting
from lockgate.facts.problem import UsageError
from lockgate.facts.record import Record
from lockgate.facts.usage import UsageCell
from lockgate.home.home import find_home
from lockgate.proxy.assembly import Assembly, assemble
from lockgate.proxy.http1 import install_http1_bounds
from lockgate.proxy.master import refuse_unsafe_options
from lockgate.proxy.socket_layer import install_judged_sockets
from lockgate.proxy.stream_layer import install_early_answers
from lockgate.runtime.prepare import prepare
from lockgate.runtime.snapshot import SnapshotBuilder
from lockgate.runtime.telling import Telling
from lockgate.store.acknowledgement_store import AcknowledgementStore
from lockgate.store.record_store import StoreUnavailable
from lockgate.store.sqlite import SqliteStore
from lockgate.store.writer import RecordWriter


class ScriptGateway:
    """Starts a gateway inside a running mitmproxy."""

    name = "lockgate-script"

    def __init__(self, script: str) -> None:
        self._home = find_home(os.environ.get("LOCKGATE_HOME") or str(Path(script).resolve().parent.parent))
        self._assembly: Assembly | None = None
        self._store: SqliteStore | None = None
        self._writer: RecordWriter | None = None
        self._starting: asyncio.Task[None] | None = None
        self.addons: list[object] = []

    def load(self, _loader: object) -> None:
        """Put the gate into the chain before mitmproxy takes its first connection."""
        prepare(self._home)
        self._store = SqliteStore.for_writing(self._home.records_db)
        self._writer = writer = RecordWriter(self._store)
        store = self._store
        self._assembly = assemble(
            SnapshotBuilder(self._home), lambda record: _offer(writer, record), worker=0,
            telling=Telling(
                sighted=lambda sighting: _note(store, sighting), acknowledged=lambda given: _keep(store, given),
                counted=lambda source, cells: _count(store, source, cells),
            ),
        )  # fmt: skip
        install_http1_bounds()
        install_early_answers(self._assembly.held, forgets=False)
        install_judged_sockets()
        self.addons.append(self._assembly.addon)
        ctx.options.update(
            connection_strategy="lazy", upstream_cert=False, rawtcp=False,
            ssl_verify_upstream_trusted_ca=self._assembly.trust_bundle,
        )  # fmt: skip

    def running(self) -> None:
        """Examination starts with the event loop; until then the gate refuses what it would have to examine."""
        if self._assembly is not None:
            asyncio.get_running_loop().getaddrinfo = self._assembly.destinations.getaddrinfo  # type: ignore[method-assign]
            self._starting = asyncio.create_task(self._assembly.gateway.start())

    def configure(self, _updated: Iterator[str]) -> None:
        """Unsafe options end mitmproxy instead of weakening the gate."""
        try:
            refuse_unsafe_options(ctx.options)
        except UsageError as error:
            raise SystemExit(str(error)) from None

    async def done(self) -> None:
        """Record what is under way, then close the store."""
        if self._assembly is not None:
            self._assembly.requests.close_all(Reason.UPSTREAM_FAILED, "the gateway stopped")
            self._assembly.connections.close_all(Reason.UPSTREAM_FAILED, "the gateway stopped")
            await self._assembly.gateway.close()
        if self._writer is not None and self._store is not None:
            self._writer.close()
            self._store.close()


def _note(store: SqliteStore, sighting: McpSighting) -> None:
    """In this arrangement for trying things out, at once: a process that keeps up with it is what `lockgate up` has."""
    with contextlib.suppress(StoreUnavailable):
        store.note_sightings([sighting])


def _count(store: SqliteStore, source: str, cells: tuple[UsageCell, ...]) -> None:
    """As above; what could not be written is told again."""
    with contextlib.suppress(StoreUnavailable):
        store.note_usage(source, cells)


def _keep(store: SqliteStore, given: Acknowledgement) -> None:
    """At once, as above. One that could not be kept is told again."""
    with contextlib.suppress(StoreUnavailable):
        AcknowledgementStore(store).note([given])


def _offer(writer: RecordWriter, record: Record) -> None:
    writer.offer([record])
