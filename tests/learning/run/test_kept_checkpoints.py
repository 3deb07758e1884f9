"""Jobs go on from checkpoints that the last release wrote.

Each folder below ``checkpoints`` holds one that was taken after 10 updates, and a ``case.json``:
the job, and the losses of the 10 updates that followed when that release went on from it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_platform.core.datasets import bundled_datasets
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.options import resolve_options
from jupyter_platform.core.runs import JobRun, NetworkInput, ResumePoint, RunId, RunSpec
from jupyter_platform.core.states import JobType
from jupyter_platform.runtime.records import read_records

CASES = sorted((Path(__file__).parent / "checkpoints").iterdir())


@pytest.mark.parametrize("kept", CASES, ids=lambda path: path.name)
def test_a_checkpoint_of_the_last_release_goes_on_as_it_did_there(kept, tmp_path, run_process):
    case = json.loads((kept / "case.json").read_text(encoding="utf-8"))
    files = {f"sha256:{path.name}": str(path) for path in (kept / "checkpoint").iterdir()}
    options, _ = resolve_options(JobType.LEARN, case["options"])
    spec = RunSpec(
        run=RunId(workload=kept.name, attempt=2),
        name=kept.name,
        files=files,
        resume=ResumePoint(step=10, files={Path(path).name: name for name, path in files.items()}),
        threads=1,
        process="jupyter_platform.learning.processes.process",
        job=JobRun(
            type=JobType.LEARN,
            networks=[
                NetworkInput(description=NetworkDescription.model_validate(item))
                for item in case["networks"]
            ],
            dataset=bundled_datasets()[case["dataset"]] if case["dataset"] else None,
            options=options.model_dump(mode="json"),
        ),
    )
    (tmp_path / "spec.json").write_text(spec.model_dump_json(), encoding="utf-8")

    result = run_process(tmp_path)

    assert (result.status, result.step) == ("finished", 20)
    losses = read_records(tmp_path / "metrics" / "loss.rec")
    assert losses["step"].tolist() == list(range(11, 21))
    assert losses["value"].tolist() == pytest.approx(case["loss"], rel=1e-3, abs=1e-6)
