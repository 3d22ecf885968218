"""The loop of a worker in the background: at once while there is work, else after a pause, whatever a round meets."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from domain.errors import DomainError


async def work_in_rounds(
    run_once: Callable[[], Awaitable[bool]], pause_s: float, log: logging.Logger, *, what: str
) -> None:
    """Work until cancelled; `run_once` answers False if there was nothing to do. `what` is worked on, for the log."""
    while True:
        is_idle = True
        try:
            is_idle = not await run_once()
        except DomainError as error:
            log.warning("%s: the next round tries again: %s", what, error)
        except Exception:
            log.exception("%s: this round failed; the next one tries again", what)
        await asyncio.sleep(pause_s if is_idle else 0)
