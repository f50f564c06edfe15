"""Stores: where a graph rests, embedded in a file or on a server, and how to open one."""
