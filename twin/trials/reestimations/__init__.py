"""Re-estimations: what one look at a part of the patients makes of a trial's size; a kind a file."""
