"""The model's name where the path says it: deployments, engines, models and provider prefixes in URLs.

Separate because a dozen hosts carry other vendors' bodies under paths of their own, and the body then names no model.
"""

import re
from urllib.parse import unquote

_MARKS = re.compile(
    r"/(?:deployments|engines|models|model|serving-endpoints|publishers/[^/]{1,64}/models)/([^/:?]{1,256})(?=[/:]|$)"
    r"|/ai/run/(@[A-Za-z0-9._-]{1,64}/[A-Za-z0-9._/-]{1,128})",
)
_NOT_MODELS = frozenset({"chat", "completions", "embeddings", "messages", "responses"})


def model_in_path(path: str) -> str:
    """The model or deployment that `path` names, or an empty string."""
    for found in _MARKS.finditer(path):
        model = unquote(found.group(1) or found.group(2))
        if model not in _NOT_MODELS:
            return model
    return ""
