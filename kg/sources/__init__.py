"""Public data sets, one module each: a `SOURCE` with its files, version and licence, and `read(fetch) -> Rows`."""
