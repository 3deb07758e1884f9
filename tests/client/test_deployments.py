"""From a trained network to its inference API, over a real host, by client and command line."""

import contextlib

import numpy as np
import pytest
import torch

from jupyter_platform.cli.main import run
from jupyter_platform.core.errors import ConflictError, NotFoundError, OptionError
from tests.waiting import DEADLINE_S, until


def test_what_a_job_has_learnt_is_served_stopped_started_and_deleted(
    platform, shared_paths, capsys
):
    job = platform.submit("LEARN", "mlp", "iris", max_iterations=20)
    job.wait(DEADLINE_S, raise_on_failure=True)
    deployment = job.deploy(title="<i>flowers</i>").wait_ready(DEADLINE_S)
    with contextlib.ExitStack() as stack:
        stack.callback(deployment.delete)
        x = np.array([[5.1, 3.5, 1.4, 0.2]], np.float32)

        answer = deployment.predict(x)

        expected = job.network()
        assert np.allclose(answer["outputs"], as_array(expected, x), atol=1e-4)
        record = deployment.record
        assert (record.network, record.tag) == ("mlp", f"{job.id}/best")
        assert deployment.url() == f"jupyter-platform/deployments/{deployment.id}/api/"
        assert deployment.id in deployment.snippets()["python"]
        assert "Ready" in deployment.log()
        assert platform.deployment("<i>flowers</i>").id == deployment.id

        assert run(["deployment", deployment.id]) == 0
        assert "answers" in capsys.readouterr().out
        assert run(["deployment", "stop", deployment.id]) == 0
        until(lambda: deployment.state == "stopped")
        with pytest.raises(ConflictError):
            deployment.predict(x)
        deployment.start().wait_ready(DEADLINE_S)
        assert deployment.predict(x)["outputs"] == answer["outputs"]
        stack.pop_all()

    assert run(["deployment", "delete", "--yes", deployment.id]) == 0
    until(lambda: deployment.id not in [one.id for one in platform.deployments(limit=None)])
    with pytest.raises(NotFoundError):
        deployment.refresh()
    until(lambda: not list(shared_paths.hosts.glob(f"*/*/{deployment.id}")))
    assert not (shared_paths.mirror / deployment.id).exists()


def as_array(network, x):
    with torch.no_grad():
        return network(torch.from_numpy(x)).numpy()


def test_a_request_is_checked_before_it_is_made(platform, capsys):
    checked = platform.check_deployment("digit-classifier", cpu_num=1)
    assert checked.refusals == []
    assert checked.outlook

    with pytest.raises(OptionError) as error:
        platform.deploy("digit-classifier", cpu_num=99, colour="red")
    assert {item.field for item in error.value.errors} == {"cpu_num", "colour"}
    assert run(["deploy", "digit-classifier", "cpu_num=99", "--check"]) == 2
    assert "1 to 10" in capsys.readouterr().out
    assert platform.configuration("digit-classifier").groups["hardware"]["cpu_num"].value == 1
