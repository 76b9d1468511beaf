"""Files that are uploaded in one request and named in another: the records find each other, and no name of a file is kept."""

from hashlib import sha256
from typing import Any

import pytest
from harness.clients import http_client
from harness.device import Device
from harness.gateway import Gateway, StartGateway
from harness.policies import DETECTOR_FILES, GUARDED, MESSAGE, SECRET
from harness.upstream import Since
from upstream.web_apps import FILES_HOST

NAME = "quarter-plan.txt"
WORDS = b"a plan for the next quarter"
CHATGPT = "https://chatgpt.com/backend-api"


@pytest.fixture(scope="module")
def gateway(share_gateway: StartGateway) -> Gateway:
    return share_gateway(GUARDED, DETECTOR_FILES)


def chatgpt_page(device: Device, content: bytes) -> None:
    """The calls of the page, in its order, until one of them is refused."""
    with http_client(device, headers={"origin": "https://chatgpt.com"}) as client:
        asked = client.post(f"{CHATGPT}/files", json={"file_name": NAME, "file_size": len(content), "use_case": "my_files"})
        given = asked.raise_for_status().json()
        store = {"x-ms-blob-type": "BlockBlob", "content-type": "text/plain"}
        client.put(given["upload_url"], content=content, headers=store).raise_for_status()
        named = {"file_id": given["file_id"], "file_name": NAME, "use_case": "my_files", "index_for_retrieval": True}
        client.post(f"{CHATGPT}/files/process_upload_stream", json=named).raise_for_status()
        attached = {"id": given["file_id"], "name": NAME, "mimeType": "text/plain", "size": len(content)}
        message = {
            "id": "m1", "author": {"role": "user"}, "content": {"content_type": "text", "parts": ["what is in it?"]},
            "metadata": {"attachments": [attached]},
        }  # fmt: skip
        body = {"action": "next", "messages": [message], "parent_message_id": "client-created-root", "model": "gpt-5"}
        client.post(f"{CHATGPT}/f/conversation", json=body).raise_for_status()


def test_the_calls_of_an_upload_and_its_prompt_belong_together(gateway: Gateway) -> None:
    watch = gateway.watch()
    chatgpt_page(gateway.device, WORDS)
    asked, sent, finished, prompt = watch.several(4, kind="request")
    assert (asked["path"], sent["method"]) == ("/backend-api/files", "PUT")
    assert (asked["path"], sent["method"]) == ("/backend-api/files", "PUT")
    assert prompt["refers_to"] == ["file-Abc1"]
    assert "file-Abc1" not in sent["uploaded_as"]  # the store knows the address alone
    assert (sent["host"], sent["app"], sent["operation"]) == (FILES_HOST, "chatgpt", "upload")
    (file,) = sent["attachments"]
    assert file == {"type": "text/plain", "declared": "text/plain", "size": len(WORDS), "sha256": sha256(WORDS).hexdigest()}

    page = gateway.shown(prompt["id"])
    assert all(upload["id"] in page for upload in (asked, sent, finished))
    page = gateway.shown(sent["id"])
    assert all(other in page for other in (asked["id"], finished["id"], prompt["id"], file["sha256"]))

    kept = str([prompt, asked, sent, finished])
    assert NAME not in kept
    assert "sig=" not in kept
    assert "next quarter" not in kept


def test_a_file_that_may_not_leave_is_stopped_where_it_leaves(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with pytest.raises(Exception, match="400"):
        chatgpt_page(gateway.device, f"all about {SECRET}".encode())
    asked, stopped = watch.several(2, kind="request")
    assert (asked["verdict"], stopped["verdict"]) == ("allow", "block")
    assert (stopped["method"], stopped["host"], stopped["rule"]) == ("PUT", FILES_HOST, "no-codenames")
    assert [finding["found_in"] for finding in stopped["findings"]] == ["file"]
    assert FILES_HOST not in {arrival.host for arrival in reached.arrivals()}
    assert MESSAGE not in str(stopped)


def test_the_file_of_an_sdk_is_named_by_the_id_it_was_given(gateway: Gateway) -> None:
    from openai import OpenAI

    watch = gateway.watch()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in gateway.device.environment().items():
            patch.setenv(name, value)
        with OpenAI(api_key="test", timeout=20) as client:
            file = client.files.create(file=(NAME, WORDS, "text/plain"), purpose="user_data")
            said: Any = [{"role": "user", "content": [{"type": "input_text", "text": "what is in it?"},
                                                      {"type": "input_file", "file_id": file.id}]}]  # fmt: skip
            client.responses.create(model="gpt-5", input=said)
    upload, prompt = watch.several(2, kind="request")
    assert file.id in upload["uploaded_as"]
    assert prompt["refers_to"] == [file.id]
    assert (upload["client_product"], prompt["client_kind"], prompt["credential"]) == ("openai-python", "sdk", "token")
    assert upload["id"] in gateway.shown(prompt["id"])
    assert upload["attachments"][0]["sha256"] == sha256(WORDS).hexdigest()
