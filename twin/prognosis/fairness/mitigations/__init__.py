"""Mitigations: ways to bring groups nearer together; a way a file, found by its name."""
