"""What can be said of conditions without any exchange: which can never hold, and which hold whenever another does.

Separate because it is a small proof engine: pure, and sound before it is complete. What it cannot prove, it does not claim.
"""
