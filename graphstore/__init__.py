"""The property graph: the only home of Cypher and of the database driver."""
