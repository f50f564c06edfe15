"""The point of care: CDS Hooks 2.0.1, cards at the moment of an order; what they say is what `Session.pgx` says."""
