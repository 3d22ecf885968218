"""What the tests with real clients share: one server for those of the main job, and the clients' programs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.job import Job
from tests.e2e.programs import RCLONE, Program, aws_settings, installed, rclone_settings
from tests.e2e.server import running_server


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    """A server for a module, with nothing in it; each test has projects of its own."""
    with running_server(tmp_path_factory.mktemp("job")) as server:
        yield Job(server)


@pytest.fixture(scope="session")
def aws_path() -> Path:
    return installed("awscli", "1.46.3", "aws")


@pytest.fixture(scope="session")
def rclone_path() -> Path:
    return installed(*RCLONE, "rclone")


@pytest.fixture
def aws(aws_path: Path, job: Job) -> Program:
    """The AWS CLI as the administrator."""
    return Program(aws_path, aws_settings(job.bootstrap))


@pytest.fixture
def rclone(rclone_path: Path, job: Job) -> Program:
    """The program rclone with the administrator's remote `aruna:`."""
    return Program(rclone_path, rclone_settings(job.bootstrap))
