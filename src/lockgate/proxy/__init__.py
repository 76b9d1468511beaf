"""The proxy: mitmproxy's hooks to the gate's events, the gate's effects to mitmproxy's flows.

The only package that imports mitmproxy. It must never decide anything: what to do with an exchange comes from `gate`,
and when that fails, the armed refusal stands.
"""
