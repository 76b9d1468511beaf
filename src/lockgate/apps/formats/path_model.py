"""The model's name where the path says it: deployments, engines, models and provider prefixes in URLs.

Separate because a dozen hosts carry other vendors' bodies under paths of their own, and the body then names no model.
"""

import re
from urllib.parse import unquote

_MARKS = re.compile(
    r"/(?:deployments|engines|models|model|serving-endpoints)/([^/?]{1,512})"
    r"|/ai/run/(@[A-Za-z0-9._-]{1,64}/[A-Za-z0-9._/-]{1,128})",
)
_ACTION = re.compile(r":[A-Za-z]{1,40}$")
"""What is done, behind the name. (A version number behind a colon belongs to the name.)"""
_NOT_MODELS = frozenset({"chat", "completions", "embeddings", "messages", "responses"})


def model_in_path(path: str) -> str:
    """The model or deployment that `path` names, or an empty string."""
    for found in _MARKS.finditer(path):
        model = unquote(_ACTION.sub("", found.group(1) or found.group(2)))
        if model not in _NOT_MODELS:
            return model
    return ""
