"""Notes: which nodes of the graph a text mentions, and what it says of each; the text itself is never kept."""
