"""The load: real requests over real tunnels, timed one by one. A process of its own, so that its CPU time is nobody else's.

Reads a job as one JSON line, connects and warms up, says `ready`, waits for a line, runs, and writes one JSON line with what
it measured. Blocking sockets in threads: the least work per request that Python offers. Standard library only, so that it
starts at once. With one connection it also reads the subject's CPU clocks from request to request.
"""

import json
import socket
import ssl
import sys
import threading
import time
from dataclasses import asdict, dataclass, field

from traffic import KINDS, Sender, Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to send where. `proxy` is empty for a direct connection; `seconds` or `count` ends it.

    `clocks` are the CPU clocks to read before each request; only useful with one connection.
    """

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
    clocks: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Measured:
    """Milliseconds per request. `failed` says what went wrong how often.

    `first_event` is for streams only. `cpu` is from the start of a request to the start of the next, so that what is
    done after an answer is counted too.
    """

    latency: list[float] = field(default_factory=list)
    first_event: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
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
        """Send a request, read all of its response. Returns the status, and when the first event of a stream came (0: none)."""
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


class Run:
    """A job in the doing: one thread per connection."""

    def __init__(self, job: Job) -> None:
        self.measured = Measured()
        self._job = job
        self._context = ssl.create_default_context(cafile=job.ca)
        self._ready, self._go = threading.Barrier(job.concurrency + 1), threading.Event()
        self._left = threading.Semaphore(job.count) if job.count else None
        self._deadline = float("inf")

    def __call__(self) -> Measured:
        """Do it."""
        threads = [threading.Thread(target=self._work, args=(number,)) for number in range(self._job.concurrency)]
        for thread in threads:
            thread.start()
        self._ready.wait()
        print("ready", flush=True)
        sys.stdin.readline()
        started = time.perf_counter()
        if self._job.seconds:
            self._deadline = started + self._job.seconds
        self._go.set()
        for thread in threads:
            thread.join()
        self.measured.elapsed = time.perf_counter() - started
        return self.measured

    def _work(self, number: int) -> None:
        job = self._job
        todo = KINDS[job.kind](Sender(job.host, Texts(job.seed * 1000 + number)))
        connection: Connection | None = None
        try:
            connection = Connection(job, self._context)
            for _ in range(job.warm_up):
                connection.exchange(next(todo))
        except OSError as error:
            self._failed(f"warm-up: {error}")
        self._ready.wait()
        self._go.wait()
        before: int | None = None
        while time.perf_counter() < self._deadline and (self._left is None or self._left.acquire(blocking=False)):
            request = next(todo)
            spent = self._clock()
            if before is not None and spent is not None:
                self.measured.cpu.append((spent - before) / 1e6)
            before = spent
            started = time.perf_counter()
            try:
                if connection is None or job.new_connection:
                    if connection is not None:
                        connection.close()
                    connection = Connection(job, self._context)
                status, first_event = connection.exchange(request)
            except OSError as error:
                connection = None
                self._failed(str(error))
                continue
            if status == 200:
                self.measured.latency.append((time.perf_counter() - started) * 1000)
                if first_event:
                    self.measured.first_event.append((first_event - started) * 1000)
            else:
                self._failed(f"status {status}")

    def _clock(self) -> int | None:
        """Nanoseconds of CPU that the subject has used; None when not asked for, or when a process of it has ended."""
        if self._job.concurrency > 1 or not self._job.clocks:
            return None
        try:
            return sum(map(time.clock_gettime_ns, self._job.clocks))
        except OSError:
            return None

    def _failed(self, why: str) -> None:
        self.measured.failed[why] = self.measured.failed.get(why, 0) + 1


if __name__ == "__main__":
    print(json.dumps(asdict(Run(Job(**json.loads(sys.stdin.readline())))())), flush=True)
