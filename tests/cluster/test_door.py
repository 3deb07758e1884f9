"""The door of a host: who holds the cluster's certificate reaches its services, and nobody else."""

import asyncio
import ssl
import tempfile
from pathlib import Path

import pytest

from jupyter_platform.cluster.door import Door, client_context, enter
from jupyter_platform.cluster.tls import ensure_certificates
from jupyter_platform.core.errors import HostError
from jupyter_platform.runtime.atomic import write_json_atomic
from jupyter_platform.runtime.service_sockets import make_deployment_folder

DEPLOYMENT = "0123456789ab"


async def echo(reader, writer):
    while data := await reader.read(1000):
        writer.write(data)
    writer.close()


async def test_bytes_go_through_the_door_and_strangers_do_not(tmp_path):
    tls = tmp_path / "tls"
    ensure_certificates(tls)
    with tempfile.TemporaryDirectory(prefix="jp-") as folder:
        place = make_deployment_folder(Path(folder), DEPLOYMENT)
        service = await asyncio.start_unix_server(echo, str(place / "api.sock"))
        on_port = await asyncio.start_server(echo, "127.0.0.1", 0)
        port = on_port.sockets[0].getsockname()[1]
        write_json_atomic(place / "custom.json", {"port": port, "secret": "s3"})
        door = Door(Path(folder), tls)
        await door.open("127.0.0.1")
        context = client_context(tls)
        async with service, on_port:
            for name, secret in (("api", ""), ("custom", "s3")):
                (reader, writer), told = await enter(
                    "127.0.0.1", door.port, context, DEPLOYMENT, name
                )
                writer.write(b"\0there and back")
                assert await reader.readexactly(15) == b"\0there and back"
                assert told == secret
                writer.close()
            with pytest.raises(HostError, match="does not listen"):
                await enter("127.0.0.1", door.port, context, DEPLOYMENT, "ui")
            with pytest.raises(HostError, match="no service of a deployment"):
                await enter("127.0.0.1", door.port, context, "../../etc", "passwd")
            with pytest.raises((OSError, ssl.SSLError, HostError)):
                await enter("127.0.0.1", door.port, stranger(), DEPLOYMENT, "api")
            await door.close()


def stranger():
    """Return the TLS of somebody without a certificate of the cluster."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
