"""Prompt topics: what a prompt is about and what it is for, as calibrated probabilities.

Separate from `dlp`, which finds values: a topic has no place in the text. Nothing is classified yet; the package holds the
name, so that the layers around it are checked from the start. It must never perform I/O or decide what happens to a prompt.
"""
