"""A page gives each text once."""

import json

from lockgate.apps.formats.leaf_paths import rewrite
from lockgate.apps.formats.page import Page
from lockgate.facts.prompt import Role


def test_what_lies_in_a_string_that_is_said_as_it_stands_is_not_said_again():
    """Two places of a description may name the same words, and each part must be replaceable beside all others."""
    document = {"content": json.dumps([{"text": "which river is this"}])}
    page = Page(document)
    page.open(Role.USER, ())
    page.typed(("content",))
    page.typed(("content", "json", 0, "text"))
    page.text(("content", "json", 0, "text"))
    parts = [part for turn in page.conversation().turns for part in turn.parts]
    assert [part.path for part in parts] == [("content",)]
    assert rewrite(document, {part.path: "masked" for part in parts}) == {"content": "masked"}
