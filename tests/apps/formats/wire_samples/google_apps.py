"""Google's web apps: forms that hold JSON in strings, and arrays in place of messages."""

import json

from wire_samples.notations import FORM, as_form
from wire_samples.sample import WireSample

TOKEN = "AJvLN6N0123456789abcdef:1700000000000"


def nested(document: object) -> bytes:
    """`f.req` as a streamed call writes it: the array as a string in an array."""
    return as_form({"f.req": json.dumps([None, json.dumps(document, ensure_ascii=False)]), "at": TOKEN})


def batch(document: object) -> bytes:
    """One call with the array as its arguments."""
    return as_form({"f.req": json.dumps([[["MkEWBc", json.dumps(document, ensure_ascii=False), None, "generic"]]])})


def frame(payload: object, name: str | None = None) -> str:
    inner = json.dumps(payload, ensure_ascii=False)
    written = "\n" + json.dumps([["wrb.fr", name, inner, None, None, None, "generic"]], ensure_ascii=False) + "\n"
    return f"{len(written.encode('utf-16-le')) // 2}{written}"


GUARD = ")]}'\n\n"

SAMPLES = (
    WireSample(
        id="google-batch",
        path="/_/TranslateWebserverUi/data/batchexecute",
        document=[["name a river 😀", "auto", "de", True], [None]],
        prompt="name a river 😀",
        encode=batch,
        headers=FORM,
        media_type="application/json",
        answer=(GUARD, frame([None, [[[None, None, None, None, None, [["Grüße 😀"]]]]]], "MkEWBc")),
    ),
    WireSample(
        id="notebooklm",
        path="/_/LabsTailwindUi/data/google.internal.labs.tailwind.orchestration.v1.LabsTailwindOrchestrationService/"
        "GenerateFreeFormStreamed",
        document=[
            [[["0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"]]], "name a river 😀", [["An answer before", None, 2]], [2, None, [1]],
        ],
        prompt="name a river 😀",
        encode=nested,
        headers=FORM,
        media_type="application/json",
        answer=(
            GUARD,
            frame([["hm, yes", None, [], None, [[], None, 2]]]),
            frame([["Grü", None, [], None, [[], None, 1]]]),
            frame([["Grüße 😀", None, [], None, [[], None, 1]]]),
        ),
    ),
    WireSample(
        id="ai-studio",
        path="/$rpc/google.internal.alkali.applications.makersuite.v1.MakerSuiteService/GenerateContent",
        document=[
            "models/gemini-2.5-pro",
            [
                [[[None, "an earlier question"]], "user"],
                [[[None, "an earlier answer"]], "model"],
                [[[None, "name a river 😀"], [None, None, ["image/png", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAAAAAA=="]]], "user"],
            ],
            [[None, None, 7, 5]], [None, None, None, 65536, 1, 0.95, 64], "!an-opaque-token",
            [[[None, "Answer in French."]], "user"],
        ],
        prompt="name a river 😀",
        media_type="application/json",
        answer=(
            '[[[[[[[[null,"hm",null,null,null,null,null,null,null,null,null,null,1]],"model"]]],null,[1,2]],',
            '[[[[[[null,"Grü"]],"model"]]],null,[1,2]],[[[[[[null,"ße 😀"]],"model"],1]],null,[1,2]]]]',
        ),
        refused=(400, [7, "{message}"]),
    ),
    WireSample(
        id="workspace-gemini",
        path="/v1/genai/streamGenerate",
        document=[[82, None, [3, "doc-1", "text/plain", None, "session-1", ["some selected words of a sheet"]],
                   [None, None, "name a river 😀"]], [1, None, 1]],
        prompt="name a river 😀",
        media_type="application/json",
        answer=('[[[[["Grü"]]]],[[[["Grüße', ' 😀"]]]]]'),
        refused=(400, [7, "{message}"]),
    ),
    WireSample(
        id="google-ai-mode",
        path="/async/folif",
        document={"udm": 50, "beneath": "words that a page should not send"},
        prompt="",
        sniffed=False,
        media_type="text/html",
        answer=("<div data-mstk='x'><style>p { color: red }</style><p>Grü", "ße&#x20;<b>😀</b></p>", "</div>"),
    ),
)  # fmt: skip
