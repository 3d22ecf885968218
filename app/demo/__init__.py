"""`aruna demo load`: real scientific data from the package registry, in a project that shows what the system does.

A client like any other: it speaks GraphQL and S3 to a running server and touches neither its graph nor its bytes.
"""
