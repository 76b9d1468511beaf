"""A WebSocket on which an app's server answers what was asked in a request, and on which nothing is said that a person wrote.

Separate from the formats of single apps, which differ only in what their servers tell.
"""

from typing import override

from lockgate.apps.formats.base import Refusal, SocketRefusal, Unreadable
from lockgate.apps.formats.document_socket import DocumentSocket
from lockgate.apps.formats.page import Page
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Request, SocketMessage


class ListeningSocket(DocumentSocket):
    """The client's side of it: no words of a person, and no place to show a refusal in."""

    @override
    def refuse_message(self, refusal: Refusal, request: Request, message: SocketMessage) -> SocketRefusal:
        """The end of the socket: its client shows nothing that comes over it but answers."""
        return SocketRefusal(replies=(), close=True)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        return page.conversation(conversation_id=None, model=None, wants_stream=False)
