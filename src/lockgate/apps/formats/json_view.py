"""Looking into plain JSON data without trusting its shape: a wrong type reads as empty, never as an error.

Separate because every format and every answer interpreter walks data that a stranger wrote.
"""

from typing import Any, TypeGuard


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Whether `value` is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[object]]:
    """Whether `value` is an array."""
    return isinstance(value, list)


def members(value: object) -> dict[str, object]:
    """`value` when it is an object, otherwise an empty one."""
    return value if is_object(value) else {}


def items(value: object) -> list[object]:
    """`value` when it is an array, otherwise an empty one."""
    return value if is_array(value) else []


def string(value: object) -> str:
    """`value` when it is a string, otherwise an empty one."""
    return value if isinstance(value, str) else ""


def number(value: object) -> int:
    """`value` when it is a whole number, otherwise 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def dig(value: object, *steps: str | int) -> object:
    """What lies at `steps` below `value`, or None where a step does not exist."""
    node: Any = value
    for step in steps:  # asked for a dozen times in each message: no call inside
        if isinstance(step, str):
            node = node.get(step) if isinstance(node, dict) else None
        elif isinstance(node, list) and -len(node) <= step < len(node):
            node = node[step]
        else:
            return None
    return node
