"""The cluster's own certificate authority: only who can read the key takes part."""

from __future__ import annotations

import fcntl
import os
import ssl
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from distributed import Security

from jupyter_platform.cluster import VALID_FOR
from jupyter_platform.core.errors import HostError

RENEW_BEFORE = timedelta(days=30)
NAMES = ("ca.pem", "cert.pem", "key.pem")


def ensure_certificates(folder: Path) -> Security:
    """Return the credentials of the cluster, made when `folder` has none yet.

    One authority and one certificate that scheduler, hosts and coordinator all present. Both
    ends of a connection demand it, so a peer that cannot read the key is refused by either.

    Parameters
    ----------
    folder : Path
        Where ``ca.pem``, ``cert.pem`` and ``key.pem`` (0600) lie; made with mode 0700.

    Raises
    ------
    HostError
        If the folder cannot be written or belongs to another user.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_foreign(folder)
        folder.chmod(0o700)
        _with_lock(folder)
    except OSError as error:
        raise HostError(f"The certificates in {folder} cannot be used: {error}.") from error
    ca, certificate, key = (str(folder / name) for name in NAMES)
    make_security: Any = Security
    return cast(
        Security,
        make_security(
            require_encryption=True,
            tls_min_version=ssl.TLSVersion.TLSv1_3,
            tls_ca_file=ca,
            tls_client_cert=certificate,
            tls_client_key=key,
            tls_scheduler_cert=certificate,
            tls_scheduler_key=key,
            tls_worker_cert=certificate,
            tls_worker_key=key,
        ),
    )


def _refuse_foreign(folder: Path) -> None:
    owner = folder.stat().st_uid
    if owner != os.getuid():
        raise HostError(
            f"The folder of the certificates, {folder}, belongs to user {owner}, not to user "
            f"{os.getuid()}; choose another JUPYTER_DATA_DIR."
        )


def _with_lock(folder: Path) -> None:
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not _usable(folder):
            _make(folder)
    finally:
        os.close(descriptor)


def _usable(folder: Path) -> bool:
    """Whether certificate and key are there, belong together and will not expire soon.

    ``ca.pem`` is written last and removed first, so that where it is the others belong to it.
    """
    authority, certificate, key = (folder / name for name in NAMES)
    try:
        age_s = time.time() - authority.stat().st_mtime
        key.chmod(0o600)
        context = ssl.create_default_context(cafile=str(authority))
        context.load_cert_chain(certificate, key)
    except (FileNotFoundError, ssl.SSLError):
        return False
    return age_s < (VALID_FOR - RENEW_BEFORE).total_seconds()


def _make(folder: Path) -> None:
    """Make new files in a process of its own: `cryptography` would stay in this one's memory."""
    command = [sys.executable, "-P", "-m", "jupyter_platform.cluster.certificates", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    if made.returncode != 0:
        lines = made.stderr.strip().splitlines()
        raise HostError(
            f"The certificates in {folder} cannot be made: "
            f"{lines[-1] if lines else f'exit code {made.returncode}'}."
        )
