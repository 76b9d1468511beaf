"""Files of many requests, one JSON object per line: batches, training examples, evaluation data.

Separate because their prompts belong to no single format: each line is read by the shape of the body it holds. Text of lines
that fit none stays visible as it is.
"""

from lockgate.apps.formats.anthropic_messages import read_messages_body
from lockgate.apps.formats.budget import Budget
from lockgate.apps.formats.gemini_generate import read_contents
from lockgate.apps.formats.json_text import Parsed, parse_json, write_json
from lockgate.apps.formats.json_view import dig, is_object, items, members
from lockgate.apps.formats.openai_chat import is_messages, read_messages
from lockgate.apps.formats.openai_completions import read_prompts
from lockgate.apps.formats.openai_embeddings import read_input
from lockgate.apps.formats.openai_responses import read_items
from lockgate.apps.formats.page import Page
from lockgate.facts.problem import Path
from lockgate.facts.prompt import PartKind, Role

_MOST_LINES = 10_000
_MOST_MARKS = 400_000
"""What is larger stays one text: reading it line by line would hold up everybody else."""
MAX_VALUES = 100_000
"""Values of all lines of a body's files. They share no budget with the rest: a file that is not read line by line is text."""
_WRAPPERS = ("body", "params", "request", "modelInput", "input", "item", "data")


def lines_of(text: str, budget: Budget) -> list[object] | None:
    """The objects on the lines of `text`, or None when it is no such file or too large a one."""
    if text[:1] != "{" or text.count("\n") > _MOST_LINES or text.count('"') + text.count("{") > _MOST_MARKS:
        return None
    found = [parse_json(line.encode("utf-8", "surrogatepass"), budget) for line in text.split("\n") if line.strip()]
    values: list[object] = [parsed.value for parsed in found if isinstance(parsed, Parsed) and is_object(parsed.value)]
    return values if values and len(values) == len(found) else None


def written_lines(values: object) -> str:
    """The file again."""
    return "".join(write_json(value).decode("utf-8", "surrogatepass") + "\n" for value in items(values))


def read_lines(page: Page, values: object, path: Path) -> None:
    """The prompts of every line of the file at `path`."""
    for index, value in enumerate(items(values)):
        at = (*path, index)
        wrapped = next((name for name in _WRAPPERS if is_object(dig(value, name))), None)
        read_any_body(page, dig(value, wrapped) if wrapped else value, (*at, wrapped) if wrapped else at)


def read_any_body(page: Page, body: object, path: Path) -> None:
    """The body of one request, by its shape."""
    said = members(body)
    if is_messages(said.get("messages")):
        if "system" in said:
            read_messages_body(page, body, path)
        else:
            read_messages(page, said["messages"], (*path, "messages"))
    elif "contents" in said:
        read_contents(page, body, path)
    elif "prompt" in said:
        read_prompts(page, said["prompt"], (*path, "prompt"))
        page.text((*path, "completion"), PartKind.TEXT)
    elif "input" in said:
        if isinstance(said["input"], str) or any(is_object(item) and "role" in item for item in items(said["input"])):
            read_items(page, body, path)
        else:
            read_input(page, said["input"], (*path, "input"))
    else:
        page.open(Role.USER, path)
