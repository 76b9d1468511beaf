"""Counters for Prometheus, made from records and from what workers report.

Separate from the endpoint that serves them. Laws: labels are bounded (an app is one of the library or `other`, at most a
fixed number of each kind); hosts, users and paths are never labels; counters only grow, also across a worker's restart.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.record import Record
from lockgate.sinks.figures import FiguresOfWorker

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_OTHER = "other"
_LABELS_OF_A_KIND = 500
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """Everything that is counted. Safe to call from several threads."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._apps: set[str] = set()
        self._profiles: set[str] = set()
        self._rules: set[str] = set()
        self._seen: dict[int, FiguresOfWorker] = {}
        self._policies: dict[int, str] = {}
        self._lost_in_store = 0

        def counter(name: str, doc: str, *labels: str) -> Counter:
            return Counter(name, doc, labels, registry=registry)

        def gauge(name: str, doc: str, *labels: str) -> Gauge:
            return Gauge(name, doc, labels, registry=registry)

        self._decisions = counter("lockgate_decisions", "Exchanges by outcome", "app", "verdict", "reason")
        self._limits = counter("lockgate_limits_reached", "Exchanges stopped by a limit, by its rule", "rule")
        self._tunnels = counter("lockgate_tunnels", "Connections passed without decryption", "reason")
        self._findings = counter("lockgate_findings", "Findings by DLP profile", "profile")
        self._examinations = counter("lockgate_examinations", "Examinations by how they ended", "state")
        self._bytes = counter("lockgate_bytes", "Bytes of bodies and tunnels", "direction")
        self._examination_seconds = Histogram(
            "lockgate_examination_seconds", "Time spent examining an exchange", buckets=_SECONDS, registry=registry
        )
        self._opened = counter("lockgate_exchanges_opened", "Exchanges that began")
        self._recorded = counter("lockgate_exchanges_recorded", "Exchanges whose record was handed on")
        self._unrecorded = gauge(
            "lockgate_exchanges_without_record", "Exchanges that ended without a record; anything but 0 is a defect", "worker"
        )
        self._in_flight = gauge("lockgate_exchanges_in_flight", "Exchanges under way", "worker")
        self._pending = gauge("lockgate_records_pending", "Records not acknowledged by the recorder", "worker")
        self._lost = counter("lockgate_records_lost", "Records that could not be kept")
        self._resident = gauge("lockgate_worker_resident_bytes", "Resident memory of a worker", "worker")
        self._up = gauge("lockgate_worker_up", "Whether a worker is connected to the recorder", "worker")
        self._restarts = counter("lockgate_worker_restarts", "How often a worker was replaced", "worker")
        self._died = counter(
            "lockgate_exchanges_died",
            "Exchanges under way in a killed worker, by its last report; they have no record",
        )
        self._refused = counter("lockgate_clients_refused", "Connections from networks that may not use the gateway")
        self._policy = gauge("lockgate_policy_info", "The policy that a worker decides by, always 1", "worker", "version")
        self._policy_refused = gauge(
            "lockgate_policy_refused",
            "Whether a worker refuses what the files of its home say now (1) and goes on with what it has",
            "worker",
        )
        self._waiting = gauge("lockgate_store_waiting", "Records waiting to be committed")
        self._store_up = gauge("lockgate_store_available", "Whether records can be committed (1) or not (0)")
        self._store_up.set(1)
        self._notices = counter(
            "lockgate_notices",
            "Notices for webhooks by what became of them: sent, again (a try that failed), summed_up, and dropped: "
            "refused, failed, full, closed, unknown",
            "webhook", "outcome",
        )  # fmt: skip
        self._notices_waiting = gauge("lockgate_notices_waiting", "Notices that wait for their webhook")
        self._webhooks: set[str] = set()

    def observe(self, record: Record) -> None:
        """Count one stored record."""
        app = _bounded(record.app or _OTHER, self._apps)
        self._decisions.labels(app, record.verdict.value, record.reason.value).inc()
        if record.reason is Reason.LIMIT_REACHED:
            self._limits.labels(_bounded(record.rule or _OTHER, self._rules)).inc()
        if record.verdict is Verdict.TUNNEL:
            self._tunnels.labels(record.reason.value).inc()
        for finding in record.findings:
            for profile in finding.profiles:
                self._findings.labels(_bounded(profile, self._profiles)).inc()
        if record.examination:
            self._examinations.labels(record.examination).inc()
            self._examination_seconds.observe(record.examination_us / 1e6)
        self._bytes.labels("request").inc(max(0, record.request_bytes))
        self._bytes.labels("response").inc(max(0, record.response_bytes))

    def update(self, figures: FiguresOfWorker) -> None:
        """Take over what a worker reports. Its counters start at 0 again when its process is replaced."""
        worker = str(figures.worker)
        before = self._seen.get(figures.worker)
        if before is not None and before.pid != figures.pid:
            self._restarts.labels(worker).inc()
            before = None
        self._seen[figures.worker] = figures
        self._up.labels(worker).set(1)
        self._opened.inc(_growth(figures.exchanges_opened, before.exchanges_opened if before else 0))
        self._recorded.inc(_growth(figures.exchanges_recorded, before.exchanges_recorded if before else 0))
        self._lost.inc(_growth(figures.records_lost, before.records_lost if before else 0))
        without = figures.exchanges_opened - figures.exchanges_recorded - figures.exchanges_in_flight
        self._unrecorded.labels(worker).set(without)
        self._in_flight.labels(worker).set(figures.exchanges_in_flight)
        self._pending.labels(worker).set(figures.records_pending)
        self._resident.labels(worker).set(figures.rss_bytes)
        self._policy_refused.labels(worker).set(1 if figures.policy_refused else 0)
        self._set_policy(worker, figures.policy_version)
        self._refused.inc(_growth(figures.clients_refused, before.clients_refused if before else 0))

    def policy_remark(self) -> str:
        """In one line, what is to be known of policies beside that all is well; empty when there is nothing."""
        up = {number: self._seen[number] for number in sorted(self._policies) if number in self._seen}
        refusing = [str(number) for number, figures in up.items() if figures.policy_refused]
        if refusing:
            return f"changed files are refused by worker {', '.join(refusing)}: lockgate policy status"
        return "workers have different policies" if len({figures.policy_version for figures in up.values()}) > 1 else ""

    def _set_policy(self, worker: str, version: str) -> None:
        """One line for each worker: that of the version it had goes."""
        before = self._policies.get(int(worker), "")
        if before and before != version:
            self._policy.remove(worker, before)
        if version:
            self._policies[int(worker)] = version
            self._policy.labels(worker, version).set(1)

    def worker_gone(self, worker: int) -> None:
        """A worker's connection ended. What its last report said was under way will not be recorded any more."""
        last = self._seen.get(worker)
        if last is not None:
            self._died.inc(last.exchanges_in_flight)
            self._in_flight.labels(str(worker)).set(0)
        self._up.labels(str(worker)).set(0)
        self._policy_refused.labels(str(worker)).set(0)
        version = self._policies.pop(worker, "")
        if version:
            self._policy.remove(str(worker), version)

    def store_state(self, *, waiting: int, lost: int, unavailable: str) -> None:
        """Take over the writer's state; `lost` counts from the writer's start."""
        self._waiting.set(waiting)
        self._store_up.set(0 if unavailable else 1)
        self._lost.inc(_growth(lost, self._lost_in_store))
        self._lost_in_store = lost

    def notice(self, webhook: str, outcome: str) -> None:
        """Count what became of a notice."""
        self._notices.labels(_bounded(webhook, self._webhooks), outcome).inc()

    def notices_wait(self, waiting: int) -> None:
        """Take over how many wait."""
        self._notices_waiting.set(waiting)

    def render(self) -> bytes:
        """The text exposition format."""
        return generate_latest(self._registry)


def _bounded(value: str, known: set[str]) -> str:
    """`value` while there are few different ones; after that, all new ones are `other`."""
    if value in known:
        return value
    if len(known) >= _LABELS_OF_A_KIND:
        return _OTHER
    known.add(value)
    return value


def _growth(now: int, before: int) -> int:
    return max(0, now - before)
