"""Known: what every store keeps of its nodes, asked for so that a store of another version is noticed."""

from collections.abc import Collection

from kg.stores.protocol import OTHER_VERSION, Key, Known, Store, StoreError


def look_up(store: Store, found: Collection[Key]) -> dict[Key, Known]:
    """Return what is known of nodes that were found; raises `StoreError` where the store does not keep it."""
    answers = store.nodes(found)
    if answers.keys() < set(found):
        raise StoreError(OTHER_VERSION)
    return answers
