"""Series: labs and wearables in time: what a course of values says, by published formulas."""
