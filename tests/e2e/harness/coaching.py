"""The person's side of coaching: the link they were told, the page behind it, its form."""

import re
from html import unescape

import httpx

from harness import names

LINK = re.compile(r"http://lockgate\.internal/coach/[\w-]+")


def form_at(client: httpx.Client, link: str) -> dict[str, str]:
    """The fields of the page behind a link."""
    page = client.get(link)
    assert page.status_code == 200
    return {"form": unescape(re.findall(r'name="form" value="([^"]+)"', page.text)[0])}


def acknowledge(client: httpx.Client, link: str, *, origin: str = names.PORTAL) -> httpx.Response:
    """Press its button."""
    return client.post(f"{names.PORTAL}/coach", data=form_at(client, link), headers={"origin": origin})
