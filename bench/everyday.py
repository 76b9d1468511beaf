"""Requests as people's browsers and programs make them to ordinary services: what is easiest to take for a chat with a model.

Separate from `ordinary.py`, whose requests are made from service descriptions: these are written by hand from public references
and clients (`data/everyday.yaml`), and each is filled in many times with other words, the same in every run.
"""

import json
import random
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from lockgate.facts.traffic import Headers, Request, Response
from ordinary import Ordinary

DATA = Path(__file__).resolve().parent / "data" / "everyday.yaml"
TIMES = 20
_TYPES = {
    "json": "application/json", "form": "application/x-www-form-urlencoded", "multipart": "multipart/form-data; boundary=xYz",
    "text": "text/plain;charset=UTF-8", "grpc-web": "application/grpc-web+proto",
}  # fmt: skip
_SENTENCES = (
    "can you help me with my order", "how do I change the size of a shirt", "thanks, that works for me now",
    "what time does the meeting start tomorrow", "please summarise this for the others", "my parcel has not arrived yet",
    "which of the two is better for a small kitchen", "I would like to return the blue one", "write to me when you are there",
    "explain why the second test fails on the new machine", "the answer depends on the weather",
    "let us translate the page next week", "is there a model with a longer cable",
    "generate the report again, please", "we talked about the budget for spring",
    "The chat was slow today, sorry for that.", "Could somebody look at the draft before noon?",
    "lunch at twelve in the usual place", "wie lange dauert die Lieferung nach Bremen",
    "\u8bf7\u95ee\u8fd9\u4e2a\u5546\u54c1\u8fd8\u6709\u8d27\u5417",
)  # fmt: skip
_WORDS = ("red shoes", "weekly report", "garden chair", "blue lamp size M", "travel plan", "release notes", "oak table")
_NAMES = ("ada", "bela", "chris", "dana", "emil", "fran")
_SLOT = re.compile(r"SENTENCE|WORDS|NAME|UUID|ID|NUMBER|TIME")


def everyday() -> Iterator[Ordinary]:
    """Each request of the file, filled in `TIMES` times."""
    for family, name, url, coding, body, *answer in yaml.safe_load(DATA.read_text(encoding="utf-8")):
        chance = random.Random(name)  # the same words in every run
        for _ in range(TIMES):
            parts = urlsplit(_filled(url, chance))
            document = _filled(body, chance)
            headers = Headers((("content-type", _TYPES[coding]),))
            request = Request(
                method="POST", scheme="https", host=parts.hostname or "", port=443, path=parts.path or "/", query=parts.query,
                headers=headers,
            )  # fmt: skip
            response, answered = None, b""
            if answer:
                response = Response(status=200, headers=Headers((("content-type", answer[0]["type"]),)))
                answered = _filled(answer[0]["body"], chance).encode()
            yield Ordinary(
                source=f"everyday: {family}", api=name, request=request, document=document, content=_coded(coding, document),
                response=response, answer=answered,
            )  # fmt: skip


def _filled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        return {name: _filled(member, chance) for name, member in value.items()}
    if isinstance(value, list):
        return [_filled(member, chance) for member in value]
    return _SLOT.sub(lambda slot: _made(slot.group(), chance), value) if isinstance(value, str) else value


def _made(slot: str, chance: random.Random) -> str:
    digits = f"{chance.getrandbits(128):032x}"
    made = {
        "SENTENCE": chance.choice(_SENTENCES), "WORDS": chance.choice(_WORDS), "NAME": chance.choice(_NAMES),
        "UUID": f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}", "ID": digits[:10],
        "NUMBER": str(chance.randrange(10**6, 10**9)), "TIME": "2026-03-04T05:06:07Z",
    }  # fmt: skip
    return made[slot]


def _coded(coding: str, document: Any) -> bytes:
    if coding == "json":
        return json.dumps(document).encode()
    if coding == "form":
        return urlencode(document).encode()
    if coding == "multipart":
        fields = "".join(
            f'--xYz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in document.items()
        )
        return f"{fields}--xYz--\r\n".encode()
    if coding == "grpc-web":
        texts = [text.encode() for text in document.values()]
        message = b"".join(bytes((10 + 8 * index, len(text))) + text for index, text in enumerate(texts))
        return b"\x00" + struct.pack(">I", len(message)) + message
    return document.encode()
