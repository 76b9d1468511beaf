"""Telling webhooks: a sink that takes records at once and delivers in threads of its own.

Separate because whoever is told may be slow or gone. Laws: `write` never waits; what waits is bounded for each webhook and
what finds no room is counted; a webhook that is down holds up no other; nothing is told twice once it was accepted; a
redirect is not followed, and no proxy of the environment is used.
"""

import secrets
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Condition, Thread

import httpx
import structlog
from structlog.typing import FilteringBoundLogger

from lockgate.facts.record import Record
from lockgate.sinks.notice_text import notice_body, signed_headers, summary_body
from lockgate.sinks.throttle import Throttle

_log: FilteringBoundLogger = structlog.get_logger("lockgate.sinks.webhooks")
_TRY_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where to send, and the secret that signs."""

    url: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLimits:
    """How many may wait, how often one is tried, the first and the longest pause between tries, and how long a try may take."""

    waiting: int = 1000
    tries: int = 8
    first_pause: float = 1.0
    longest_pause: float = 60.0
    seconds: float = 10.0


def _nobody(_webhook: str, _outcome: str) -> None:
    """Nobody counts."""


type Count = Callable[[str, str], None]
"""Told the webhook and what became of something for it: sent, again, refused, failed, full, closed, summed_up, unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    gateway: str
    count: Count
    limits: DeliveryLimits
    tls: ssl.SSLContext | None
    clock: Callable[[], float]


class Webhooks:
    """The webhooks of a configuration, which may change. `write` is called from one thread, `use` from any."""

    def __init__(
        self, gateway: str, *, count: Count = _nobody, limits: DeliveryLimits | None = None,
        tls: ssl.SSLContext | None = None, clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._terms = _Terms(gateway=gateway, count=count, limits=limits or DeliveryLimits(), tls=tls, clock=clock)
        self._deliveries: dict[str, _Delivery] = {}

    def use(self, webhooks: Mapping[str, Webhook]) -> None:
        """From now on these. What waits for one that stays as it is goes on waiting; for one that is gone it is counted."""
        before, self._deliveries = self._deliveries, {
            name: self._deliveries[name] if self._is_same(name, webhook) else self._started(name, webhook)
            for name, webhook in webhooks.items()
        }  # fmt: skip
        for name, delivery in before.items():
            if self._deliveries.get(name) is not delivery:
                delivery.close(0.0)

    def write(self, record: Record) -> None:
        """Take over what the record asks to be told."""
        for notice in record.notices:
            delivery = self._deliveries.get(notice.webhook)
            if delivery is None:
                self._terms.count(notice.webhook, "unknown")
            else:
                delivery.take(record, notice.rule, notice.per_minute)

    @property
    def waiting(self) -> int:
        """How many wait to be told."""
        return sum(delivery.waiting for delivery in self._deliveries.values())

    def close(self, seconds: float = 3.0) -> None:
        """Tell what waits, each webhook for so long; the rest is counted."""
        deliveries, self._deliveries = self._deliveries, {}
        until = time.monotonic() + seconds
        for delivery in deliveries.values():
            delivery.close(max(0.0, until - time.monotonic()))

    def _is_same(self, name: str, webhook: Webhook) -> bool:
        known = self._deliveries.get(name)
        return known is not None and known.webhook == webhook

    def _started(self, name: str, webhook: Webhook) -> "_Delivery":
        return _Delivery(name, webhook, self._terms)


class _Delivery:
    """One webhook: a queue and the thread that empties it."""

    def __init__(self, name: str, webhook: Webhook, terms: _Terms) -> None:
        self.webhook = webhook
        self._name = name
        self._terms = terms
        self._queue: deque[bytes] = deque()
        self._throttle = Throttle()
        self._changed = Condition()
        self._closing = False
        self._down = False
        self._thread = Thread(target=self._run, name=f"webhook-{name}", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def take(self, record: Record, rule: str, per_minute: int) -> None:
        with self._changed:
            if not self._throttle.tells(rule, per_minute, record, self._terms.clock()):
                self._terms.count(self._name, "summed_up")
                return
            self._put(notice_body(record, rule, self._terms.gateway))

    def close(self, seconds: float) -> None:
        with self._changed:
            self._sum_up(at_once=True)
            self._closing = True
            self._changed.notify_all()
        self._thread.join(seconds)
        with self._changed:
            for _ in self._queue:
                self._terms.count(self._name, "closed")
            self._queue.clear()

    def _put(self, body: bytes) -> None:
        if len(self._queue) >= self._terms.limits.waiting:
            self._terms.count(self._name, "full")
            return
        self._queue.append(body)
        self._changed.notify_all()

    def _sum_up(self, *, at_once: bool = False) -> None:
        for summary in self._throttle.over(self._terms.clock(), at_once=at_once):
            self._put(summary_body(summary, self._terms.gateway))

    def _run(self) -> None:
        limits = self._terms.limits
        verify = self._terms.tls if self._terms.tls is not None else True
        with httpx.Client(timeout=limits.seconds, trust_env=False, follow_redirects=False, verify=verify) as client:
            while (body := self._next()) is not None:
                self._deliver(client, body)

    def _next(self) -> bytes | None:
        """What to tell next, waited for; None when there is nothing more to come. It stays queued until it was told."""
        with self._changed:
            while not self._queue and not self._closing:
                self._changed.wait(1.0)  # a summary is due by the clock
                self._sum_up()
            return self._queue[0] if self._queue else None

    def _deliver(self, client: httpx.Client, body: bytes) -> None:
        limits, delivery = self._terms.limits, secrets.token_hex(8)
        pause = limits.first_pause
        outcome = "failed"
        for attempt in range(1, limits.tries + 1):
            outcome = self._try(client, body, delivery)
            if outcome != "again" or attempt == limits.tries:
                break
            self._terms.count(self._name, "again")
            with self._changed:
                if self._changed.wait_for(lambda: self._closing, pause):
                    break
            pause = min(limits.longest_pause, pause * 2)
        self._tell_state(outcome)
        with self._changed:
            if self._queue and self._queue[0] is body:
                self._queue.popleft()
                self._terms.count(self._name, "failed" if outcome == "again" else outcome)

    def _try(self, client: httpx.Client, body: bytes, delivery: str) -> str:
        """One attempt: sent, refused for good, or to be tried again."""
        try:
            headers = signed_headers(self.webhook.secret, body, timestamp=int(self._terms.clock()), delivery=delivery)
            with client.stream("POST", self.webhook.url, content=body, headers=headers) as answer:
                status = answer.status_code
        except Exception:  # noqa: BLE001 - whatever the other side does, the thread must live and tell the next
            return "again"
        if 200 <= status < 300:
            return "sent"
        return "again" if status >= 500 or status in _TRY_AGAIN else "refused"

    def _tell_state(self, outcome: str) -> None:
        """Once when it begins to fail and once when it works again; not the address, which may hold a token."""
        down = outcome != "sent"
        if down and not self._down:
            _log.warning("a webhook does not take notices", webhook=self._name, outcome=outcome, waiting=self.waiting)
        elif self._down and not down:
            _log.info("a webhook takes notices again", webhook=self._name, waiting=self.waiting)
        self._down = down
