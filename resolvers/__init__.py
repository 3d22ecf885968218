"""Use cases of the GraphQL face: one noun a file. A function exists where there is a decision or a statement."""
