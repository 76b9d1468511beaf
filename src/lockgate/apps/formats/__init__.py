"""Wire formats: bytes of a request or an answer on one side, `Conversation` and `ModelAnswer` on the other.

One file per format, the machinery they share in modules named after what it knows (`sse`, `json_text`, `machine_text` ...).
`registry` lists the formats; `base` is the contract. Nothing here may raise on hostile input, do I/O or keep unbounded text.
"""
