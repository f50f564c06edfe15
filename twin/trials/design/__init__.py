"""Design: how large a trial must be, when it is looked at, and when it stops."""
