"""The HTML that people see from the gateway itself, and how it is filled in and protected.

Separate because every page must come out the same way: autoescaped, self-contained, and under a Content-Security-Policy that
names its one style sheet and its one script by hash. A page must never load anything: where a request is stopped, nothing
loads.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_FOLDER = Path(__file__).parent


@cache
def _environment() -> Environment:
    # Unknown names are bugs; a page with a hole in it would hide one.
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _hash_source(name: str) -> str:
    """What a page includes between its tags, as a CSP source (CSP Level 3 section 2.3.1). It must agree to the byte."""
    included = _environment().get_template(name).render()
    return f"'sha256-{b64encode(sha256(included.encode()).digest()).decode()}'"


def render(template: str, **values: object) -> bytes:
    """A page as UTF-8. Every value is escaped. Raises jinja2.UndefinedError when the template asks for more than was given."""
    return _environment().get_template(template).render(**values).encode()


def render_script(template: str, **values: object) -> bytes:
    """A text that is not HTML, with nothing escaped: the values must be safe where the template puts them."""
    environment = _environment().overlay(autoescape=False)
    return environment.get_template(template).render(**values).encode()


def content_security_policy(
    *, script: str = "", connect: tuple[str, ...] = (), forms: bool = False, extra: tuple[str, ...] = ()
) -> str:
    """Nothing may load but our style sheet, the `script` file if one is named, and fetches to the `connect` origins.

    With `forms`, what is filled in may be sent to where the page came from.
    """
    directives = ["default-src 'none'", f"style-src {_hash_source('style.css')}"]
    if script:
        directives.append(f"script-src {_hash_source(script)}")
    if connect:
        directives.append(f"connect-src {' '.join(connect)}")
    return "; ".join((*directives, "base-uri 'none'", f"form-action {"'self'" if forms else "'none'"}", *extra))
