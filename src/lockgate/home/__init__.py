"""The gateway's home: finding it, creating it, reading its files. The only package that knows YAML."""
