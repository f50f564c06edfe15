"""The desk: every verb, asked by whoever may ask it, for the faces that are not a terminal."""
