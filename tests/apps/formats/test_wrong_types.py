"""Documents whose members have other types than every client sends: telling formats apart must not stumble over them."""

import json

import pytest
from planted import places, replaced
from test_contract import DOCUMENTS, request_for

from lockgate.apps.formats.registry import sniff
from lockgate.facts.traffic import Body

WRONG = ([], {}, None, True, 1, "")
DEEPEST = 4


@pytest.mark.parametrize("format_id", DOCUMENTS)
def test_a_member_of_any_type_is_looked_at_without_raising(format_id):
    """A list where a name belongs cannot be looked up in a set: a sniffer that tries fails, and takes the record along."""
    document = DOCUMENTS[format_id][1]
    at = [path for path in places(document) if path and len(path) <= DEEPEST]
    for path in at:
        for wrong in WRONG:
            sniff(request_for(format_id), Body(content=json.dumps(replaced(document, path, wrong)).encode()))


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize(
    "written",
    ['{"jsonrpc":"2.0","id":1,"method":%s}', '{"model":"m","input":[{"type":%s}]}'],
    ids=["a call", "steps"],
)
def test_shapes_of_two_protocols_with_a_wrong_type(written, wrong):
    content = written.replace("%s", json.dumps(wrong)).encode()
    sniff(request_for("openai-chat"), Body(content=content))
