"""Finds what should not leave.

A text is normalised, one automaton names the candidates, exact patterns, validators, context and vetoes judge them, and what
remains is a hit with a detection confidence and a mask. What is looked for is data (`dlp/detectors`, `dlp/profiles`); how it is
looked for is here. This package must never perform I/O, let the text configure the search, or hand out the matched text.
"""
