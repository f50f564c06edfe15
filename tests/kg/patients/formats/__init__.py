"""Each format read from small records made here, and from the mirror."""
