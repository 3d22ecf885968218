import os
import platform
from pathlib import Path

import pytest

from proxy import disk
from proxy.disk import Disk, file_system_kind

# Lines as proc(5) describes them, with the optional fields that may stand before the dash.
MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 8:17 / /data rw,noatime shared:5 master:2 - xfs /dev/sdb1 rw,attr2
31 22 0:44 / /over - rw - overlay overlay rw
32 22 0:45 / /no/fields rw - tmpfs tmpfs rw
a line that is none
33 22 0:46 / /cut rw
"""


@pytest.mark.parametrize(
    ("device", "kind"),
    [((8, 1), "ext4"), ((8, 17), "xfs"), ((0, 45), "tmpfs"), ((0, 46), None), ((9, 9), None)],
)
def test_the_kind_of_a_file_system_is_read_from_the_mounts(device: tuple[int, int], kind: str | None) -> None:
    assert file_system_kind(MOUNTS, os.makedev(*device)) == kind


@pytest.mark.parametrize(
    ("system", "release", "kind", "is_safe"),
    [
        ("Linux", "5.8.0", "ext4", True),
        ("Linux", "6.12.3-cloud", "xfs", True),
        ("Linux", "5.7.19", "ext4", False),
        ("Linux", "4.18", "ext4", False),
        ("Linux", "unknown", "ext4", False),
        ("Linux", "6.1", "overlay", False),
        ("Linux", "6.1", "fuse.sshfs", False),
        ("Linux", "6.1", "nfs4", False),
        ("Darwin", "24.1.0", "ext4", False),
    ],
)
def test_syncs_are_shared_only_where_that_is_known_to_be_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, release: str, kind: str, *, is_safe: bool
) -> None:
    device = tmp_path.stat().st_dev
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 {os.major(device)}:{os.minor(device)} / / rw shared:1 - {kind} /dev/sda1 rw\n")
    monkeypatch.setattr(disk, "_MOUNTS", mounts)
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "release", lambda: release)

    assert Disk().shares_syncs(tmp_path) is is_safe


def test_what_is_cached_is_read_or_nothing_is(tmp_path: Path) -> None:
    path, buffer = tmp_path / "file", memoryview(bytearray(4))
    path.write_bytes(b"0123456789")
    disk = Disk()
    descriptor = disk.open(path)

    taken = disk.read_cached(descriptor, 3, buffer)

    disk.close(descriptor)
    assert buffer[:taken] == b"3456"[:taken]
    assert disk.read_cached(descriptor, 3, buffer) == 0, "a failure is left to the call that tells of it"
