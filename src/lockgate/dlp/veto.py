"""What looks like a value and is none: placeholders, runs, references to a variable, digests, identifiers.

Separate because detectors choose among the same few vetoes by name. A veto sees the value and what touches it. It must
never look for words a writer could add anywhere to switch detection off.
"""

import re
from collections.abc import Callable, Mapping

type Veto = Callable[[str, int, int], bool]
"""Whether `text[start:end]` is none of what it looks like."""

_PLACEHOLDER = re.compile(
    r"example|placeholder|change[_-]?me|replace[_-]?(?:me|this|with)|redacted|removed|dummy|foobar|insert[_-]|sample[_-]?"
    r"|(?:^|[^a-z])(?:your|my|some|the)[_ -]?(?:[a-z]{1,20}[_ -]){0,3}"
    r"(?:key|token|secret|password|passwd|pass|pwd|id|value|name)"
    r"|^<[^<>]*>?$|^\[[^\[\]]*\]?$|^\*+$|\*{4}|x{5,}|\.{3,}|^[-_x#?.*\u2022]+$|^(?:your|my)[_-]",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"^\$[A-Za-z_]\w*$|^\$_|^%[A-Za-z_]\w*%$|^%[a-z]$|^\{\{|\$\{|\$\(|#\{|^@\w+@$|^<%|^\{[A-Za-z_]\w*\}$|^&[a-z_]+$"
    r"|process\.env|os\.environ|getenv|^env[.\[(]|^secrets?\.|^vars?\.|^!(?:Ref|Sub|GetAtt)|^ref\+|^arn:"
    r"|^(?:self|this|config|settings|args|options|params|req|request|data|ctx|app)[.\[]|^[A-Za-z_][\w.]{0,80}[(\[]"
    r"|^#[a-z-]+$|^\.{1,2}/|^/?(?-i:[a-z_-]{1,30})(?:/(?-i:[a-z_#.-]{1,30}))+$|^/(?-i:[a-z]{2,30})(?:/|$)"
    r"|^(?-i:[A-Z]?[a-z]+(?:\.[a-z]+)*)[:=]$",
    re.IGNORECASE,
)
_DIGEST_BEFORE = re.compile(
    r"(?:sha-?(?:1|224|256|384|512)|md5|blake2[bs]?|h1|integrity|checksum|digest|hash|commit|revision|etag|resolved)"
    r"[\"' ]{0,3}[-:=@#( ]{1,3}[\"' ]{0,2}$",
    re.IGNORECASE,
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_VERSION_BEFORE = re.compile(r"(?:version|release|ver\.?|v|build|rfc|section|chapter|step)[\"' :=]{0,3}$", re.IGNORECASE)
_USER_INFO_BEFORE = re.compile(r"[a-z0-9]://[^\s/@<>?#]{0,80}$", re.IGNORECASE)
_USER_INFO_REACH = 90
_BEHIND_A_HOST = frozenset("/?#")
_WEAK_WORDS = frozenset({
    "admin", "bar", "changeit", "false", "foo", "guest", "key", "mysql", "name", "none", "null", "pass", "passwd", "password",
    "port", "postgres", "psw", "pw", "pwd", "root", "secret", "string", "test", "token", "true", "user", "value",
})  # fmt: skip
_PROSE = re.compile(
    r"^[a-z]+://|^www\.|^[A-Za-z]+['\u2019][a-z]{1,2}[.,;:!?]*$|^[A-Za-z]+(?:[-/][A-Za-z]+)+[.,;:!?]*$|^[(\[{]|[)\]}]$|^\W*$"
    r"|^[A-Z]{2,6}-?[0-9]{1,4}[.,;:!?]*$|^[A-Za-z][a-z]*[.,;:!?)]*$|^[A-Z]?[a-z]+[.,!?;:][A-Za-z]*$|^[0-9]+[a-z]*[.,;:!?]*$"
    r"|^[\w-]+\.(?:txt|md|json|ya?ml|py|js|ts|go|html?|php|java|com|org|net|io|example)\b",
)
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[-/. ]?(?:0[1-9]|1[0-2])[-/. ]?(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:[0-3]?[0-9][-/. ]){2}(?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}(?:[-/ ](?:19|20)?[0-9]{2})?"
)
_LOOK_BACK = 24
_UUID_REACH = 36
_REPEAT_SHARE = 0.7
_RUNS = (
    "0123456789012345678901234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "zyxwvutsrqponmlkjihgfedcba",
    "9876543210987654321",
)
_RUN_LENGTH = 6
_RUN_SHARE = 0.6


