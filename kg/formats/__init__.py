"""Formats in which anybody may hand over a graph or a mapping, one module each: its `FILES`, and `read`.

`FILES` are the keys of a manifest's entry that name its files; `read(files, release)` gives their `kg.rows.Rows`.
"""
