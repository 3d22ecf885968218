"""The schema in GraphQL's own language (SDL): what schema/schema.graphql holds."""

from schema.execution import build_schema


def export_schema() -> str:
    """Write the schema, ending with a line feed."""
    return build_schema(introspection=True).as_str() + "\n"
