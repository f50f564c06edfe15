"""Open a store by its URL."""

from pathlib import Path

from kg.stores.protocol import Store, StoreError


def open_store(url: str | Path, *, create: bool = False) -> Store:
    """Open the store at a path (embedded) or a `bolt://` or `neo4j://` URL (server).

    With `create`, an embedded store that does not exist yet is allowed; without it, its absence raises `StoreError`.
    """
    text = str(url)
    if text.startswith(("bolt://", "bolt+s://", "bolt+ssc://", "neo4j://", "neo4j+s://", "neo4j+ssc://")):
        from kg.stores.neo4j import Neo4jStore

        return Neo4jStore(text)
    if "://" in text:
        scheme = text.partition("://")[0]  # the rest may hold a password
        raise StoreError(f"{scheme}:// is no store's URL: expected a file path, or a bolt:// or neo4j:// URL")
    from kg.stores.ladybug import LadybugStore

    return LadybugStore(Path(text), create=create)
