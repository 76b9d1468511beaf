"""The load: real requests over real tunnels, timed one by one. A process of its own, so that its CPU time is nobody else's.

Reads a job as one JSON line, connects and warms up, says `ready`, waits for a line, runs, and writes one JSON line with what it measured.
Blocking sockets in threads: the least work per request that Python offers. Standard library only, so that it starts at once.
"""

import json
import random
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

WORDS = ["please", "summarise", "the", "attached", "notes", "for", "our", "weekly", "meeting", "and", "keep", "every", "open", "question", "in", "a", "list", "of", "its", "own", "with", "one", "owner", "each", "then", "compare", "the", "two", "designs", "we", "discussed", "on", "monday", "explain", "which", "one", "is", "easier", "to", "test", "and", "what", "would", "happen", "if", "the", "second", "data", "centre", "were", "to", "fail", "during", "the", "night", "while", "nobody", "is", "watching", "the", "dashboards", "that", "we", "built", "last", "year"]
_SENTENCES = 400
_PROMPT_BYTES = 4096
_HISTORY_BYTES = 65536
_HISTORY_TURN_BYTES = 1024
_CYCLE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to send where. `proxy` is empty for a direct connection; `seconds` or `count` ends it."""

    host: str
    address: str
    ca: str
    proxy: str = ""
    kind: str = "get"
    concurrency: int = 1
    seconds: float = 0.0
    count: int = 0
    new_connection: bool = False
    warm_up: int = 3
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class Measured:
    """Milliseconds per request; `first_event` for streams only. `failed` says what went wrong how often."""

    latency: list[float] = field(default_factory=list)
    first_event: list[float] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)
    elapsed: float = 0.0


class Connection:
    """One TLS connection to the host, through the proxy if there is one."""

    def __init__(self, job: Job, context: ssl.SSLContext) -> None:
        where, _, port = (job.proxy or job.address).rpartition(":")
        plain = socket.create_connection((where, int(port)), timeout=60)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if job.proxy:
            plain.sendall(f"CONNECT {job.host}:443 HTTP/1.1\r\nHost: {job.host}:443\r\n\r\n".encode())
            head = b""
            while b"\r\n\r\n" not in head:
                piece = plain.recv(4096)
                if not piece:
                    raise OSError("closed at CONNECT")
                head += piece
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                raise OSError(head.split(b"\r\n", 1)[0].decode("latin-1"))
        self._socket = context.wrap_socket(plain, server_hostname=job.host)

    def exchange(self, request: bytes) -> tuple[int, float]:
        """Send a request, read all of its response. Returns the status and when the first event of a stream came (0 if none)."""
        self._socket.sendall(request)
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head, body = data[:end].lower(), data[end + 4 :]
        first_event = time.perf_counter() if b"data:" in body else 0.0
        mark = head.find(b"content-length:")
        if mark >= 0:
            length = int(head[mark + 15 :].split(b"\r\n", 1)[0])
            got = len(body)
            while got < length:
                got += len(self._more())
        elif b"chunked" in head:
            while not body.endswith(b"0\r\n\r\n"):
                body = body[-8:] + self._more()
                if not first_event and b"data:" in body:
                    first_event = time.perf_counter()
        else:
            raise OSError("a response without an end")
        return int(head.split(b" ", 2)[1]), first_event

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def _more(self) -> bytes:
        piece = self._socket.recv(65536)
        if not piece:
            raise OSError("closed in a response")
        return piece


def requests(job: Job, number: int) -> Iterator[bytes]:
    """The requests of one connection, without end."""
    chance = random.Random(job.seed * 1000 + number)
    sentences = [" ".join(chance.choices(WORDS, k=12)) for _ in range(_SENTENCES)]

    def text(size: int) -> str:
        said = f"{chance.getrandbits(64):x}"
        while len(said) < size:
            said += " " + ". ".join(chance.choices(sentences, k=1 + (size - len(said)) // 100))
        return said[:size]

    if job.kind == "get":
        request = _get(job, "/v1/models")
        while True:
            yield request
    elif job.kind == "stream":
        request = _post(job, "/v1/messages", _anthropic(text(200)))
        while True:
            yield request
    elif job.kind == "prompt-repeated":
        request = _post(job, "/v1/chat/completions", _openai([text(_PROMPT_BYTES)]))
        while True:
            yield request
    elif job.kind == "prompt-fresh":
        while True:
            yield _post(job, "/v1/chat/completions", _openai([text(_PROMPT_BYTES)]))
    elif job.kind == "history":
        base = [text(_HISTORY_TURN_BYTES) for _ in range(_HISTORY_BYTES // _HISTORY_TURN_BYTES - 1)]
        while True:
            turns = list(base)
            for _ in range(_CYCLE):
                yield _post(job, "/v1/chat/completions", _openai(turns))
                turns += [text(200), text(200)]
    else:
        raise ValueError(job.kind)


def _openai(turns: list[str]) -> str:
    """The last turn is the person's; no text needs escaping."""
    roles = ("user", "assistant")
    messages = ",".join(f'{{"role":"{roles[index % 2]}","content":"{said}"}}' for index, said in enumerate(turns))
    return f'{{"model":"gpt-5","messages":[{messages}]}}'


