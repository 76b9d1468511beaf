"""Where in a document or a stream of events something was said: finding the place for a description.

Separate from the draft because guessing is all that happens here. With the words that were typed or answered at hand it is no
guess: the place is where they are.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from lockgate.apps.formats.leaf_paths import deep_leaves
from lockgate.facts.problem import Path

_TYPED_NAMES = (
    "prompt", "query", "query_str", "question", "user_input", "userinput", "input", "inputs", "message", "content", "text", "q",
)  # fmt: skip
_ID_NAMES = (
    "conversation_id",
    "conversationid",
    "chat_id",
    "chatid",
    "thread_id",
    "threadid",
    "session_id",
    "sessionid",
    "cid",
)
_ANSWER_NAMES = ("delta", "token", "text", "content", "answer", "message", "response", "output", "chunk", "data")
_SHORTEST_WORDS = 2


def prompt_place(document: object, typed: str) -> Path | None:
    """Where the typed words are; without them, the likeliest member by its name, and of those the longest text."""
    leaves = [(path, text) for path, text in deep_leaves(document, ()) if path and isinstance(path[-1], str)]
    if typed:
        found = [path for path, text in leaves if text.strip() == typed.strip()]
        found += [path for path, text in leaves if typed.strip() in text]
        return found[-1] if len(found) == 1 else next(iter(found), None)
    named = [(path, text) for path, text in leaves if _rank(path, _TYPED_NAMES) is not None and _is_said(text)]
    return max(named, key=lambda leaf: (-(_rank(leaf[0], _TYPED_NAMES) or 0), len(leaf[1])), default=(None, ""))[0]


def named_place(document: object, names: Sequence[str]) -> Path | None:
    """The first text member with one of `names` (lower case)."""
    return next((path for path, text in deep_leaves(document, ()) if text and _rank(path, names) is not None), None)


def conversation_place(document: object) -> Path | None:
    """Where a conversation's id is."""
    return named_place(document, _ID_NAMES)


def answer_place(events: Sequence[object], answered: str) -> tuple[Path, bool] | None:
    """Where the answer's text is in a stream of events (or in one document), and whether each event repeats all of it."""
    said: dict[Path, list[str]] = {}
    for event in events:
        for path, text in deep_leaves(event, ()):
            if path and isinstance(path[-1], str):
                said.setdefault(path, []).append(text)
    if answered:
        said = {path: texts for path, texts in said.items() if answered.strip() in _joined(texts)}
    elif not (said := {path: texts for path, texts in said.items() if _rank(path, _ANSWER_NAMES) is not None}):
        return None
    if not said:
        return None
    path = max(said, key=lambda path: (len(said[path]) > 1, len(_joined(said[path]))))
    return path, is_cumulative(said[path])


def is_cumulative(texts: Sequence[str]) -> bool:
    """Whether each text goes on where the one before it ended by repeating it."""
    grows = len(texts) > 1 and len(texts[-1]) > len(texts[0])
    return grows and all(later.startswith(earlier) for earlier, later in pairwise(texts))


def written(path: Path) -> str:
    """A path in the notation of descriptions: `$.a[*].b`, with `>json>` where a string holds a document.

    The last of several messages is what a person said now, but which of them a description has to find depends on the app, so
    every item of a list is taken.
    """
    text = "$"
    for step in path:
        if step == "json":
            text += " >json> $"
        elif isinstance(step, int):
            text += "[*]"
        else:
            text += f".{step}" if step.isidentifier() else f"['{step}']"
    return text


def _joined(texts: Iterable[str]) -> str:
    texts = list(texts)
    return texts[-1] if is_cumulative(texts) else "".join(texts)


def _rank(path: Path, names: Sequence[str]) -> int | None:
    name = next((step for step in reversed(path) if isinstance(step, str) and step != "json"), "").lower()
    return names.index(name) if name in names else None


def _is_said(text: str) -> bool:
    return len(text.split()) >= _SHORTEST_WORDS or not text.isascii()
