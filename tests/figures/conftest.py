from datetime import UTC, datetime

import pytest

from jupyter_platform.core.hosts import GpuRecord, HostDescription, HostRecord

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def make_host():
    """Return a function that describes a host."""

    def make(name="node1", gpus=0, **fields):
        cards = [
            GpuRecord(index=n, uuid=f"GPU-{n}", name="H100", memory=80_000_000_000)
            for n in range(gpus)
        ]
        description = HostDescription(
            name=name,
            id="0123456789abcdef",
            boot_id="boot",
            hostname="machine",
            arch="x86_64",
            os="Linux 6.1",
            ip="10.0.0.1",
            machine_cpus=8,
            cpus=4,
            memory=16_000_000_000,
            gpus=cards,
            version="0.1.0",
        )
        given = {"address": "tls://1", "state": "up", "joined_at": NOW, "last_seen_at": NOW}
        return HostRecord(description=description, **{**given, **fields})

    return make
