"""Drafting an app file from saved exchanges: `lockgate apps learn`.

A package of its own because it only proposes: nothing here is used on the traffic path.
"""
