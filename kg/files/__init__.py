"""Files as people and programs write them: text, tables, numbers, TOML; read strictly, each mistake with its place."""
