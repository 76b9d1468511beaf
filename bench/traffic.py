"""What is sent: requests as bytes, without end, from a seed. Separate from the load, which times them.

Prompts read like those of an office: sentences with names, figures and dates, and in every fourth some code. All of it is
made up here, and nothing in it is a secret, so that no subject has a reason to stop anything.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_WHO = """
Our team|The customer|Accounting|The supplier|Legal|The night shift|Marketing|Our partner in Lyon
""".strip().split("|")
_DID = """
asked for|postponed|finished|reviewed|wants to change|cannot explain|approved|has doubts about
""".strip().split("|")
_WHAT = (
    """
the quarterly plan|the new price list|the migration of the warehouse|the onboarding guide|the test results|the training budget
the delivery schedule|the answer to the survey|the second draft of the contract|the dashboard
""".strip()
    .replace("\n", "|")
    .split("|")
)
_WHY = """
because the figures for {year} are {amount} lower than expected
after the meeting on {day} {month}
until all {count} open questions are settled
since only {count} of {amount} orders were affected
although the release is due in {month}
which would save about {amount} euros a year
""".strip().splitlines()
_ASK = """
Please summarise this for the board.
What would you propose, and why?
Rewrite it in a friendly tone.
List the risks in a table.
Translate the last part into French.
Which of these points contradict each other?
""".strip().splitlines()
_MONTHS = ["January", "March", "April", "June", "July", "September", "October", "December"]
_CODE = """
```python
def {name}_{number}(rows, limit={count}):
    total = 0
    for row in rows[:limit]:
        if row["{name}"] is not None and row["{name}"] > {amount}:
            total += row["{name}"] * {count}
    return {{"total": total, "version": "{count}.{number}"}}
```
"""
_NAMES = ["amount", "weight", "price", "delay", "volume", "rating", "margin"]
_PROMPT_BYTES = 4096
_HISTORY_BYTES = 65536
_HISTORY_TURN_BYTES = 1024
_NEW_TURN_BYTES = 200
_TURNS_BEFORE_STARTING_OVER = 16
_ONE_IN = 4
"""How often a prompt has code in it."""


class Texts:
    """Text that no request before had: a few sentences of these can be made in more ways than there are requests."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def __call__(self, size: int) -> str:
        """So many characters."""
        chance = self._chance
        said = [f"Case {1000 + chance.randrange(9000)}. "]
        left = size - len(said[0])
        with_code = not chance.randrange(_ONE_IN)
        while left > 0:
            said.append(self._code() if with_code and not chance.randrange(_ONE_IN) else self._sentence())
            left -= len(said[-1])
        return "".join(said)[:size]

    def _sentence(self) -> str:
        choice, number = self._chance.choice, self._chance.randrange
        why = choice(_WHY).format(
            year=2000 + number(30),
            amount=f"{number(90_000):,}",
            day=1 + number(28),
            month=choice(_MONTHS),
            count=2 + number(40),
        )
        asked = f" {choice(_ASK)}\n" if not number(_ONE_IN) else " "
        return f"{choice(_WHO)} {choice(_DID)} {choice(_WHAT)} {why}.{asked}"

    def _code(self) -> str:
        number = self._chance.randrange
        return _CODE.format(name=self._chance.choice(_NAMES), number=number(1000), count=number(50), amount=number(9000))


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
        """A prompt that wants its answer streamed, again and again."""
        message = {"role": "user", "content": self.texts(_NEW_TURN_BYTES)}
        body = {"model": "claude-sonnet", "max_tokens": 99, "stream": True, "messages": [message]}
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
        messages = [{"role": roles[index % 2], "content": said} for index, said in enumerate(turns)]
        return self._post("/v1/chat/completions", {"model": "gpt-5", "messages": messages})

    def _post(self, path: str, body: object) -> bytes:
        content = json.dumps(body)
        return (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nUser-Agent: bench\r\nAuthorization: Bearer bench\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n{content}"
        ).encode()


KINDS: dict[str, Callable[[Sender], Iterator[bytes]]] = {
    "get": Sender.get,
    "stream": Sender.stream,
    "prompt-repeated": Sender.repeated,
    "prompt-fresh": Sender.fresh,
    "history": Sender.history,
}
