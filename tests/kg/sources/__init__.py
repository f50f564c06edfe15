"""Each source read from a tiny file of the published shape, and from the mirror."""
