"""A session of a coding agent, request by request: what is looked at is what is new, however the client changes old turns."""

import json
from itertools import count

import pytest

from lockgate.apps.formats.registry import FORMATS
from lockgate.facts.authorship import characters
from lockgate.facts.finding import ExaminationState, TextKind
from lockgate.facts.traffic import Body
from lockgate.runtime.examiner import Examiner
from lockgate.testing.builders import request

CREDENTIALS = frozenset({"credentials"})
SECRET = "password = 'kx8Lq2-Vt91mWz'"  # assembled here, opens nothing
TOOLS = [
    {"name": f"Tool{number}", "description": f"Does thing number {number}. " * 40, "input_schema": {"type": "object"}}
    for number in range(20)
]


class Agent:
    """Sends the whole history each time; a mark in the system prompt and reminders in old turns change with every request."""

    def __init__(self):
        self._number = count(1)
        self.messages = []

    def user(self, *blocks):
        self.messages.append({"role": "user", "content": list(blocks)})
        return self.request()

    def answered(self, *blocks):
        self.messages.append({"role": "assistant", "content": list(blocks)})

    def request(self):
        number = next(self._number)
        reminder = f"<system-reminder>\nThe list of things to do, as of step {number}: none.\n</system-reminder>"
        messages = json.loads(json.dumps(self.messages))
        messages[0]["content"].insert(0, {"type": "text", "text": reminder})
        system = [
            {"type": "text", "text": f"x-anthropic-billing-header: cc_version=2.1.37; cch={number:05x};"},
            {"type": "text", "text": "You are a coding agent. " * 400},
        ]
        body = {"model": "m", "max_tokens": 9, "system": system, "tools": TOOLS, "messages": messages}
        asked = request("POST", "https://api.anthropic.com/v1/messages")
        return FORMATS["anthropic-messages"].read_request(asked, Body(content=json.dumps(body).encode()))


def text(words):
    return {"type": "text", "text": words}


@pytest.fixture
async def examined(loaded_detectors):
    examiner = Examiner(loaded_detectors, processes=1, deadline_seconds=20.0)
    await examiner.start()

    async def look(conversation):
        result = await examiner.examine(conversation, CREDENTIALS, frozenset())
        assert result.state is ExaminationState.COMPLETE
        return result

    yield look
    await examiner.close()


async def test_each_request_of_a_session_costs_what_is_new_in_it(examined):
    agent = Agent()
    first = await examined(agent.user(text("Why does the build fail?")))
    assert first.already_seen == 0
    for step in range(10):
        agent.answered(
            text(f"Let me look, step {step}."), {"type": "tool_use", "id": "t", "name": "Bash", "input": {"c": "ls"}}
        )
        result = {"type": "tool_result", "tool_use_id": "t", "content": f"file-{step}.py\n" * 200}
        conversation = agent.user(result)
        later = await examined(conversation)
        # The system prompt and the first turn (their marks changed), what the model said, what the tool gave.
        assert (later.examined, later.already_seen) == (4, len(conversation.turns) - 4)


async def test_a_secret_is_found_where_it_is_and_again_when_it_is_history(examined):
    agent = Agent()
    await examined(agent.user(text("Read the settings.")))
    agent.answered({"type": "tool_use", "id": "t", "name": "Read", "input": {"path": "settings.py"}})
    conversation = agent.user({"type": "tool_result", "tool_use_id": "t", "content": SECRET})
    (found,) = (await examined(conversation)).findings
    assert conversation.turns[found.span.turn].parts[found.span.part].text == SECRET
    agent.answered(text("It has a password."))
    (again,) = (await examined(agent.user(text("Thanks.")))).findings
    assert again.mask == found.mask


def test_what_the_person_typed_is_a_small_part_of_it():
    agent = Agent()
    agent.user(text("Why does the build fail?"))
    agent.answered({"type": "tool_use", "id": "t", "name": "Bash", "input": {"c": "ls"}})
    counted = characters(agent.user({"type": "tool_result", "tool_use_id": "t", "content": "a.py"}, text("go on")))
    assert (counted[TextKind.HUMAN_TEXT], counted[TextKind.TOOL_RESULT]) == (len("go on"), len("a.py"))
    assert counted[TextKind.SYSTEM_PROMPT] > 9000
    assert counted[TextKind.OTHER] > 10_000
