"""The desk over HTTP: who may ask what, and the verbs as answers."""
