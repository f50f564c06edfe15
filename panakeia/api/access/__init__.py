"""Access: who calls the desk, what they may do, how often, and what is written down of it."""
