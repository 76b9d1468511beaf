"""Adding a person to `users.yaml` without disturbing what the operator wrote there.

Separate because writing YAML by dumping data would lose comments and order: the new entry is put in as text, and the result
is read back and compared before it replaces the file. It must never leave a half-written file or one that others can read.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from lockgate.facts.problem import Problem, UsageError
from lockgate.home.replace_file import replace_file
from lockgate.home.yaml_document import parse_yaml

_HEADER = "# People who log in to the proxy, and networks that stand for people. `lockgate user add NAME` adds an entry.\n"


def add_user(path: Path, *, name: str, password_hash: str, groups: Sequence[str]) -> None:
    """Append a user. Raises UsageError when the name is taken, or when the file cannot be read, understood or written."""
    text = _read(path)
    data = parse_yaml(text, str(path)).data
    entry = {"name": name, "password": password_hash, "groups": list(groups)}
    expected = _with_entry(data, entry, path)
    changed = _inserted(text, entry, path)
    if parse_yaml(changed, str(path)).data != expected:
        raise _unusual_layout(path)
    replace_file(path, changed)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return _HEADER
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(Problem(problem=f"cannot read {path}: {error}")) from None


def _with_entry(data: object, entry: dict[str, Any], path: Path) -> dict[str, Any]:
    """The file's data as it shall be afterwards."""
    if data is None:
        data = dict[str, Any]()
    if not isinstance(data, dict):
        raise UsageError(Problem(problem=f"{path} is not a mapping", help="it starts with `users:`"))
    known = cast("dict[str, Any]", data)
    users: Any = known.get("users") or []
    if not isinstance(users, list):
        raise UsageError(Problem(problem=f"`users` in {path} is not a list", help="every entry starts with `- name:`"))
    listed = cast("list[Any]", users)
    if any(isinstance(user, dict) and cast("dict[str, Any]", user).get("name") == entry["name"] for user in listed):
        raise UsageError(
            Problem(
                problem=f"there is a user `{entry['name']}` in {path} already",
                help="remove that entry first to give a new password",
            )
        )
    return {**known, "users": [*listed, entry]}


def _inserted(text: str, entry: dict[str, Any], path: Path) -> str:
    """`text` with the entry after the last user. JSON strings and lists are valid YAML, whatever is in them."""
    root: Node | None = cast("Any", yaml).compose(text, Loader=yaml.SafeLoader)
    users = _users_node(root)
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    if users is None:
        return "".join(lines) + "users:\n" + _entry_text(entry, "  ")
    key, value = users
    if isinstance(value, SequenceNode) and value.value and not value.flow_style:
        indent = " " * value.start_mark.column
        at = _last_line(value) + 1
        return "".join([*lines[:at], _entry_text(entry, indent), *lines[at:]])
    is_empty = not value.value and value.start_mark.line == value.end_mark.line == key.start_mark.line
    if not is_empty:
        raise _unusual_layout(path)
    line = key.start_mark.line
    return "".join([*lines[:line], "users:\n", _entry_text(entry, "  "), *lines[line + 1 :]])


def _users_node(root: Node | None) -> tuple[Node, Node] | None:
    if not isinstance(root, MappingNode):
        return None
    pairs = cast("list[tuple[Node, Node]]", root.value)
    return next(((key, value) for key, value in pairs if key.value == "users"), None)


def _last_line(node: Node) -> int:
    """The line of the last character of `node`: the end mark of a block also takes in blank lines and comments after it."""
    match node:
        case SequenceNode() if node.value and not node.flow_style:
            return _last_line(node.value[-1])
        case MappingNode() if node.value and not node.flow_style:
            return _last_line(node.value[-1][1])
        case ScalarNode() if node.style in {"|", ">"}:
            return node.end_mark.line - 1
        case _:
            return node.end_mark.line


def _entry_text(entry: dict[str, Any], indent: str) -> str:
    values = [f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in entry.items()]
    return indent + "- " + (indent + "  ").join(values)


def _unusual_layout(path: Path) -> UsageError:
    problem = f"cannot add to the list of users in {path} as it is laid out"
    return UsageError(Problem(problem=problem, help="put each user on lines of its own, `- name: ...`"))
