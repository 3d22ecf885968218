"""The GraphQL face: types, one noun a file, over the use cases of resolvers/. It knows nothing of the graph."""
