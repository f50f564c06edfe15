"""Patient records, one module a format: identifiers become pseudonyms before anything is written."""
