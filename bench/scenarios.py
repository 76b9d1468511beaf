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
    Scenario(id="get", title="Small GET", what="A list of models over tunnels that stay open.", kind="get"),
    Scenario(
        id="fresh", title="4 KB prompt, new text", kind="prompt-fresh",
        what="A chat request whose text was never seen.",
    ),
    Scenario(
        id="repeated", title="4 KB prompt, same text", kind="prompt-repeated",
        what="The same chat request again and again.",
    ),
    Scenario(
        id="history", title="64 KB conversation", kind="history", warm_up=2,
        what="A conversation that grows by a turn; its history was seen before.",
    ),
    Scenario(
        id="tunnel", title="New tunnel each time", kind="get", new_connection=True,
        what="CONNECT, TLS handshakes and a small GET.",
    ),
    Scenario(
        id="passed", title="Passed undecrypted", kind="get", host=OTHER_HOST,
        what="A small GET to a host outside the app library, over tunnels that stay open and that no subject decrypts.",
    ),
    Scenario(
        id="stream", title="First event of a stream", kind="stream", host=STREAM_HOST, warm_up=1,
        what="A stream of 20 events, one every 20 ms: a proxy that shows the first one after 400 ms has held all of them.",
    ),
)  # fmt: skip


def by_id(scenario: str) -> Scenario:
    """A scenario by its id."""
    return next(each for each in SCENARIOS if each.id == scenario)


MEMORY_KIND = "prompt-fresh"
MEMORY_EXCHANGES = 10_000
