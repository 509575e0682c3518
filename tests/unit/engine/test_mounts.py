"""The kernel's list of mounts, and which of them others may write to."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch.engine.folders.mounts import (
    MOUNTINFO,
    Mount,
    mount_of,
    mounts_below,
    parsed,
    read_mounts,
    remote_of,
)

LIST = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:25 / /home/me/Team rw,nosuid - nfs4 server:/team rw,vers=4.2
31 22 0:26 / /home/me/My\040Notes rw - fuse.sshfs me@host:notes rw,user_id=0
32 22 8:1 / /home/me/Notes/Stick rw - exfat /dev/sda1 rw
33 22 0:30 / /home/me/Teamwork rw - cifs //nas/team rw
34 22 0:31 / /home/me/Over rw - ext4 /dev/vdb1 rw
35 34 0:32 / /home/me/Over rw - tmpfs tmpfs rw
36 22 8:2 / /home/me/Disk rw - fuseblk /dev/sdb1 rw
broken line
"""
MOUNTS = parsed(LIST)


def test_what_the_kernel_lists() -> None:
    assert [mount.point for mount in MOUNTS][:3] == ["/", "/home/me/Team", "/home/me/My Notes"]
    assert len(MOUNTS) == 8
    assert MOUNTS[1] == Mount("/home/me/Team", "nfs4", "0:25 server:/team")


@pytest.mark.parametrize(
    ("path", "kind", "remote"),
    [
        ("/home/me/Notes", "ext4", False),
        ("/home/me/Team", "nfs4", True),
        ("/home/me/Team/a/b", "nfs4", True),
        ("/home/me/Teamwork", "cifs", True),
        ("/home/me/Teams", "ext4", False),
        ("/home/me/My Notes", "fuse.sshfs", True),
        ("/home/me/Over/x", "tmpfs", False),
        ("/home/me/Disk", "fuseblk", False),
    ],
)
def test_the_kind_of_a_folder(path: str, kind: str, remote: bool) -> None:
    mount = mount_of(path, MOUNTS)
    assert mount is not None
    assert (mount.kind, mount.is_remote) == (kind, remote)
    assert (remote_of(path, MOUNTS) is not None) is remote


def test_what_is_mounted_inside() -> None:
    assert [mount.kind for mount in mounts_below("/home/me/Notes", MOUNTS)] == ["exfat"]
    assert mounts_below("/home/me/Team", MOUNTS) == ()
    remote = remote_of("/home/me", MOUNTS)
    assert remote is not None
    assert remote.kind == "nfs4"
    assert remote_of("/home/me/Notes", ()) is None


@pytest.mark.skipif(not MOUNTINFO.exists(), reason="only Linux lists its mounts so")
def test_the_mounts_of_this_computer(tmp_path: Path) -> None:
    mount = mount_of(str(tmp_path), read_mounts())
    assert mount is not None
    assert not mount.is_remote
