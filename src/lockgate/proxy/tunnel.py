"""A connection that passes undecrypted, with its bytes counted.

Separate because mitmproxy tells nothing about connections it ignores, and a gateway still records host, bytes and user
of what passed.
"""

from collections.abc import Callable

from mitmproxy import connection
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import tcp


class CountedTunnel(tcp.TCPLayer):
    """mitmproxy's pass-through layer, counting what it relays in each direction.

    `on_relaying` is called once, when both sides are connected: from then on nothing but this layer is needed.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context, ignore=True)
        self.sent_up = 0
        self.sent_down = 0
        self.on_relaying: Callable[[], None] | None = None

    def relay_messages(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Relay one event, as the parent does."""
        if self.on_relaying is not None:
            self.on_relaying()
            self.on_relaying = None
        if isinstance(event, events.DataReceived):
            if isinstance(event.connection, connection.Client):
                self.sent_up += len(event.data)
                yield commands.SendData(self.context.server, event.data)
            else:
                self.sent_down += len(event.data)
                yield commands.SendData(self.context.client, event.data)
            return
        yield from super().relay_messages(event)

    _handle_event = tcp.TCPLayer.start


class ClosedTunnel(layer.Layer):
    """A tunnel that was refused after its CONNECT had been answered: closed without a byte sent anywhere."""

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.Start):
            yield commands.CloseConnection(self.context.client)
