"""The graph in RDF, in Biolink's terms: written as N-Quads, N-Triples or Turtle, and read back without loss."""
