"""How changes of licences are written."""

from typing import Final

from graphstore.cypher.changes.writing import write

LICENSE_ADDED: Final = write("add licences", "CREATE (l:License) SET l = row.node")
