"""The app library: which app a request goes to, what is being done there, which wire format carries it, how the app scores.

Knowledge is data (`apps/*.yaml`); this package is how it is indexed and matched. It must never perform I/O.
"""
