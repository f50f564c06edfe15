"""Kinds: one file for each model that is fitted over sites; see `twin.prognosis.federated.kind`."""
