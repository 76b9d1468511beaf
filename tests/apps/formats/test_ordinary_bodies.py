"""Bodies of ordinary web apps, which no shape of a model's call may claim, whatever the path."""

import json

import pytest

from lockgate.apps.formats.registry import sniff
from lockgate.facts.traffic import Body

ORDINARY = {
    "search box": {"query": "red shoes", "page": 1, "filters": [{"field": "size", "value": "42"}]},
    "search with text": {"text": "red shoes", "limit": 10},
    "site search of a store": {"requests": [{"indexName": "products", "query": "red shoes", "params": "page=0"}]},
    "graphql": {"operationName": "Cart", "query": "query Cart($id: ID!) { cart(id: $id) { total } }", "variables": {"id": "1"}},
    "graphql mutation with input": {
        "query": "mutation M($input: I!) { m(input: $input) }",
        "variables": {"input": {"text": "x"}},
    },
    "analytics": {"events": [{"type": "page_view", "ts": 1, "props": {"path": "/"}}], "context": {"ip": "203.0.113.7"}},
    "analytics batch": {"batch": [{"event": "click", "properties": {"text": "Buy"}}], "api_key": "public"},
    "error report": {"exception": {"values": [{"type": "Error", "value": "boom"}]}, "message": "boom", "level": "error"},
    "wallet": {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [{"to": "0x0", "data": "0x"}, "latest"]},
    "language server": {"jsonrpc": "2.0", "id": 1, "method": "textDocument/completion", "params": {"position": {"line": 1}}},
    "record of a customer": {"name": "Example", "notes": "called twice", "model": "X5", "inputs": {"colour": "red"}},
    "mail": {"messages": [{"from": "a@example.com", "subject": "Hello", "content": "text"}]},
    "comment": {"message": "nice picture", "post_id": 17},
    "chat of people": {"channel": "general", "text": "lunch?", "attachments": []},
    "form": {"input": "some text", "type": "feedback"},
    "work of a print shop": {"inputs": ["a.pdf", "b.pdf"], "parameters": {"copies": 2}},
    "translation memory": {"texts": ["one", "two"], "target": "de"},
    "numbers for anybody's model": {"instances": [[1.0, 2.0], [3.0, 4.0]], "parameters": {}},
    "a configurator": {"model": "Golf", "options": {"colour": "red"}, "size": "L"},
    "an article": {"title": "A", "content": [{"type": "text", "text": "words"}], "role": "editor"},
    "queue": {"task": {"id": "1", "status": {"state": "working"}}, "message": {"text": "go"}},
    "calendar": {"events": [{"type": "meeting", "content": [{"text": "x"}]}]},
    "contents of a box": {"contents": [{"sku": 1, "parts": 3}], "model": "box"},
    "list of files": {"input": [{"path": "a", "size": 1}], "model": "folder"},
    "places": {"documents": ["a", "b"], "query": "near me"},
}
PATHS = ("/api/v1/items", "/graphql", "/rpc", "/api/chat", "/search", "/v1/messages", "/collect")


@pytest.mark.parametrize("name", ORDINARY)
@pytest.mark.parametrize("path", PATHS)
def test_an_ordinary_body_is_nobodys_prompt(make_request, name, path):
    found = sniff(make_request(path, content_type="application/json"), Body(content=json.dumps(ORDINARY[name]).encode()))
    assert found is None, found.id
