"""Only who can read the key of the cluster gets anything from scheduler and host."""

import asyncio
import contextlib
import os
import shutil
import socket
import ssl
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from cryptography import x509
from distributed import Security
from distributed.comm.core import connect

from jupyter_platform.cluster.certificates import write_certificates
from jupyter_platform.cluster.tls import NAMES, ensure_certificates
from tests.waiting import DEADLINE_S

from .conftest import connected, link_to

STRANGER = """
import ssl, sys
from pathlib import Path
refused = []
try:
    Path(sys.argv[1]).read_bytes()
except PermissionError:
    refused.append("key")
import socket
context = ssl._create_unverified_context()
for port in sys.argv[2:]:
    with socket.create_connection(("127.0.0.1", int(port)), timeout=180) as plain:
        try:
            with context.wrap_socket(plain) as tls:
                tls.sendall(b"x" * 64)
                tls.recv(1)
        except (ssl.SSLError, ConnectionError):
            refused.append(port)
print(*refused)
"""


def serve_both(processes):
    """Start a scheduler and a host and return their TLS addresses."""
    processes.scheduler()
    processes.host()

    async def addresses():
        async with connected(processes) as cluster:
            link = await link_to(cluster)
            return [cluster.scheduler_address, link.address]

    return asyncio.run(addresses())


def answer_without_certificate(address):
    """Return what comes to one who shows no certificate: a refusal, or the end."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(address, timeout=DEADLINE_S) as plain:
        try:
            with context.wrap_socket(plain) as caller:
                caller.sendall(b"123456789012/api\n")
                return caller.recv(1)
        except (ssl.SSLError, ConnectionError):
            return b""


def send(context, plain):
    with context.wrap_socket(plain) as tls:
        tls.sendall(b"\x00" * 64)
        return tls.recv(1)


def port_of(address):
    return int(address.rsplit(":", 1)[1])


def test_certificates_are_closed_to_others_and_kept(tmp_path):
    folder = tmp_path / "deep" / "tls"

    ensure_certificates(folder)
    first = {name: (folder / name).read_bytes() for name in NAMES}
    ensure_certificates(folder)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    assert {name: (folder / name).read_bytes() for name in NAMES} == first


def test_certificate_is_valid_for_ten_years_and_signed_by_the_authority(tmp_path):
    ensure_certificates(tmp_path / "tls")

    certificate, authority = (
        x509.load_pem_x509_certificate((tmp_path / "tls" / name).read_bytes())
        for name in ("cert.pem", "ca.pem")
    )

    certificate.verify_directly_issued_by(authority)
    assert certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=3650)


@pytest.mark.parametrize("name", NAMES)
def test_damaged_certificates_are_made_anew(tmp_path, name):
    folder = tmp_path / "tls"
    ensure_certificates(folder)
    (folder / name).write_text("no certificate")

    security = ensure_certificates(folder)

    assert "no certificate" not in (folder / name).read_text()
    security.get_listen_args("scheduler")


def test_key_that_others_could_read_is_closed_again(tmp_path):
    ensure_certificates(tmp_path)
    (tmp_path / "key.pem").chmod(0o644)

    ensure_certificates(tmp_path)

    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


def test_plain_socket_gets_nothing(processes):
    for address in serve_both(processes):
        with socket.create_connection(("127.0.0.1", port_of(address)), timeout=DEADLINE_S) as plain:
            plain.sendall(b"\x00" * 64)
            received = b""
            with contextlib.suppress(ConnectionError):
                while piece := plain.recv(1024):
                    received += piece

        # At most a TLS alert comes back (content type 21), and then the end.
        assert received == b"" or received[0] == 21, address


def test_tls_without_a_certificate_is_refused(processes):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    for address in serve_both(processes):
        plain = socket.create_connection(("127.0.0.1", port_of(address)), timeout=DEADLINE_S)
        # TLS 1.3 lets the client send before the server has refused it.
        with plain, pytest.raises((ssl.SSLError, ConnectionError)):
            send(context, plain)


def test_certificate_of_another_authority_is_refused(processes, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    write_certificates(other)
    addresses = serve_both(processes)
    # The stranger trusts our authority, so that only the server is left to refuse.
    security = Security(
        require_encryption=True,
        tls_ca_file=str(processes.paths.tls / "ca.pem"),
        tls_client_cert=str(other / "cert.pem"),
        tls_client_key=str(other / "key.pem"),
    )

    async def identify(address):
        arguments = security.get_connection_args("client")
        comm = await connect(address, timeout=DEADLINE_S, **arguments)
        await comm.write({"op": "identity"})
        return await comm.read()

    for address in addresses:
        with pytest.raises(OSError):  # noqa: PT011 - which one depends on when TLS 1.3 refuses
            asyncio.run(identify(address))


def test_no_port_is_open_but_those_with_tls(processes):
    addresses = serve_both(processes)

    listening = {
        connection.laddr
        for process in processes.running
        for one in (psutil.Process(process.pid), *psutil.Process(process.pid).children())
        for connection in one.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }

    known = {("127.0.0.1", port_of(address)) for address in addresses}
    assert known < listening
    (door,) = listening - known
    assert answer_without_certificate(door) == b""


@pytest.mark.root
def test_another_user_can_neither_read_the_key_nor_talk(processes):
    if os.getuid() != 0:
        pytest.skip("needs root, to become another user")
    ports = [str(port_of(address)) for address in serve_both(processes)]
    key = processes.paths.tls / "key.pem"
    # Every folder above is opened, so that only our own modes can refuse.
    for folder in processes.paths.data.parents:
        if folder != Path("/") and folder.stat().st_uid == 0:
            folder.chmod(folder.stat().st_mode | 0o055)

    stranger = subprocess.run(
        [shutil.which("python3", path="/usr/bin:/bin") or sys.executable, "-c", STRANGER]
        + [str(key), *ports],
        user="nobody",
        group="nogroup",
        extra_groups=[],
        capture_output=True,
        text=True,
        cwd="/",
        check=True,
    )

    assert stranger.stdout.split() == ["key", *ports]
