"""The nouns every other package speaks in: frozen dataclasses and enums, nothing that does anything.

This package is separate so that `apps`, `dlp`, `topics` and `policy` can share words without importing one another.
It must never perform I/O, read a clock or import another Lockgate package.
"""
