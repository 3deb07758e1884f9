"""The client against a real platform."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open

from jupyter_platform import Platform
from jupyter_platform.core.errors import (
    AmbiguousNameError,
    ConflictError,
    InvalidDataError,
    InvalidRequestError,
    NotFoundError,
    OptionError,
)
from tests.waiting import DEADLINE_S, until

SHORT = {"max_iterations": 40, "validation_interval": 20}
ENDLESS = {"max_iterations": -1, "validation_interval": 0}


@pytest.fixture(scope="session")
def learned(shared_paths):
    """A job that has learned digits for a moment."""
    with Platform() as hub:
        job = hub.submit("LEARN", "lenet-digits", "digits", name="learned", method="ADAM", **SHORT)
        assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
        return job


def test_a_job_is_found_by_id_prefix_and_name(platform, learned):
    for reference in (learned.id, learned.id[:6], "learned"):
        found = platform.job(reference)
        assert (found.id, found.name, found.type) == (learned.id, "learned", "LEARN")
        assert found.notice is None


def test_metrics_hold_every_step_once(learned):
    frame = learned.metrics()

    assert list(frame.columns) == [
        "step",
        "time",
        "loss",
        "validation_accuracy",
        "validation_loss",
    ]
    assert frame["step"].tolist() == list(range(1, 41))
    assert frame["loss"].notna().all()
    assert frame.loc[frame["validation_loss"].notna(), "step"].tolist() == [20, 40]
    assert list(learned.metrics("loss").columns) == ["step", "time", "loss"]


def test_the_result_of_a_finished_job(platform, learned):
    assert learned.result(timeout=DEADLINE_S)
    assert platform.jobs(search="learned")[0].result(timeout=DEADLINE_S) == learned.result()


def test_the_network_predicts_as_its_evaluation_says(platform, learned):
    evaluation = platform.submit(
        "EVALUATE", "lenet-digits", "digits", tag=f"{learned.record.tag}/best"
    )
    result = evaluation.result(timeout=DEADLINE_S)
    examples = result["examples"]

    network = learned.network()
    images = torch.tensor([example["input"] for example in examples])

    assert not network.training
    assert network(images).argmax(1).tolist() == [item["prediction"] for item in examples]


def test_weights_are_safetensors_with_or_without_a_copy(learned, tmp_path):
    own = learned.weights()
    copied = learned.weights(tmp_path, variant="last")

    assert own.is_file()
    assert copied.parent == tmp_path
    with safe_open(copied, framework="np") as file:
        assert "conv1.weight" in file.keys()  # noqa: SIM118 - no mapping
    with pytest.raises(NotFoundError, match="best, last"):
        learned.weights(variant="7")


def test_weights_from_elsewhere_are_downloaded_and_verified(platform, learned, monkeypatch):
    endpoint = platform._transport.endpoint
    remote = Platform(endpoint.url, endpoint.token)

    path = remote.job(learned.id).weights()

    assert path.parent.name == "downloads"
    assert path.read_bytes() == learned.weights().read_bytes()
    assert not remote.is_local


def test_the_log_is_told_whole_and_followed_to_its_end(learned):
    assert "".join(learned.follow_log()) == learned.log()


def test_of_two_jobs_with_one_name_reading_takes_the_newest_and_stopping_refuses(platform):
    first = platform.submit("LEARN", "mlp", "iris", name="twin", **SHORT)
    second = platform.submit("LEARN", "mlp", "iris", name="twin", **SHORT)

    found = platform.job("twin")

    assert found.id == second.id
    assert "2 jobs are named 'twin'" in found.notice
    for action in (found.stop, found.delete):
        with pytest.raises(AmbiguousNameError, match=first.id):
            action()
    for job in (first, second):
        job.wait(timeout=DEADLINE_S)
        platform.job(job.id).delete()
    with pytest.raises(NotFoundError, match="'twin'"):
        platform.job("twin")


def test_stopping_keeps_the_weights_and_the_job_can_go_on_as_another(platform):
    job = platform.submit("LEARN", "mlp", "iris", name="endless", **ENDLESS)
    until(lambda: job.progress and job.progress.step >= 10, lambda: job.record)
    with pytest.raises(ConflictError):
        job.delete()

    assert job.stop().wait(timeout=DEADLINE_S) == "stopped"
    again = job.resubmit(name="shorter", maxIterations=20, clean=True)

    assert job.weights(variant="last").is_file()
    assert again.wait(timeout=DEADLINE_S, raise_on_failure=True) == "finished"
    assert again.record.options["max_iterations"] == 20
    assert again.name == "shorter"


def test_waiting_ends_in_time_and_leaves_the_job(platform):
    job = platform.submit("LEARN", "mlp", "iris", **ENDLESS)

    with pytest.raises(TimeoutError, match="it goes on"):
        job.wait(timeout=0.2)

    assert not job.state.is_terminal
    job.stop().wait(timeout=DEADLINE_S)


def test_a_file_is_added_under_its_stem_and_other_content_under_another_name(platform, tmp_path):
    path = tmp_path / "my points.npz"
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 3)).astype("float32")
    np.savez(path, x=x, y=(x[:, 0] > 0).astype("int64"))

    job = platform.submit("LEARN", "mlp", path, **SHORT)
    first = platform.dataset("my-points").descriptor.file
    assert platform.ensure_dataset(path) == "my-points"
    assert platform.dataset("my-points").descriptor.file == first
    np.savez(path, x=x, y=(x[:, 1] > 0).astype("int64"))
    other = platform.submit("LEARN", "mlp", path, **SHORT)

    assert job.record.dataset == "my-points"
    assert other.record.dataset == "my-points-2"
    assert "are the dataset 'my-points-2'; 'my-points' holds others" in other.record.warnings[0]
    assert job.wait(timeout=DEADLINE_S) == "finished"
    assert platform.dataset("my-points").descriptor.file == first
    other.stop()
    platform.remove_dataset("my-points-2")
    platform.remove_dataset("my-points")
    with pytest.raises(NotFoundError):
        platform.dataset("my-points")


def test_a_file_never_takes_the_place_of_a_bundled_dataset(platform, tmp_path):
    path = tmp_path / "iris.csv"
    path.write_text("a,y\n1,0\n2,1\n")

    job = platform.submit("LEARN", "mlp", path, max_iterations=1)

    assert job.record.dataset == "iris-2"
    assert "'iris' holds others" in job.record.warnings[0]


@pytest.mark.parametrize("name", ["missing.npz", "missing.csv"])
def test_a_file_that_is_not_there_is_named(platform, name):
    with pytest.raises(InvalidDataError, match=name):
        platform.submit("LEARN", "mlp", name)


def test_wrong_submissions_name_the_field(platform):
    with pytest.raises(OptionError) as caught:
        platform.submit("LEARN", "mlp", "iris", learning_rte=1, batch_size=0)
    assert {error.field for error in caught.value.errors} == {"learning_rte", "batch_size"}
    assert "learning_rate" in caught.value.message
    with pytest.raises(InvalidRequestError, match="lenet-digits"):
        platform.submit("LEARN", "lenet-digit", "digits")
    with pytest.raises(InvalidRequestError, match="LEARN"):
        platform.submit("LERN", "mlp", "iris")


def test_a_check_stores_nothing(platform):
    before = platform.jobs(limit=1).total

    answer = platform.check("LEARN", "mlp", "iris", batch_size=8)

    assert answer.options["batch_size"] == 8
    assert answer.when
    assert platform.jobs(limit=1).total == before


def test_networks_are_added_shown_and_removed(platform, tmp_path):
    description = platform.network("mlp").description.model_dump(mode="json")
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({**description, "name": "mine"}))

    platform.add_network(path)

    assert "mine" in repr(platform.networks())
    platform.remove_network("mine")
    with pytest.raises(NotFoundError):
        platform.network("mine")


def test_options_are_served_as_a_schema(platform):
    assert platform.options("LEARN")["properties"]["batch_size"]["minimum"] == 1


def test_events_begin_with_a_snapshot_and_tell_of_a_job(platform):
    events = platform.events()
    assert next(events)["type"] == "snapshot"

    job = platform.submit("LEARN", "mlp", "iris", **SHORT)

    states = []
    for message in events:
        if message["type"] == "job" and message["job"]["id"] == job.id:
            states.append(message["job"]["state"])
            if states[-1] == "finished":
                break
    assert states[0] == "queued"


def test_jobs_and_status_draw_themselves(platform, learned):
    listing = platform.jobs(state=["finished"], type="LEARN", limit=1000)

    assert learned.id in {job.id for job in listing}
    assert learned.id in repr(listing)
    assert learned.id in repr(learned)
    assert platform.status().hosts == 1
    assert platform.hosts()[0].state == "up"


def test_many_jobs_are_submitted_in_one_request_or_none(platform):
    wanted = [
        {"type": "LEARN", "networks": "mlp", "dataset": "iris", "name": f"many {rate}",
         "learning_rate": rate, **SHORT}
        for rate in (0.1, 0.2, 0.3)
    ]  # fmt: skip

    jobs = platform.submit_all(wanted)

    assert [job.name for job in jobs] == ["many 0.1", "many 0.2", "many 0.3"]
    assert [job.record.given["learning_rate"] for job in jobs] == [0.1, 0.2, 0.3]
    with pytest.raises(InvalidRequestError) as caught:
        platform.submit_all([wanted[0], {**wanted[1], "batch_size": 0, "name": "never"}])
    assert [error.field for error in caught.value.errors] == ["jobs[1].batch_size"]
    assert not platform.jobs(search="never")
    for job in jobs:
        job.stop()
