"""The only home of Cypher: one module per concern, each statement with a name and a decoder.

One body of text runs on both engines. What the embedded engine misunderstands and this code therefore avoids: bare
pattern predicates (`NOT (a)--()`; EXISTS is right), a map projection as a value inside another map of a pattern
comprehension, patterns that start at a null node (they match anything there), range predicates on a value that
UNWIND gives (no index is used).
"""
