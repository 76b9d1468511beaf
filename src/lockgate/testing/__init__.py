"""Notation and fakes for tests of Lockgate and of what is built on it: public, never imported by the gateway itself."""
