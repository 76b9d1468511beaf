"""The clients people use, each as one function: a device and a prompt in, the text the person sees out.

Separate because the same clients prove the laboratory (through a plain proxy) and the gateway. Every client finds proxy
and trust in the environment, as on a device that was set up by hand; a refusal comes out as whatever the client itself
raises.
"""

import itertools
import json
import ssl
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import httpx

from harness.device import Device
from harness.waiting import until

CHAT_URL = "https://api.openai.com/v1/chat/completions"
_SECONDS = 30.0
_numbers = itertools.count(1)


class ShownError(Exception):
    """What a client without exceptions of its own showed: status and text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatClient:
    """A way to send a prompt. `refused` names the exception class a person meets, `app` is the app's id in the library.

    `answerable` is whether a block can be told as an answer of the model.
    """

    id: str
    app: str
    host: str
    ask: Callable[[Device, str, str], str]
    operation: str = "send_prompt"
    refused: str = "ShownError"
    answerable: bool = True
    needs: tuple[str, ...] = ()


def chat_body(prompt: str, *, model: str = "gpt-5", stream: bool = False, history: tuple[str, ...] = ()) -> dict[str, Any]:
    """A chat completion request; `history` are earlier prompts, each with an answer."""
    earlier = [
        message
        for said in history
        for message in ({"role": "user", "content": said}, {"role": "assistant", "content": "I see."})
    ]
    return {"model": model, "stream": stream, "messages": [*earlier, {"role": "user", "content": prompt}]}


def events_of(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Server-sent events as (name, data)."""
    name, data = "message", ""
    for line in lines:
        if line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:"):
            data += line[5:].strip()
        elif not line and data:
            yield name, data
            name, data = "message", ""


def http_client(device: Device, **options: Any) -> httpx.Client:
    """A plain HTTP client on a device."""
    return httpx.Client(proxy=device.proxy, verify=device.tls, timeout=_SECONDS, trust_env=False, **options)


def new_body() -> dict[str, Any]:
    """A harmless chat body that no gateway has seen before; one that it has seen is not examined again."""
    return chat_body(f"nothing wrong with number {next(_numbers)}")


def whole_again(device: Device) -> None:
    """Wait until a harmless prompt gets its answer, over a new connection."""

    def serves() -> bool:
        try:
            with http_client(device) as client:
                return client.post(CHAT_URL, json=new_body()).status_code == 200
        except httpx.TransportError:
            return False

    until(serves, seconds=60, what="the gateway is whole again", every=0.2)


def _curl(device: Device, prompt: str, model: str, *, stream: bool) -> str:
    ran = subprocess.run(
        ["curl", "--silent", "--show-error", "--no-buffer", "--write-out", "\n%{http_code}", "--max-time", str(_SECONDS),
         "-H", "content-type: application/json", "-H", "authorization: Bearer test", "-d", "@-", CHAT_URL],
        input=json.dumps(chat_body(prompt, model=model, stream=stream)).encode(),
        env=device.environment(), capture_output=True, check=False, timeout=2 * _SECONDS,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr.decode()
    text, _, status = ran.stdout.decode().rpartition("\n")
    if status != "200":
        raise ShownError(int(status), text)
    if not stream:
        return json.loads(text)["choices"][0]["message"]["content"]
    chunks = [json.loads(data) for _, data in events_of(iter(text.split("\n"))) if data != "[DONE]"]
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)


def curl(device: Device, prompt: str, model: str) -> str:
    return _curl(device, prompt, model, stream=False)


def curl_stream(device: Device, prompt: str, model: str) -> str:
    return _curl(device, prompt, model, stream=True)


def _on(device: Device) -> Any:
    return patch.dict("os.environ", device.environment())


def openai_chat(device: Device, prompt: str, model: str) -> str:
    from openai import OpenAI

    with _on(device), OpenAI(api_key="test", timeout=_SECONDS) as client:
        answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": prompt}])
    return answer.choices[0].message.content or ""


def openai_chat_stream(device: Device, prompt: str, model: str) -> str:
    from openai import OpenAI

    with _on(device), OpenAI(api_key="test", timeout=_SECONDS) as client:
        stream = client.chat.completions.create(model=model, messages=[{"role": "user", "content": prompt}], stream=True)
        return "".join(chunk.choices[0].delta.content or "" for chunk in stream)


def openai_responses(device: Device, prompt: str, model: str) -> str:
    from openai import OpenAI

    with _on(device), OpenAI(api_key="test", timeout=_SECONDS) as client:
        return client.responses.create(model=model, input=prompt).output_text


