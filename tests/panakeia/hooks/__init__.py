"""CDS Hooks: cards at the moment of an order."""
