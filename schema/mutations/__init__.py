"""The mutations of the GraphQL face, a noun a file; each is input to command, call, wrap."""