def openai_responses_stream(device: Device, prompt: str, model: str) -> str:
    from openai import OpenAI

    with _on(device), OpenAI(api_key="test", timeout=_SECONDS) as client:
        stream = client.responses.create(model=model, input=prompt, stream=True)
        return "".join(event.delta for event in stream if event.type == "response.output_text.delta")


def openai_upload(device: Device, prompt: str, _model: str) -> str:
    from openai import OpenAI

    with _on(device), OpenAI(api_key="test", timeout=_SECONDS) as client:
        file = client.files.create(file=("notes.txt", prompt.encode(), "text/plain"), purpose="user_data")
    assert file.bytes == len(prompt.encode())
    return f"You said: {prompt}"


def anthropic_messages(device: Device, prompt: str, model: str) -> str:
    from anthropic import Anthropic

    with _on(device), Anthropic(api_key="test", timeout=_SECONDS) as client:
        answer = client.messages.create(model=model, max_tokens=100, messages=[{"role": "user", "content": prompt}])
    return "".join(block.text for block in answer.content if block.type == "text")


def anthropic_stream(device: Device, prompt: str, model: str) -> str:
    from anthropic import Anthropic

    with (
        _on(device),
        Anthropic(api_key="test", timeout=_SECONDS) as client,
        client.messages.stream(model=model, max_tokens=100, messages=[{"role": "user", "content": prompt}]) as stream,
    ):
        return "".join(stream.text_stream)


def anthropic_count(device: Device, prompt: str, model: str) -> str:
    from anthropic import Anthropic

    with _on(device), Anthropic(api_key="test", timeout=_SECONDS) as client:
        count = client.messages.count_tokens(model=model, messages=[{"role": "user", "content": prompt}])
    assert count.input_tokens == len(prompt.split())
    return f"You said: {prompt}"


def _gemini(device: Device) -> Any:
    from google import genai

    with _on(device):
        return genai.Client(api_key="test", vertexai=False)


def gemini(device: Device, prompt: str, model: str) -> str:
    with _on(device), _gemini(device) as client:
        return client.models.generate_content(model=model, contents=prompt).text or ""


def gemini_stream(device: Device, prompt: str, model: str) -> str:
    with _on(device), _gemini(device) as client:
        return "".join(chunk.text or "" for chunk in client.models.generate_content_stream(model=model, contents=prompt))


def gemini_array(device: Device, prompt: str, model: str) -> str:
    """The stream of the REST interface without `alt=sse`: one JSON array."""
    url = f"https://generativelanguage.googleapis.com/v1beta/models/{model}:streamGenerateContent"
    body = {"contents": [{"role": "user", "parts": [{"text": prompt}]}]}
    pieces = json.loads(_post(device, url, json=body))
    return "".join(part["text"] for piece in pieces for part in piece["candidates"][0]["content"]["parts"])


def ollama(device: Device, prompt: str, model: str) -> str:
    lines = _post(device, "https://ollama.com/api/chat", json=chat_body(prompt, model=model, stream=True)).splitlines()
    return "".join(json.loads(line)["message"]["content"] for line in lines)


class _PrefersHttp2(ssl.SSLContext):
    """Offers HTTP/2 first, as browsers do; httpx offers HTTP/1.1 first, and a proxy that has not asked the server takes
    the first.
    """

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        super().set_alpn_protocols(sorted(alpn_protocols, key=lambda name: name != "h2"))


def http2(device: Device, prompt: str, model: str) -> str:
    tls = _PrefersHttp2(ssl.PROTOCOL_TLS_CLIENT)
    tls.load_verify_locations(device.ca)
    with httpx.Client(proxy=device.proxy, verify=tls, timeout=_SECONDS, trust_env=False, http2=True) as client:
        answer = client.post(CHAT_URL, json=chat_body(prompt, model=model))
    assert answer.http_version == "HTTP/2"
    _raise_if_refused(answer)
    return answer.json()["choices"][0]["message"]["content"]


def chatgpt_web(device: Device, prompt: str, model: str) -> str:
    """What the page sends, without the page. Gives the text of the last whole message, or of the patches."""
    message = {"id": "m1", "author": {"role": "user"}, "content": {"content_type": "text", "parts": [prompt]}, "metadata": {}}
    body = {"action": "next", "messages": [message], "parent_message_id": "client-created-root", "model": model}
    url = "https://chatgpt.com/backend-api/f/conversation"
    text = _post(device, url, json=body, headers={"accept": "text/event-stream", "origin": "https://chatgpt.com"})
    said = ""
    for name, data in events_of(iter(text.split("\n"))):
        if data == "[DONE]" or name == "delta_encoding":
            continue
        change = json.loads(data)
        if change.get("message"):
            return "".join(change["message"]["content"]["parts"])
        if name == "delta" and isinstance(change.get("v"), str):
            said += change["v"]
    return said


