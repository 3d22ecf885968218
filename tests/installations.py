"""An open installation on a test's graph and storage, as the jobs of `aruna verify`, `gc`, `backup` … are given one."""

import os
from pathlib import Path

from app.maintenance import Installation
from tests.proxy.bodies import Storage
from tests.world import World


def installation_on(
    world: World, storage: Storage, data_dir: Path | None = None, *, is_serving: bool = True
) -> Installation:
    """Put one together, in the storage's own folder if no other is given; `replace` changes what else a test wants."""
    folder = data_dir or storage.root
    return Installation(
        store=world.store,
        keyring=storage.keyring,
        data_dir=folder,
        keyring_file=folder / "keyring.json",
        blobs=storage.blobs,
        streams=storage.streams,
        clock=world.tick,
        random_bytes=os.urandom,
        is_serving=is_serving,
    )
