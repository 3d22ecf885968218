"""The server, but killed as by kill -9 when bytes are durable and about to be published."""

import os
import signal
import sys
from typing import NoReturn

from app.cli import main
from graphstore.publishing import Publisher


async def die(publisher: Publisher, publication: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives SIGKILL")


Publisher.publish = die  # pyright: ignore[reportAttributeAccessIssue]  the fault
sys.exit(main(["serve"]))
