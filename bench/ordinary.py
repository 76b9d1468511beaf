"""Requests of ordinary web APIs: what discovery must not take for a chat with a model.

Separate from measuring because it is the test set: from the service descriptions that botocore and google-api-python-client
ship, every operation with a JSON body filled with neutral values (or with the example that the vendor gives); and some bodies
written by hand. Vendors' own AI services are left out, by name.
"""

import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from lockgate.facts.traffic import Headers, Request, Response

DATA = Path(__file__).resolve().parent / "data" / "web_apis.yaml"
AMAZON_AI = re.compile(
    r"bedrock|^lex|^q(?:apps|business|connect)$|^wisdom$|sagemaker|^nova-act$|^agent-|-?agent$|elementalinference"
)
GOOGLE_AI = re.compile(
    r"aiplatform|generativelanguage|dialogflow|discoveryengine|cloudaicompanion|contactcenter|^ces\b|gemini|agent|firebaseml"
)
_DEEPEST = 4
_TEXT = "some words that a person may have written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordinary:
    """One request, with the set and the API it belongs to, and what answers it where that is known."""

    source: str
    api: str
    request: Request
    document: object = field(repr=False)
    content: bytes = field(repr=False)
    response: Response | None = None
    answer: bytes = field(default=b"", repr=False)


def by_hand() -> Iterator[Ordinary]:
    """The bodies beside this file."""
    for name, url, body in yaml.safe_load(DATA.read_text(encoding="utf-8")):
        parts = urlsplit(url)
        yield _made("written by hand", name, (parts.hostname or "", parts.path), body)


def of_amazon() -> Iterator[Ordinary]:
    """Every operation that botocore describes with a JSON body."""
    from botocore.session import Session  # noqa: PLC0415  (of `make bench-discovery`)

    session = Session()
    for name in session.get_available_services():
        if AMAZON_AI.search(name):
            continue
        model = session.get_service_model(name)
        protocol = model.metadata["protocol"]
        if protocol not in ("json", "rest-json"):
            continue
        try:
            given = session.get_component("data_loader").load_service_model(name, "examples-1", model.api_version)
        except Exception:  # noqa: BLE001  (most services have no examples; botocore has several errors for it)
            given = {}
        for operation in model.operation_names:
            described = model.operation_model(operation)
            method, path = described.http["method"], described.http["requestUri"].partition("?")[0]
            if described.input_shape is None or method not in ("POST", "PUT", "PATCH"):
                continue
            example = (given.get("examples", {}).get(operation) or [{}])[0].get("input")
            members = described.input_shape.members
            own = {key for key, shape in members.items() if "location" not in shape.serialization}
            body = example or {key: _of_shape(members[key], _DEEPEST) for key in members}
            document = {members[key].serialization.get("name", key): body[key] for key in body if key in own}
            where = (f"{model.endpoint_prefix}.example.com", re.sub(r"[{}+]", "", path))
            told = _answer_of(model.operation_model(operation))
            yield _made("Amazon", name, where, document, told)


def of_google() -> Iterator[Ordinary]:
    """Every method with a body in the newest description of each API that google-api-python-client ships."""
    spec = importlib.util.find_spec("googleapiclient")
    folder = Path((spec.origin if spec else "") or "").parent / "discovery_cache" / "documents"
    for file in sorted(folder.glob("*.json")):
        if GOOGLE_AI.search(file.name):
            continue
        described = json.loads(file.read_text(encoding="utf-8"))
        host = urlsplit(described.get("rootUrl", "https://x.googleapis.com/")).hostname or ""
        for method in _methods(described):
            if "request" in method and method["httpMethod"] in ("POST", "PUT", "PATCH"):
                body = _of_schema(method["request"], described.get("schemas", {}), _DEEPEST)
                path = "/" + re.sub(r"[{}+]", "", described.get("servicePath", "") + method["path"])
                told = _of_schema(method.get("response", {}), described.get("schemas", {}), _DEEPEST)
                yield _made("Google", described["name"], (host, path), body, told)


def _answer_of(described: Any) -> object:
    """What an operation answers, as its description has it."""
    shape = described.output_shape
    return {} if shape is None else {key: _of_shape(member, _DEEPEST) for key, member in shape.members.items()}


def _made(source: str, api: str, where: tuple[str, str], document: object, told: object = None) -> Ordinary:
    headers = Headers((("content-type", "application/json"),))
    host, path = where
    request = Request(method="POST", scheme="https", host=host, port=443, path=path or "/", headers=headers)
    return Ordinary(
        source=source, api=api, request=request, document=document, content=json.dumps(document).encode(),
        response=None if told is None else Response(status=200, headers=headers), answer=json.dumps(told).encode(),
    )  # fmt: skip


def _of_shape(shape: Any, depth: int) -> object:
    if shape.type_name == "structure":
        return {name: _of_shape(member, depth - 1) for name, member in shape.members.items()} if depth else {}
    if shape.type_name == "list":
        return [_of_shape(shape.member, depth - 1)] if depth else []
    if shape.type_name == "map":
        return {"name": _of_shape(shape.value, depth - 1)} if depth else {}
    if shape.type_name == "boolean":
        return True
    if shape.type_name in ("integer", "long", "float", "double"):
        return 3
    return shape.enum[0] if getattr(shape, "enum", None) else _TEXT


def _of_schema(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int) -> object:
    if "$ref" in schema:
        schema = schemas.get(schema["$ref"], {})
    kind = schema.get("type")
    if kind == "object":
        members = schema.get("properties", {}) if depth else {}
        return {name: _of_schema(member, schemas, depth - 1) for name, member in members.items() if not member.get("readOnly")}
    if kind == "array":
        return [_of_schema(schema.get("items", {}), schemas, depth - 1)] if depth else []
    if kind == "boolean":
        return True
    return 3 if kind in ("integer", "number") else (schema.get("enum") or [_TEXT])[0]


def _methods(described: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from described.get("methods", {}).values()
    for inner in described.get("resources", {}).values():
        yield from _methods(inner)
