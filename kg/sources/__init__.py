"""Public data sets, one module each: its release, files and licence at its head, and `read(fetch) -> Rows`."""
