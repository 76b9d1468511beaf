"""Which uploads belong to a prompt, which prompts used an upload, and which answers came to a prompt elsewhere.

Separate from the stores because it is one walk over any of them: a file is uploaded in several calls (asked for, sent,
finished) that share names, and a prompt names it by one of these. It must never go on from prompts, which share files only.
"""

from dataclasses import dataclass

from lockgate.facts.record import Record
from lockgate.store.answers import answers_to, asked_by
from lockgate.store.record_store import RecordStore, Role

_MOST = 20
_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """Records by what they have in common with one, latest first; none is in two of the first three.

    `uploads` are the calls that brought the files it names (or that belong to the same upload), `prompts` what named it, and
    `same_content` others with which a file of the same digest left. `answers` hold its answer, when that came elsewhere,
    and `asked` is what it is such an answer to.
    """

    uploads: tuple[Record, ...] = ()
    prompts: tuple[Record, ...] = ()
    same_content: tuple[Record, ...] = ()
    answers: tuple[Record, ...] = ()
    asked: tuple[Record, ...] = ()


def relations(store: RecordStore, record: Record) -> Relations:
    """What belongs to `record`."""
    names = frozenset((*record.refers_to, *record.uploaded_as))
    uploads: dict[str, Record] = {}
    for _ in range(_ROUNDS if names else 0):
        found = {row.record.id: row.record for row in store.joined(Role.UPLOADED, names, limit=_MOST)}
        known = names.union(*(upload.uploaded_as for upload in found.values()))
        uploads |= found
        if known == names:
            break
        names = known
    prompts = store.joined(Role.NAMED, names, limit=_MOST) if record.uploaded_as else ()
    taken = {record.id, *uploads, *(row.record.id for row in prompts)}
    digests = {file.sha256 for file in record.attachments if file.sha256}
    same = store.joined(Role.CONTENT, digests, limit=_MOST) if digests else ()
    return Relations(
        uploads=tuple(upload for upload in uploads.values() if upload.id != record.id),
        prompts=tuple(row.record for row in prompts if row.record.id not in (record.id, *uploads)),
        same_content=tuple(row.record for row in same if row.record.id not in taken),
        answers=answers_to(store, record),
        asked=asked_by(store, record),
    )
