"""The server, with its chores in rounds of moments and no grace: what it does in hours a test meets in seconds."""

import sys
from datetime import timedelta

from app.cli import main
from proxy import sweeper, whole_sums

sweeper._INTERVAL_S = 0.1  # pyright: ignore[reportPrivateUsage, reportConstantRedefinition]  the haste
sweeper._GRACE = timedelta(0)  # pyright: ignore[reportPrivateUsage, reportConstantRedefinition]
whole_sums._PAUSE_S = 0.05  # pyright: ignore[reportPrivateUsage, reportConstantRedefinition]
sys.exit(main(["serve"]))
