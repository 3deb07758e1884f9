"""``jupyter platform doctor`` on platforms that have something wrong."""

from __future__ import annotations

from datetime import UTC, datetime

from jupyter_platform.cli.doctor import check_hosts
from jupyter_platform.core.hosts import SlotSummary, StatusRecord
from jupyter_platform.runtime.paths import Paths


def test_the_doctor_says_why_a_host_cannot_join(start_coordinator):
    server = start_coordinator()
    reason = "Host here cannot join: This machine has only 0 CPUs left where 1 is needed."
    nothing = SlotSummary(total=0, busy=0)
    status = StatusRecord(
        version="9.9",
        protocol=1,
        started_at=datetime.now(UTC),
        uptime_s=1,
        owner="me",
        data_dir="/data",
        queued=1,
        running=0,
        finished=0,
        hosts=0,
        hosts_lost=0,
        slots=nothing,
        gpus=nothing,
        disk_free=10**12,
        warnings=[reason],
    )
    server.answers["GET /api/status"] = lambda _: (200, status.model_dump(mode="json"))

    finding = check_hosts(Paths.default())

    assert (finding.ok, finding.found, finding.advice) == (False, "0 up, 0 lost", reason)
