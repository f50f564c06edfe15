"""The verbs of a Session, by what they are asked of: the graph, the network, patients and their twins."""
