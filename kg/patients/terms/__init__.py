"""Terms: what the codes of patients' records mean in the graph, one file a kind of event."""
