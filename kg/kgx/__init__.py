"""KGX: the exchange format of graphs in Biolink's words, as TSV or JSON lines: any of them in, ours out and in."""
