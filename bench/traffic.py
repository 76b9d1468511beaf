"""What is sent: requests as bytes, without end, from a seed. Separate from the load, which times them."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_TEXT = (
    "please summarise the attached notes for our weekly meeting and keep every open question in a list of its own with one "
    "owner each then compare the two designs we discussed on monday explain which one is easier to test and what would happen "
    "if the second data centre were to fail during the night while nobody is watching the dashboards that we built last year"
)
_SENTENCES = 400
_SENTENCE_WORDS = 12
_PROMPT_BYTES = 4096
_HISTORY_BYTES = 65536
_HISTORY_TURN_BYTES = 1024
_NEW_TURN_BYTES = 200
_TURNS_BEFORE_STARTING_OVER = 16


class Texts:
    """Text that no request before had, plain enough to need no escaping in JSON."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        words = _TEXT.split()
        self._sentences = [" ".join(self._chance.choices(words, k=_SENTENCE_WORDS)) for _ in range(_SENTENCES)]

    def __call__(self, size: int) -> str:
        """So many characters."""
        said = f"{self._chance.getrandbits(64):x}"
        while len(said) < size:
            said += " " + ". ".join(self._chance.choices(self._sentences, k=1 + (size - len(said)) // 100))
        return said[:size]


@dataclass(frozen=True, slots=True)
class Sender:
    """Makes requests to one host."""

    host: str
    texts: Texts

    def get(self) -> Iterator[bytes]:
        """The list of models."""
        head = f"GET /v1/models HTTP/1.1\r\nHost: {self.host}\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"
        while True:
            yield head.encode()

    def stream(self) -> Iterator[bytes]:
        """A prompt that wants its answer streamed."""
        message = f'{{"role":"user","content":"{self.texts(_NEW_TURN_BYTES)}"}}'
        body = f'{{"model":"claude-sonnet","max_tokens":99,"stream":true,"messages":[{message}]}}'
        request = self._post("/v1/messages", body)
        while True:
            yield request

    def repeated(self) -> Iterator[bytes]:
        """One prompt, again and again."""
        request = self._chat([self.texts(_PROMPT_BYTES)])
        while True:
            yield request

    def fresh(self) -> Iterator[bytes]:
        """A new prompt each time."""
        while True:
            yield self._chat([self.texts(_PROMPT_BYTES)])

    def history(self) -> Iterator[bytes]:
        """A long conversation, continued by a new turn each time, and now and then from its first part in another way."""
        base = [self.texts(_HISTORY_TURN_BYTES) for _ in range(_HISTORY_BYTES // _HISTORY_TURN_BYTES - 1)]
        while True:
            turns = list(base)
            for _ in range(_TURNS_BEFORE_STARTING_OVER):
                yield self._chat(turns)
                turns += [self.texts(_NEW_TURN_BYTES), self.texts(_NEW_TURN_BYTES)]

    def _chat(self, turns: list[str]) -> bytes:
        """A chat completion; the last turn is the person's."""
        roles = ("user", "assistant")
        messages = ",".join(f'{{"role":"{roles[index % 2]}","content":"{said}"}}' for index, said in enumerate(turns))
        return self._post("/v1/chat/completions", f'{{"model":"gpt-5","messages":[{messages}]}}')

    def _post(self, path: str, body: str) -> bytes:
        return (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nUser-Agent: bench\r\nAuthorization: Bearer test\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


KINDS: dict[str, Callable[[Sender], Iterator[bytes]]] = {
    "get": Sender.get,
    "stream": Sender.stream,
    "prompt-repeated": Sender.repeated,
    "prompt-fresh": Sender.fresh,
    "history": Sender.history,
}
