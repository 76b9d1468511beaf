"""The links under which a person may acknowledge a rule, and the forms on the page there.

Separate because they are a promise: only the person who was stopped can open one, nobody can make one up, it is of use for a
while and once. Nothing is kept of them: all a page needs is sealed in (AES-SIV, RFC 5297, under a key derived for this one
use, with the subject and the purpose authenticated), so that any worker can open what another one made.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lockgate.facts.coaching import Asked
from lockgate.facts.portal import PORTAL_HOST
from lockgate.facts.traffic import Request

COACH_PATH = "/coach"

_PURPOSE = b"lockgate coaching 1"
_KEY_BYTES = 64
_HEAD = struct.Struct("!I6s8sB")  # when, the rule's terms, the record, how long the app's name is
_LONGEST_TOKEN = 4096
_LONGEST_APP = 255
_LONGEST_ADDRESS = 2048
_CLOCK_SKEW_SECONDS = 60
_ASCII = "".join(map(chr, range(0x21, 0x7F)))


class Sealed(Enum):
    """What a token is for, and for how many seconds it is."""

    LINK = 3600
    FORM = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What somebody was asked about. `back` is where they were going, empty when there is no way back.

    `terms` and `reference` are hexadecimal: 12 and 16 digits. `at` is seconds since the epoch.
    """

    terms: str
    app: str
    reference: str
    back: str = ""
    at: int = 0


class CoachLinks:
    """Makes and opens tokens under a key that the workers of a gateway share."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE).derive(key))

    def text_link(self, asked: Asked, reference: str, now: int) -> str:
        """For a message that a person reads: as short as it can be, and in plain HTTP, which every device can open."""
        return f"http://{PORTAL_HOST}{COACH_PATH}/{self._link(asked, reference, '', now)}"

    def page_link(self, asked: Asked, reference: str, request: Request, now: int) -> str:
        """For a browser that was opening a page. Over TLS if that was, because then the device trusts our certificates."""
        return f"{request.scheme}://{PORTAL_HOST}{COACH_PATH}/{self._link(asked, reference, _address(request), now)}"

    def seal(self, purpose: Sealed, subject: str, ticket: Ticket) -> str:
        """A token that only `subject` can use, for this purpose."""
        app = ticket.app.encode()[:_LONGEST_APP]
        head = _HEAD.pack(ticket.at, bytes.fromhex(ticket.terms), bytes.fromhex(ticket.reference), len(app))
        sealed = self._cipher.encrypt(head + app + ticket.back.encode(), _bound_to(purpose, subject))
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, purpose: Sealed, subject: str, token: str, now: int) -> Ticket | None:
        """What a token holds; None when it is forged, damaged, somebody else's, for something else, or too old."""
        if len(token) > _LONGEST_TOKEN:
            return None
        try:
            sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            plain = self._cipher.decrypt(sealed, _bound_to(purpose, subject))
        except (ValueError, NotBase64, InvalidTag):
            return None
        at, terms, reference, length = _HEAD.unpack_from(plain)
        if not now - purpose.value <= at <= now + _CLOCK_SKEW_SECONDS:
            return None
        names = plain[_HEAD.size :]
        return Ticket(
            terms=terms.hex(), app=names[:length].decode("utf-8", "replace"), reference=reference.hex(),
            back=names[length:].decode(), at=at,
        )  # fmt: skip

    def _link(self, asked: Asked, reference: str, back: str, now: int) -> str:
        ticket = Ticket(terms=asked.terms, app=asked.app, reference=reference, back=back, at=now)
        return self.seal(Sealed.LINK, asked.subject, ticket)


def _bound_to(purpose: Sealed, subject: str) -> list[bytes]:
    return [_PURPOSE, purpose.name.encode(), subject.encode("utf-8", "surrogatepass")]


def _address(request: Request) -> str:
    """Where the person was going. A form that was sent is not sent again: it leads back to the site's first page."""
    usual = {"http": 80, "https": 443}.get(request.scheme)
    host = f"[{request.host}]" if ":" in request.host else request.host
    site = f"{request.scheme}://{host}" + ("" if request.port == usual else f":{request.port}")
    query = f"?{request.query}" if request.query else ""
    whole = quote(f"{site}{request.path}{query}", safe=_ASCII, errors="replace")
    return whole if request.method == "GET" and len(whole) <= _LONGEST_ADDRESS else f"{site}/"
