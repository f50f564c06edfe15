"""What a trial is shown and written as: the report for its protocol team, and its files."""
