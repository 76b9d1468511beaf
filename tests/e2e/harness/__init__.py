"""Starting, steering and asking: the upstream and the gateway as real processes, and the clients that stand for people.

Separate from the tests so that what a setting or a command is called stands in one place, `names.py`.
"""