def _placeholder(text: str, start: int, end: int) -> bool:
    return _PLACEHOLDER.search(text[start:end]) is not None


def _reference(text: str, start: int, end: int) -> bool:
    return _REFERENCE.search(text[start:end]) is not None or (
        start > 0 and text[start - 1] in "$%" and text[start : start + 1] == "{"
    )


def _repeated(text: str, start: int, end: int) -> bool:
    """One character makes up most of the value."""
    value = _alphanumeric(text[start:end])
    return not value or max(map(value.count, set(value))) >= len(value) * _REPEAT_SHARE


def _run(text: str, start: int, end: int) -> bool:
    """A run such as `12345678` or `abcdefgh` makes up most of the value."""
    value = _alphanumeric(text[start:end])
    return _longest_run(value) >= max(_RUN_LENGTH, len(value) * _RUN_SHARE)


def _alphanumeric(value: str) -> str:
    return "".join(character for character in value.lower() if character.isalnum())


def _longest_run(value: str) -> int:
    longest = 0
    for run in _RUNS:
        length = longest + 1
        while length <= len(value) and any(value[at : at + length] in run for at in range(len(value) - length + 1)):
            longest = length
            length += 1
    return longest


def _digest(text: str, start: int, end: int) -> bool:
    del end
    return _DIGEST_BEFORE.search(text, max(0, start - _LOOK_BACK), start) is not None


def _uuid(text: str, start: int, end: int) -> bool:
    around = _UUID.finditer(text, max(0, start - _UUID_REACH), min(len(text), end + _UUID_REACH))
    return any(uuid.start() <= start and end <= uuid.end() for uuid in around)


def _version(text: str, start: int, end: int) -> bool:
    del end
    return _VERSION_BEFORE.search(text, max(0, start - _LOOK_BACK), start) is not None


def _user_info(text: str, start: int, end: int) -> bool:
    """User and password before the host of a URL, which look like an address of mail; not what is in its path or query."""
    if not _BEHIND_A_HOST.isdisjoint(text[start:end]):
        return False
    return _USER_INFO_BEFORE.search(text, max(0, start - _USER_INFO_REACH), start) is not None


def _fraction(text: str, start: int, end: int) -> bool:
    """Digits behind a decimal point, an amount, or part of a longer group of numbers."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    return bool(re.search(r"\d[.,]$|[$€£¥]\s?$", before)) or bool(re.match(r"[.,]\d|%", after))


def _weak_word(text: str, start: int, end: int) -> bool:
    """A word everybody uses where a password would stand."""
    return text[start:end].lower() in _WEAK_WORDS


def _prose(text: str, start: int, end: int) -> bool:
    """A word of the sentence itself: a link, a file, a term with a hyphen or a slash, a shortened form, a bracketed note."""
    return _PROSE.search(text[start:end]) is not None


def _date(text: str, start: int, end: int) -> bool:
    """A calendar date, or the digits of one."""
    return _DATE.fullmatch(text, start, end) is not None


VETOES: Mapping[str, Veto] = {
    "placeholder": _placeholder,
    "reference": _reference,
    "repeated": _repeated,
    "run": _run,
    "digest": _digest,
    "uuid": _uuid,
    "version": _version,
    "fraction": _fraction,
    "user-info": _user_info,
    "date": _date,
    "weak-word": _weak_word,
    "prose": _prose,
}
"""Every veto a detector may name."""
