"""Records at rest: where they are kept, how they travel there from the workers, how captured text is sealed.

Separate because it is the one kind of I/O that must not lose anything: the only package that touches SQLite. It must never put
readable captured text on disk, and nothing in it may make traffic wait.
"""
