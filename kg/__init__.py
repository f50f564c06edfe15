"""The knowledge graph: what is known, by whom, under which identifier."""
