"""The backup service: its own small program (Python's standard library, PostgreSQL's tools, age, zstd, rclone).

It has neither our code nor the master key. What it writes can be read only with the age identity, which is
kept elsewhere; what clients said stays sealed even then, until the master key is there too. docs/backups.md
tells an operator how to use it.
"""
