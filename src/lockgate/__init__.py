"""Lockgate: a self-hosted secure web gateway for AI."""

__version__ = "0.1.0"
