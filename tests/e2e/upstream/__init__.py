"""The other end of the wire: one process that answers as the AI vendors do, and remembers every byte it was sent.

Separate from the harness because it must stand alone (`python -m upstream`), so that clients can be tried against it
without a gateway. It answers by host, keeps what arrived (also of requests that broke off), and lets a test decide when
a stream goes on.
"""
