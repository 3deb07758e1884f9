from __future__ import annotations

import json
import math
import threading

import pytest
import torch

from jupyter_platform.core.runs import RunProgress
from jupyter_platform.learning.run.recorder import Recorder
from jupyter_platform.runtime.event_log import EventLog
from jupyter_platform.runtime.records import read_records


@pytest.fixture
def events(tmp_path):
    log = EventLog(tmp_path)
    yield log
    log.close()


@pytest.fixture
def recorder(tmp_path, events):
    recorder = Recorder(tmp_path, events)
    recorder.start()
    return recorder


def messages(folder):
    lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [item["text"] for item in map(json.loads, lines) if item["kind"] == "message"]


def test_every_point_is_written_once_and_in_order(tmp_path, recorder):
    record = recorder.series("loss")
    values = torch.rand(20_000)
    for step, value in enumerate(values, 1):
        record((step, 1.7e9 + step / 2, value))
    recorder.close()

    records = read_records(tmp_path / "metrics" / "loss.rec")
    assert records["step"].tolist() == list(range(1, 20_001))
    assert records["time"].tolist() == [1.7e9 + step / 2 for step in range(1, 20_001)]
    assert records["value"].tolist() == values.tolist()


def test_points_reach_the_disk_while_the_loop_runs(tmp_path, recorder, wait_for):
    recorder.series("loss")((1, 1.7e9, torch.tensor(0.5)))

    wait_for(lambda: len(read_records(tmp_path / "metrics" / "loss.rec")) == 1)
    wait_for((tmp_path / "progress.json").exists)
    recorder.close()


def test_sync_writes_what_is_there(tmp_path, recorder):
    recorder.record("validation_loss", 10, 0.25)
    recorder.sync()

    assert read_records(tmp_path / "metrics" / "validation_loss.rec")["value"].tolist() == [0.25]
    assert recorder.latest("validation_loss") == 0.25
    recorder.close()


def test_progress_tells_the_last_values_and_none_for_nan(tmp_path, recorder):
    recorder.total, recorder.phase = 100, "training"
    recorder.record("loss", 7, math.nan)
    recorder.record("validation_loss", 5, 2.0)
    recorder.close()

    progress = RunProgress.model_validate_json((tmp_path / "progress.json").read_bytes())
    assert (progress.step, progress.total, progress.phase) == (7, 100, "training")
    assert progress.values == {"loss": None, "validation_loss": 2.0}
    assert math.isnan(read_records(tmp_path / "metrics" / "loss.rec")["value"][0])


def test_a_loss_that_is_not_finite_is_told_once(tmp_path, recorder):
    for step in (1, 2):
        recorder.record("loss", step, math.inf)
        recorder.sync()
    recorder.close()

    assert messages(tmp_path) == ["loss is not finite (step 1)."]


def test_points_that_cannot_be_written_wait_and_come_later(
    tmp_path, events, recorder, wait_for, monkeypatch
):
    record = recorder.series("loss")
    series = recorder._series["loss"]
    full = threading.Event()
    full.set()
    write = series._writer.append

    def append(*columns):
        if full.is_set():
            raise OSError(28, "No space left on device")
        write(*columns)

    monkeypatch.setattr(series._writer, "append", append)
    for step in range(1, 11):
        record((step, 1.7e9, float(step)))
    wait_for(lambda: messages(tmp_path))
    record((11, 1.7e9, 11.0))
    full.clear()
    recorder.close()

    steps = read_records(tmp_path / "metrics" / "loss.rec")["step"].tolist()
    assert steps == list(range(1, 12))
    assert messages(tmp_path) == [
        "Metrics cannot be written and wait in memory: [Errno 28] No space left on device."
    ]
