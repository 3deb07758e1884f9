from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_platform.runtime.filesystem import network_file_system

MOUNTS = r"""
21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 21 0:50 / /home rw - nfs4 server:/home rw,vers=4.2
31 30 8:1 / /home/ada/local\040disk rw - xfs /dev/sdb1 rw
32 21 0:51 / /lab\134share rw - cifs //server/share rw
33 21 0:52 / /data rw - ext4 /dev/sdc rw
34 33 0:53 / /data rw shared:5 master:2 - lustre mgs:/fs rw
35 21 0:54 / /mnt/ssh rw - fuse.sshfs me@there: rw
36 21 0:55 / /mnt/disk rw - fuse.ntfs-3g /dev/sdd rw
37 21 0:56 / /homework rw - tmpfs none rw
a line of no sense
"""


@pytest.fixture
def mountinfo(tmp_path):
    (tmp_path / "mountinfo").write_text(MOUNTS)
    return str(tmp_path / "mountinfo")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", None),
        ("/var/lib", None),
        ("/home", "nfs4"),
        ("/home/ada/.local/share/jupyter", "nfs4"),
        ("/home/ada/local disk/x", None),
        ("/homework/x", None),
        ("/lab\\share/x", "cifs"),
        ("/data/x", "lustre"),
        ("/mnt/ssh/x", "fuse.sshfs"),
        ("/mnt/disk/x", None),
    ],
)
def test_longest_and_last_mount_decides(mountinfo, path, kind):
    assert network_file_system(Path(path), mountinfo) == kind


def test_links_are_followed(tmp_path, mountinfo):
    (tmp_path / "link").symlink_to("/home/ada")

    assert network_file_system(tmp_path / "link" / "x", mountinfo) == "nfs4"


def test_without_a_table_a_file_system_counts_as_local(tmp_path):
    assert network_file_system(tmp_path, str(tmp_path / "none")) is None


def test_this_machine_has_a_table_that_can_be_read():
    assert network_file_system(Path("/proc")) is None
