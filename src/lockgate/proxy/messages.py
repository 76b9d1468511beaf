"""mitmproxy's messages, made without looking at the type of each of their fields every time.

Separate because it replaces a method of mitmproxy. The check is for authors of scripts, it is left out by `python -O` as
well, and it takes an eighth of the time of a small request; we make two messages of our own, both typed.
"""

from mitmproxy import http


def install_unchecked_messages() -> None:
    """From now on, take the fields of messages as they are."""
    if not hasattr(http.MessageData, "__post_init__"):
        return  # under `python -O` there is nothing to leave out

    def unchecked(_self: http.MessageData) -> None:
        """Nothing to check."""

    http.MessageData.__post_init__ = unchecked  # type: ignore[method-assign]  # dataclasses call it if it is there
