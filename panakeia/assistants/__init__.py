"""Assistants: the verbs as tools of the Model Context Protocol, over standard input and output and over HTTP."""
