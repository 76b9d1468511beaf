"""What is measured. Separate so that the tables and the runs speak of the same things."""

from dataclasses import dataclass

LIBRARY_HOST = "api.openai.com"
STREAM_HOST = "api.anthropic.com"
OTHER_HOST = "www.example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of traffic."""

    id: str
    title: str
    what: str
    kind: str
    host: str = LIBRARY_HOST
    concurrencies: tuple[int, ...] = (1, 16)
    new_connection: bool = False
    warm_up: int = 3


SCENARIOS = (
    Scenario(id="get", title="Small GET", what="a list of models over tunnels that stay open", kind="get"),
    Scenario(id="fresh", title="4 KB prompt, new text", what="a chat request whose text was never seen", kind="prompt-fresh"),
    Scenario(id="repeated", title="4 KB prompt, same text", what="the same chat request again and again", kind="prompt-repeated"),
    Scenario(
        id="history", title="64 KB conversation", what="a conversation that grows by a turn, its history seen before", kind="history", warm_up=2
    ),
    Scenario(id="tunnel", title="New tunnel each time", what="CONNECT, TLS handshakes and a small GET", kind="get", new_connection=True),
    Scenario(id="passed", title="Passed undecrypted", what="a small GET to a host outside the library", kind="get", host=OTHER_HOST),
    Scenario(
        id="stream", title="First event of a stream", what="20 events, one every 20 ms", kind="stream", host=STREAM_HOST, concurrencies=(1, 16),
        warm_up=1,
    ),
)  # fmt: skip
MEMORY_KIND = "prompt-fresh"
MEMORY_EXCHANGES = 10_000
