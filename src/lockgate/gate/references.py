"""The names by which records are joined: ids that vendors give to files, addresses that bytes go to, ids of tasks under way.

Separate because a name that is kept must tell nothing: ids are kept as they are, everything else (addresses, keys in a store,
which contain file names) as a digest. What two records have in common is the same either way.
"""

import re
from collections.abc import Iterable
from hashlib import blake2b

from lockgate.apps.formats.address import stable_address
from lockgate.facts.app import AppMatch
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.traffic import Request

_MOST = 64
_LONGEST = 4096
_ID = re.compile(r"(?:files/)?[A-Za-z0-9_-]{4,128}", re.ASCII)
_OTHER_SCHEME = re.compile(r"(?!https?:|gs:|s3:)[a-z][a-z0-9+.-]{1,31}://([^?#]{1,400})")
_IN_PATH = re.compile(r"/(?:files?|uploads?|attachments?)/([A-Za-z0-9_-]{8,128})(?=/|$)", re.ASCII)
_LIKE_AN_ID = re.compile(r"file[-_]|.*\d", re.ASCII)


def named_files(conversation: Conversation | None) -> tuple[str, ...]:
    """What the attachments of a conversation refer to."""
    turns = conversation.turns if conversation is not None else ()
    return _kept(file.reference for turn in turns for file in turn.attachments)


def uploaded_as(request: Request | None, conversation: Conversation | None, answer: ModelAnswer | None) -> tuple[str, ...]:
    """What an upload can be named by: what its path and body say, and what the server answered."""
    in_path = _IN_PATH.findall(request.path[:_LONGEST]) if request is not None else []
    given = answer.references if answer is not None else ()
    said = (file.reference for turn in conversation.turns for file in turn.attachments) if conversation is not None else ()
    return _kept((*(found for found in in_path if _LIKE_AN_ID.match(found)), *given, *said))


def task_names(app: AppMatch | None, answer: ModelAnswer | None) -> tuple[str, ...]:
    """Under which ids an app works on what was asked: as the request names one, and as the server does."""
    named = app.task if app is not None else None
    return _kept((*((named,) if named else ()), *(answer.tasks if answer is not None else ())))


def _kept(names: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        if name and len(name) <= _LONGEST:
            found.setdefault(_told(name))
        if len(found) == _MOST:
            break
    return tuple(found)


def _told(name: str) -> str:
    scheme = _OTHER_SCHEME.match(name)
    plain = scheme.group(1) if scheme else name
    if _ID.fullmatch(plain):
        return plain
    address = stable_address(plain) or plain
    return "#" + blake2b(address.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
