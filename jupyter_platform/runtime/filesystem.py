"""Detection of the file system that a path lies on."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

NETWORK_TYPES = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb2",
        "smb3",
        "smbfs",
        "lustre",
        "gpfs",
        "beegfs",
        "ceph",
        "glusterfs",
        "9p",
        "afs",
        "coda",
        "orangefs",
        "pvfs2",
        "ocfs2",
        "gfs2",
        "panfs",
        "wekafs",
        "ncpfs",
    }
)
NETWORK_FUSE = frozenset(
    {
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.ceph",
        "fuse.ceph-fuse",
        "fuse.moosefs",
        "fuse.mfs",
        "fuse.lizardfs",
        "fuse.beegfs",
        "fuse.juicefs",
        "fuse.cvmfs",
        "fuse.cvmfs2",
        "fuse.s3fs",
        "fuse.gcsfuse",
        "fuse.goofys",
        "fuse.rclone",
        "fuse.davfs",
        "fuse.afs",
    }
)


def network_file_system(path: Path, mountinfo: str = "/proc/self/mountinfo") -> str | None:
    """Return the type of the network file system that a path lies on.

    Parameters
    ----------
    path : Path
        It need not exist; links are followed.
    mountinfo : str
        The kernel's table of mounts, see proc(5).

    Returns
    -------
    str or None
        ``"nfs4"``, …; None when the file system is local or there is no such table.
    """
    try:
        lines = Path(mountinfo).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    kind = _type_at(PurePosixPath(path.resolve()), lines)
    return kind if kind in NETWORK_TYPES or kind in NETWORK_FUSE else None


def _type_at(path: PurePosixPath, lines: list[str]) -> str | None:
    best, found = -1, None
    for line in lines:
        mount, separator, device = line.partition(" - ")
        fields = mount.split(" ")
        if not separator or len(fields) < 5:
            continue
        point = PurePosixPath(_unescape(fields[4]))
        depth = len(point.parts)
        # Of two mounts on one point the later hides the earlier.
        if depth >= best and path.is_relative_to(point):
            best, found = depth, device.split(" ")[0]
    return found


def _unescape(text: str) -> str:
    """Decode the octal escapes that stand for blanks, tabs, line ends and backslashes."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
