"""Analysis: from an endpoint table to an effect with its interval, one file a kind of analysis.

An estimator is called with a pandas table and returns an `Estimate`; each is a frozen dataclass of its settings.
"""
