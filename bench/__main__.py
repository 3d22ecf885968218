"""All benchmarks, one after the other: `make bench`. Needs no arguments; Neo4j takes part where a JDK and Maven are."""

import subprocess
import sys
from pathlib import Path

from tests.neo4j_server.server import what_is_missing

ROOT = Path(__file__).parent.parent

for module in ("bench.bytes", "bench.upstream", "bench.s3", "bench.graphql"):
    subprocess.run([sys.executable, "-m", module], cwd=ROOT, check=True)
missing = what_is_missing()
if missing is not None:
    print(missing)
subprocess.run([sys.executable, "-m", "bench.graph", "embedded", *([] if missing else ["neo4j"])], cwd=ROOT, check=True)
