"""What the graph can say, area by area: its kinds of nodes and its relations; `kg.schema` joins them."""