def claude_web(device: Device, prompt: str, model: str) -> str:
    organisation, chat = "0c1f8f1e-0000-4000-8000-000000000001", "0c1f8f1e-0000-4000-8000-000000000002"
    url = f"https://claude.ai/api/organizations/{organisation}/chat_conversations/{chat}/completion"
    body = {"prompt": prompt, "model": model, "attachments": [], "files": [], "timezone": "UTC", "rendering_mode": "messages"}
    text = _post(device, url, json=body, headers={"accept": "text/event-stream", "origin": "https://claude.ai"})
    events = [json.loads(data) for _, data in events_of(iter(text.split("\n")))]
    return "".join(event["delta"]["text"] for event in events if event["type"] == "content_block_delta")


def gemini_web(device: Device, prompt: str, _model: str) -> str:
    """Gives the text of the last frame, which holds all of it."""
    inner = json.dumps([[prompt, 0, None, []], ["en"], ["", "", ""]])
    url = "https://gemini.google.com/_/BardChatUi/data/assistant.lamda.BardFrontendService/StreamGenerate?rt=c"
    content = urlencode({"f.req": json.dumps([None, inner]), "at": "token:1790000000000"})
    headers = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8", "origin": "https://gemini.google.com"}
    text = _post(device, url, content=content, headers=headers)
    assert text.startswith(")]}'")
    frames = [json.loads(line) for line in text.split("\n")[1:] if line.startswith("[")]
    return json.loads(frames[-1][0][2])[4][0][1][0]


def _post(device: Device, url: str, **options: Any) -> str:
    with http_client(device) as client:
        answer = client.post(url, **options)
    _raise_if_refused(answer)
    return answer.text


def _raise_if_refused(answer: httpx.Response) -> None:
    if answer.status_code != 200:
        raise ShownError(answer.status_code, answer.text)


_OPENAI = {"app": "openai-api", "host": "api.openai.com"}
_ANTHROPIC = {"app": "anthropic-api", "host": "api.anthropic.com"}
_GEMINI = {"app": "gemini-api", "host": "generativelanguage.googleapis.com"}

CLIENTS: tuple[ChatClient, ...] = (
    ChatClient(id="curl", ask=curl, needs=("curl",), **_OPENAI),
    ChatClient(id="curl-stream", ask=curl_stream, needs=("curl",), **_OPENAI),
    ChatClient(id="openai-chat", ask=openai_chat, refused="BadRequestError", **_OPENAI),
    ChatClient(id="openai-chat-stream", ask=openai_chat_stream, refused="BadRequestError", **_OPENAI),
    ChatClient(id="openai-responses", ask=openai_responses, refused="BadRequestError", **_OPENAI),
    ChatClient(id="openai-responses-stream", ask=openai_responses_stream, refused="BadRequestError", **_OPENAI),
    ChatClient(
        id="openai-upload", ask=openai_upload, refused="BadRequestError", operation="upload", answerable=False, **_OPENAI
    ),
    ChatClient(id="anthropic", ask=anthropic_messages, refused="BadRequestError", **_ANTHROPIC),
    ChatClient(id="anthropic-stream", ask=anthropic_stream, refused="BadRequestError", **_ANTHROPIC),
    ChatClient(
        id="anthropic-count",
        ask=anthropic_count,
        refused="BadRequestError",
        operation="token_count",
        answerable=False,
        **_ANTHROPIC,
    ),
    ChatClient(id="gemini", ask=gemini, refused="ClientError", **_GEMINI),
    ChatClient(id="gemini-stream", ask=gemini_stream, refused="ClientError", **_GEMINI),
    ChatClient(id="gemini-array", ask=gemini_array, **_GEMINI),
    ChatClient(id="ollama", ask=ollama, app="ollama", host="ollama.com"),
    ChatClient(id="http2", ask=http2, **_OPENAI),
    ChatClient(id="chatgpt-web", ask=chatgpt_web, app="chatgpt", host="chatgpt.com", refused=""),
    ChatClient(id="claude-web", ask=claude_web, app="claude", host="claude.ai", answerable=False),
    ChatClient(id="gemini-web", ask=gemini_web, app="gemini", host="gemini.google.com", refused=""),
)
"""Every client. An empty `refused` means that the refusal comes as the answer itself."""
