"""Two paths over real sockets."""

import asyncio
import urllib.request

import pytest

from lockgate.facts.problem import UsageError
from lockgate.sinks import Metrics, MetricsEndpoint


@pytest.fixture
async def endpoint():
    wrong, known = [], []
    serving = MetricsEndpoint("127.0.0.1", 0, Metrics(), health=lambda: "; ".join(wrong), remark=lambda: "; ".join(known))
    serving.wrong, serving.known = wrong, known
    await serving.start()
    yield serving
    await serving.close()


async def ask(endpoint, request):
    reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_real_client_reads_the_metrics(endpoint):
    def fetch():
        with urllib.request.urlopen(f"http://127.0.0.1:{endpoint.port}/metrics", timeout=10) as response:
            return response.headers["content-type"], response.read().decode()

    content_type, text = await asyncio.to_thread(fetch)
    assert content_type.startswith("text/plain; version=0.0.4")
    assert "# TYPE lockgate_decisions_total counter" in text


async def test_what_is_to_be_known_of_a_gateway_that_is_well_does_not_make_it_ill(endpoint):
    endpoint.known.append("changed files are refused by worker 1")
    answer = await ask(endpoint, b"GET /healthz HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"well\nchanged files are refused by worker 1\n")


async def test_health_is_200_or_503_with_the_reason(endpoint):
    assert (await ask(endpoint, b"GET /healthz HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
    endpoint.wrong.append("the record store is unavailable: disk full")
    answer = await ask(endpoint, b"GET /healthz HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert answer.endswith(b"disk full\n")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /secrets HTTP/1.1\r\n\r\n", b"404"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", b"405"),
        (b"CONNECT a:1 HTTP/1.1\r\n\r\n", b"405"),
        (b"GET /metrics\r\n\r\n", b"400"),
        (b"GET /metrics?name=x HTTP/1.0\r\n\r\n", b"200"),
    ],
)
async def test_everything_else_is_refused(endpoint, request_bytes, status):
    assert (await ask(endpoint, request_bytes)).split()[1] == status


async def test_head_has_no_body(endpoint):
    assert (await ask(endpoint, b"HEAD /metrics HTTP/1.1\r\n\r\n")).endswith(b"\r\n\r\n")


async def test_an_endless_head_gets_no_answer(endpoint):
    reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
    writer.write(b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 20_000)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()


async def test_an_address_in_use_is_a_usage_error(endpoint):
    with pytest.raises(UsageError, match=r"metrics\.listen"):
        await MetricsEndpoint("127.0.0.1", endpoint.port, Metrics()).start()
