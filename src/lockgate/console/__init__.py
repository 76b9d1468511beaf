"""The admin console's place in the layers.

It has no pages yet: records are read with `lockgate log`, policies edited as files.
"""
