"""The action that sends a person elsewhere: to an address, to an app of the library, or to the gateway's own page.

Separate from the other endings because where it leads has to be found: what a rule means is the address, so that is what the
typed action holds.
"""

from urllib.parse import urlsplit

from lockgate.facts.decision import Verdict
from lockgate.facts.portal import EDUCATION_PAGE
from lockgate.facts.problem import Path
from lockgate.policy.actions.row import ActionRow, ThenReading
from lockgate.policy.fields import is_mapping

_EXAMPLE = 'write `redirect: {to: "https://assistant.example.com/"}`, `{app: an-app}`, `{to: approved}` or `{to: education}`'
_APPROVED = "approved"
_EDUCATION = "education"


def is_web_address(text: str) -> bool:
    """Whether `text` is an absolute http or https URL with a host and without control characters or spaces."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # reading it is what validates it
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text


def _redirect(reading: ThenReading, argument: object, path: Path) -> None:
    reading.ends = Verdict.REDIRECT
    match argument if is_mapping(argument) else {}:
        case {"to": str(target), **rest} if not rest:
            reading.redirect_to = _address(reading, target, (*path, "to"))
        case {"app": str(app), **rest} if not rest:
            reading.redirect_to = _of_app(reading, app, (*path, "app"))
        case _:
            reading.refuse(path, "`redirect` takes `to` or `app` and nothing else", _EXAMPLE)


def _address(reading: ThenReading, target: str, path: Path) -> str:
    if target == _EDUCATION:
        return EDUCATION_PAGE
    if target == _APPROVED:
        return _approved(reading, path)
    if not is_web_address(target):
        help_text = "write a full one, for example https://assistant.example.com/, or one of the words approved, education"
        reading.refuse(path, f"`{target}` is not a web address", help_text)
    return target


def _approved(reading: ThenReading, path: Path) -> str:
    alternative = reading.surroundings.approved_alternative
    if not alternative:
        help_text = "write `approved_alternative: an-app` (or a web address) at the top of the policy"
        reading.refuse(path, "the policy names no approved alternative", help_text)
        return ""
    return alternative if is_web_address(alternative) else _of_app(reading, alternative, path)


def _of_app(reading: ThenReading, app: str, path: Path) -> str:
    vocabulary = reading.surroundings.vocabulary
    if app not in vocabulary.apps:
        reading.unknown(path, "app", app, sorted(vocabulary.apps))
        return ""
    address = vocabulary.app_addresses.get(app, "")
    if not is_web_address(address):
        help_text = f"write the address with `to:`, or give `{app}` a `homepage:` in its file"
        reading.refuse(path, f"the app `{app}` has no web address to send people to", help_text)
    return address


REDIRECTING = (
    ActionRow(
        name="redirect", read=_redirect, example=_EXAMPLE,
        doc="stop the exchange and send the person elsewhere: `to` a web address, to the policy's `approved` alternative or to "
        "the portal's `education` page, or to the home page of an `app` of the library; other clients are refused and told "
        "where. Rules below are not asked",
    ),
)  # fmt: skip
