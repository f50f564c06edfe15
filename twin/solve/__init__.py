"""Solve a model's equations for many patients at once, by the best way that their structure allows."""
