"""Transports: ways to a site, and from it; a message is the same on each."""
