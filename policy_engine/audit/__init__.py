"""Decision records: what was rated, kept in a chain, verified, and rated again."""
