"""Records at rest: where they are kept, how they travel there from the workers, how captured text is sealed.

Separate because it is the one kind of I/O that must not lose anything: the only package that touches SQLite. It must never put
readable captured text on disk, and nothing in it may make traffic wait.
"""

from lockgate.store.collector import Collector
from lockgate.store.export import export_lines, record_fields
from lockgate.store.memory import MemoryStore
from lockgate.store.opening_log import Opening, note_opening
from lockgate.store.pipe import PipeLimits, RecordPipe
from lockgate.store.record_store import RecordFilter, RecordStore, StoredRecord, StoreUnavailable, Tally, everything
from lockgate.store.retention import prune
from lockgate.store.sealing import Sealer, create_reviewer_key, open_sealed, read_reviewer_key
from lockgate.store.sqlite import SqliteStore
from lockgate.store.wire import WorkerStats
from lockgate.store.writer import RecordWriter, WriterLimits, WriterStats

__all__ = [
    "Collector",
    "MemoryStore",
    "Opening",
    "PipeLimits",
    "RecordFilter",
    "RecordPipe",
    "RecordStore",
    "RecordWriter",
    "Sealer",
    "SqliteStore",
    "StoreUnavailable",
    "StoredRecord",
    "Tally",
    "WorkerStats",
    "WriterLimits",
    "WriterStats",
    "create_reviewer_key",
    "everything",
    "export_lines",
    "note_opening",
    "open_sealed",
    "prune",
    "read_reviewer_key",
    "record_fields",
]
