"""The graph neural network: ranks links of the knowledge graph and says why."""
