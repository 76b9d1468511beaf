"""The faster parser of JSON, for whatever strangers wrote.

Separate because the choice matters wherever it is made: a parser that knows names again by a hash alone can be shown two names
of one hash, and then takes one for the other, in this document or in the next of somebody else. This one compares them.
It keeps the last of several members of one name, and refuses lone surrogates.
"""

import msgspec

_DECODER = msgspec.json.Decoder()


def loads(content: bytes | bytearray | str) -> object:
    """The document in `content`; ValueError when it is none, or one that nests too deeply."""
    try:
        return _DECODER.decode(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None
