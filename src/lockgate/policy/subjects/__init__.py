"""The rows of the table of selectors, one file per subject; `policy/selectors.py` puts them in order."""
