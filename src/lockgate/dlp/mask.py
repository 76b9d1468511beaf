"""What stands in for a value: its kind, and at most a quarter of it where that helps a reviewer tell values apart.

Separate because masks travel to logs, records and rewritten prompts. It must never show more of a value than its style allows.
"""

from collections.abc import Sequence

from lockgate.dlp.hit import Hit
from lockgate.dlp.schema import MaskStyle

_SHOWN_AT_MOST = 4
_LOOKED_AT = 32
_HIDDEN = "****"


def mask_of(label: str, style: MaskStyle, value: str) -> str:
    """The mask of `value`, such as `[card ****1111]`."""
    match style:
        case MaskStyle.BARE:
            return f"[{label}]"
        case MaskStyle.HEAD:
            shown = _alphanumeric(value)[: _share(value)]
            return f"[{label} {shown}{_HIDDEN}]"
        case MaskStyle.TAIL:
            share = _share(value)
            shown = _alphanumeric(value)[-share:] if share else ""
            return f"[{label} {_HIDDEN}{shown}]"
        case MaskStyle.EMAIL:
            shown = _alphanumeric(value)[:1] if len(value) >= _SHOWN_AT_MOST else ""
            return f"[{label} {shown}{_HIDDEN}]"


def masked(text: str, hits: Sequence[Hit]) -> str:
    """`text` with every hit replaced by its mask. `hits` are in reading order and do not overlap, as a scan returns them."""
    pieces: list[str] = []
    position = 0
    for hit in hits:
        pieces += (text[position : hit.start], hit.mask)
        position = hit.end
    pieces.append(text[position:])
    return "".join(pieces)


def _alphanumeric(value: str) -> str:
    value = value if len(value) <= 2 * _LOOKED_AT else value[:_LOOKED_AT] + value[-_LOOKED_AT:]
    return "".join(character for character in value if character.isascii() and character.isalnum())


def _share(value: str) -> int:
    return min(_SHOWN_AT_MOST, len(_alphanumeric(value)) // 4)
