"""Specifications of runs: what is of a job stands apart, and old ones can still be read."""

from __future__ import annotations

import pytest

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.runs import RunId, RunSpec

OLD = {
    "format": 1,
    "run": {"workload": "job", "attempt": 2, "rank": 1},
    "type": "EVALUATE",
    "name": "lenet on digits",
    "networks": [],
    "dataset": None,
    "pool": None,
    "options": {"batch_size": 7},
    "world_size": 2,
    "gang": {"address": "127.0.0.1", "secret": "s3", "store": "127.0.0.1:1"},
    "code": None,
    "contents": ["sha256:00"],
    "files": {"sha256:00": "/tmp/00"},
}
"""As the last release wrote it."""


def test_a_spec_of_the_last_release_runs_as_it_would_have():
    spec = RunSpec.model_validate(OLD)

    assert (spec.format, spec.process, spec.starts_warm, spec.meets_others) == (
        2,
        "jupyter_platform.learning.processes.process",
        True,
        True,
    )
    assert (spec.of_job().type, spec.of_job().options) == ("EVALUATE", {"batch_size": 7})
    assert (spec.contents, spec.files) == (OLD["contents"], OLD["files"])
    assert RunSpec.model_validate_json(spec.model_dump_json()) == spec


def test_a_run_need_not_be_a_jobs():
    spec = RunSpec(run=RunId(workload="d", attempt=1), name="an endpoint", process="some.module")

    assert not spec.meets_others
    with pytest.raises(InvalidRequestError, match="is no job's"):
        spec.of_job()