def _anthropic(said: str) -> str:
    return f'{{"model":"claude-sonnet","max_tokens":99,"stream":true,"messages":[{{"role":"user","content":"{said}"}}]}}'


def _get(job: Job, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {job.host}\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n".encode()


def _post(job: Job, path: str, body: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: {job.host}\r\nUser-Agent: bench\r\nAuthorization: Bearer test\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def run(job: Job) -> Measured:
    """Do a job."""
    context = ssl.create_default_context(cafile=job.ca)
    measured = Measured()
    ready, go = threading.Barrier(job.concurrency + 1), threading.Event()
    left = threading.Semaphore(job.count) if job.count else None
    threads = [threading.Thread(target=_work, args=(job, number, context, measured, ready, go, left)) for number in range(job.concurrency)]
    for thread in threads:
        thread.start()
    ready.wait()
    print("ready", flush=True)
    sys.stdin.readline()
    started = time.perf_counter()
    _deadline[0] = started + job.seconds if job.seconds else float("inf")
    go.set()
    for thread in threads:
        thread.join()
    measured.elapsed = time.perf_counter() - started
    return measured


_deadline = [float("inf")]


def _work(
    job: Job, number: int, context: ssl.SSLContext, measured: Measured, ready: threading.Barrier, go: threading.Event,
    left: threading.Semaphore | None,
) -> None:  # fmt: skip
    todo = requests(job, number)
    connection: Connection | None = None
    try:
        connection = Connection(job, context)
        for _ in range(job.warm_up):
            connection.exchange(next(todo))
    except OSError as error:
        measured.failed[f"warm-up: {error}"] = measured.failed.get(f"warm-up: {error}", 0) + 1
    ready.wait()
    go.wait()
    while time.perf_counter() < _deadline[0] and (left is None or left.acquire(blocking=False)):
        request = next(todo)
        started = time.perf_counter()
        try:
            if connection is None or job.new_connection:
                if connection is not None:
                    connection.close()
                connection = Connection(job, context)
            status, first_event = connection.exchange(request)
        except OSError as error:
            connection = None
            measured.failed[str(error)] = measured.failed.get(str(error), 0) + 1
            continue
        if status != 200:
            measured.failed[f"status {status}"] = measured.failed.get(f"status {status}", 0) + 1
        else:
            measured.latency.append((time.perf_counter() - started) * 1000)
            if first_event:
                measured.first_event.append((first_event - started) * 1000)


if __name__ == "__main__":
    print(json.dumps(asdict(run(Job(**json.loads(sys.stdin.readline()))))), flush=True)
