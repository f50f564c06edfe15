"""Kinds of warnings, one module each, with a `kg.query.safety.warning.WarningKind` called `KIND`.

A new kind is a new module here: it is found by its name.
"""
