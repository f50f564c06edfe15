"""The digital twin: simulates patients under treatment, and whole trials."""
