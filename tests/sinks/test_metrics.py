"""What is counted."""

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.record import FindingSummary
from lockgate.sinks import Metrics
from lockgate.store.wire import WorkerStats


@pytest.fixture
def metrics():
    return Metrics()


def samples(metrics):
    families = text_string_to_metric_families(metrics.render().decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def value(metrics, name, **labels):
    return samples(metrics).get((name, tuple(sorted(labels.items()))))


def test_an_exchange_is_counted_by_app_verdict_and_reason(metrics, record):
    finding = FindingSummary(detector="d", profiles=("credentials", "pii"), detection_confidence="high", mask="***")
    metrics.observe(
        record(app="chat", verdict=Verdict.BLOCK, reason=Reason.RULE, findings=(finding,), request_bytes=10, response_bytes=5,
               examination="complete", examination_us=2000)
    )  # fmt: skip
    assert value(metrics, "lockgate_decisions_total", app="chat", verdict="block", reason="rule") == 1
    assert value(metrics, "lockgate_findings_total", profile="pii") == 1
    assert value(metrics, "lockgate_bytes_total", direction="request") == 10
    assert value(metrics, "lockgate_examinations_total", state="complete") == 1
    assert value(metrics, "lockgate_examination_seconds_sum") == pytest.approx(0.002)


def test_a_tunnel_is_counted_by_reason_and_an_unknown_host_is_other(metrics, record):
    metrics.observe(record(kind="tunnel", host="bank.example", verdict=Verdict.TUNNEL, reason=Reason.DO_NOT_INSPECT))
    assert value(metrics, "lockgate_tunnels_total", reason="do_not_inspect") == 1
    assert value(metrics, "lockgate_decisions_total", app="other", verdict="tunnel", reason="do_not_inspect") == 1


def test_nobody_can_make_the_number_of_series_grow_without_end(metrics, record):
    for number in range(1500):
        finding = FindingSummary(detector="d", profiles=(f"p{number}",), detection_confidence="low", mask="*")
        metrics.observe(
            record(app=f"app{number}", host=f"h{number}", user=f"u{number}", path=f"/{number}", findings=(finding,))
        )
    found = samples(metrics)
    assert value(metrics, "lockgate_decisions_total", app="other", verdict="allow", reason="default") == 1000
    assert len(found) < 2500


def test_no_series_carries_a_user_host_path_or_address(metrics, record):
    metrics.observe(record(app="chat", host="very.example", user="ana", path="/p", client_address="192.0.2.77", tenant="acme"))
    text = metrics.render().decode()
    assert not any(word in text for word in ("very.example", "ana", "192.0.2.77", "acme", '"/p"'))


FIRST = WorkerStats(
    worker=1, pid=10, exchanges_opened=10, exchanges_recorded=7, exchanges_in_flight=3, records_pending=2, records_lost=1,
    clients_refused=5, rss_bytes=1000,
)  # fmt: skip


def test_a_workers_figures_become_counters_that_grow(metrics):
    metrics.update(FIRST)
    metrics.update(FIRST)
    metrics.update(replace(FIRST, exchanges_opened=12, exchanges_recorded=12, exchanges_in_flight=0))
    assert value(metrics, "lockgate_exchanges_opened_total") == 12
    assert value(metrics, "lockgate_exchanges_recorded_total") == 12
    assert value(metrics, "lockgate_records_lost_total") == 1
    assert value(metrics, "lockgate_records_pending", worker="1") == 2
    assert value(metrics, "lockgate_clients_refused_total") == 5
    assert value(metrics, "lockgate_exchanges_without_record", worker="1") == 0


def test_an_exchange_without_a_record_shows(metrics):
    metrics.update(replace(FIRST, exchanges_in_flight=1))
    assert value(metrics, "lockgate_exchanges_without_record", worker="1") == 2


def test_a_replaced_worker_is_a_restart_and_counters_do_not_fall(metrics):
    metrics.update(FIRST)
    metrics.worker_gone(1)
    assert value(metrics, "lockgate_worker_up", worker="1") == 0
    assert value(metrics, "lockgate_exchanges_in_flight", worker="1") == 0
    assert value(metrics, "lockgate_exchanges_died_total") == 3
    metrics.update(replace(FIRST, pid=11, exchanges_opened=4, exchanges_recorded=4, exchanges_in_flight=0))
    assert value(metrics, "lockgate_worker_up", worker="1") == 1
    assert value(metrics, "lockgate_worker_restarts_total", worker="1") == 1
    assert value(metrics, "lockgate_exchanges_opened_total") == 14


def test_the_state_of_the_store_shows(metrics):
    metrics.store_state(waiting=7, lost=2, unavailable="disk full")
    metrics.store_state(waiting=7, lost=3, unavailable="disk full")
    assert value(metrics, "lockgate_store_waiting") == 7
    assert value(metrics, "lockgate_store_available") == 0
    assert value(metrics, "lockgate_records_lost_total") == 3


def test_the_policy_of_each_worker_is_one_series_and_a_refused_change_shows(metrics):
    metrics.update(replace(FIRST, policy_version="aa"))
    metrics.update(replace(FIRST, policy_version="bb", policy_refused=True))
    metrics.update(replace(FIRST, worker=2, pid=11, policy_version="bb"))
    found = [line for line in metrics.render().decode().splitlines() if line.startswith("lockgate_policy_info{")]
    assert found == [
        'lockgate_policy_info{version="bb",worker="1"} 1.0', 'lockgate_policy_info{version="bb",worker="2"} 1.0',
    ]  # fmt: skip
    assert value(metrics, "lockgate_policy_refused", worker="1") == 1
    assert value(metrics, "lockgate_policy_refused", worker="2") == 0
    assert metrics.policy_remark() == "changed files are refused by worker 1: lockgate policy status"
    metrics.worker_gone(1)
    assert value(metrics, "lockgate_policy_refused", worker="1") == 0
    assert metrics.policy_remark() == ""


def test_workers_that_differ_are_told_of(metrics):
    metrics.update(replace(FIRST, policy_version="aa"))
    metrics.update(replace(FIRST, worker=2, pid=11, policy_version="bb"))
    assert metrics.policy_remark() == "workers have different policies"


def test_limits_that_were_reached_are_counted_by_rule(metrics, record):
    metrics.observe(record(verdict=Verdict.BLOCK, reason=Reason.LIMIT_REACHED, rule="few"))
    metrics.observe(record(verdict=Verdict.BLOCK, reason=Reason.RULE, rule="few"))
    assert value(metrics, "lockgate_limits_reached_total", rule="few") == 1
