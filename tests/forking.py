"""Processes to be killed, or to train together: forks of one process that has imported what is slow to import."""

import multiprocessing
from multiprocessing.context import ForkServerContext

IMPORTED_ONCE = ["gnn.distributed", "gnn.train", "kg.stores.ladybug", "kg.stores.neo4j", "pandas", "pytest"]
"""What the targets of all tests need: there is one such process for all, whichever test starts it."""


def forking() -> ForkServerContext:
    """Return the context whose processes these are; they share nothing with the tests' own."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED_ONCE)
    return context
