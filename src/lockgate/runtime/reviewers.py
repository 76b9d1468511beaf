"""Whom captured text is encrypted to: the settings' recipients, or the home's own reviewer key.

Separate because a start makes what is missing, while `doctor` only looks. It must never make a new pair while half of one
is there: what was captured for the old key would need it.
"""

from pathlib import Path

from lockgate.facts.problem import Place, Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.reading import read_document
from lockgate.home.settings import Settings
from lockgate.pki.private_file import PUBLIC, read_private_file, write_new_file
from lockgate.store.age import is_recipient, recipient_of
from lockgate.store.sealing import create_reviewer_key, read_reviewer_key


def recipients(home: Home, settings: Settings) -> tuple[str, ...]:
    """Age public keys, at least one. The home's own pair is made, or its public half written, when the settings name none."""
    known = known_recipients(home, settings)
    if settings.capture.recipients or _public(home).exists():
        return known
    found = known or (create_reviewer_key(_private(home)),)
    write_new_file(_public(home), f"{found[0]}\n".encode(), mode=PUBLIC)
    return found


def known_recipients(home: Home, settings: Settings) -> tuple[str, ...]:
    """The same without making anything: empty when a start would make a pair. Raises UsageError with every problem found."""
    if settings.capture.recipients:
        return _listed(home, settings)
    if _public(home).exists():
        return (_written(_public(home)),)
    if not _private(home).exists():
        return ()
    read_private_file(_private(home))  # refused when others can read it
    own = recipient_of(read_reviewer_key(_private(home))[0])
    return (own,) if own else ()


def _public(home: Home) -> Path:
    return home.certs / "reviewer.pub"


def _private(home: Home) -> Path:
    return home.certs / "reviewer.key"


def _listed(home: Home, settings: Settings) -> tuple[str, ...]:
    listed = settings.capture.recipients
    wrong = [index for index, text in enumerate(listed) if not is_recipient(text)]
    if wrong:
        document = read_document(home.settings_file)
        raise UsageError(*(_wrong(document.place(("capture", "recipients", index)), listed[index]) for index in wrong))
    return listed


def _wrong(place: Place, text: str) -> Problem:
    if text.upper().startswith("AGE-SECRET-KEY"):
        # Not shown: this message goes into a log.
        return Problem(
            place=place,
            problem="this is a secret key, where the public one belongs",
            help="write the one that starts with `age1`, and make a new pair: whoever reads this file can read captured text",
        )
    help_text = "write the one that `lockgate user reviewer-key FILE` shows; it starts with `age1`"
    return Problem(place=place, problem=f"`{text[:24]}` is not an age public key", help=help_text)


def _written(public: Path) -> str:
    try:
        text = public.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not is_recipient(text):
        raise UsageError(
            Problem(
                problem=f"{public} holds no age public key",
                help="put it back; or delete it, and the next start writes it anew from reviewer.key beside it",
            )
        )
    return text
