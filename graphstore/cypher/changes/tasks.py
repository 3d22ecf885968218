"""How tasks are written."""

from typing import Final

from graphstore.cypher.changes.writing import write

TASK_ADDED: Final = write("add tasks", "CREATE (t:Task) SET t = row")
