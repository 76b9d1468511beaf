"""The gateway's own name, and the addresses of its pages that rules send people to.

Separate because a policy names them and the proxy answers them, and neither may know the other.
"""

PORTAL_HOST = "lockgate.internal"

EDUCATION_PAGE = f"http://{PORTAL_HOST}/learn"
"""Why AI apps are controlled here, which ones are approved, and whom to ask."""
