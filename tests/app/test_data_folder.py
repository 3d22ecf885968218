import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.data_folder import DataFolder, DataFolderError
from tests.processes import is_running, wait_until

HOLDER = """
import sys, time
from pathlib import Path
from app.data_folder import DataFolder
folder = DataFolder.open(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(120)
"""


def test_the_folder_is_made_for_us_alone_and_names_what_it_holds(tmp_path: Path) -> None:
    with DataFolder.open(tmp_path / "a" / "data") as folder:
        assert folder.path == tmp_path / "a" / "data"
        assert folder.path.stat().st_mode & 0o777 == 0o700
        assert folder.graph == folder.path / "graph"
        assert folder.blobs == folder.path / "blobs"
        assert folder.keyring == folder.path / "keyring.json"
        assert folder.bootstrap == folder.path / "bootstrap.json"


def test_a_second_opening_is_refused_naming_the_folder_and_the_holder(tmp_path: Path) -> None:
    with DataFolder.open(tmp_path), pytest.raises(DataFolderError) as caught:
        DataFolder.open(tmp_path)

    assert str(caught.value) == (
        f"the data folder {tmp_path} is in use by process {os.getpid()}; "
        "stop that server, or give this one a folder of its own with ARUNA_DATA_DIR"
    )


def test_another_process_is_refused_until_the_holder_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"

        with pytest.raises(DataFolderError, match=f"in use by process {holder.pid};"):
            DataFolder.open(tmp_path)
        holder.kill()

    wait_until(lambda: not is_running(holder.pid), "the holder is gone")
    DataFolder.open(tmp_path).close()


def test_a_closed_folder_can_be_opened_again_and_closed_twice(tmp_path: Path) -> None:
    first = DataFolder.open(tmp_path)
    first.close()
    first.close()

    with DataFolder.open(tmp_path) as second:
        assert (second.path / "lock").read_text() == f"{os.getpid()}\n"


def test_programs_we_start_do_not_hold_the_lock_for_us(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", "print('runs', flush=True); import time; time.sleep(120)"],
        stdout=subprocess.PIPE,
        close_fds=False,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"runs\n"

        folder.close()

        DataFolder.open(tmp_path).close()
        program.kill()


def test_a_folder_that_cannot_be_made_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DataFolderError, match=f"the data folder {tmp_path}/file can't be used: File exists"):
        DataFolder.open(tmp_path / "file")


def test_a_relative_folder_is_resolved_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with DataFolder.open(Path("data")) as folder:
        monkeypatch.chdir("/")

        assert folder.path == tmp_path / "data"
