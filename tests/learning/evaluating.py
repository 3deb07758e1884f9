"""Evaluations of arrays, through the runner but in this process."""

from __future__ import annotations

import numpy as np
import torch

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.options import EvaluateOptions
from jupyter_platform.core.runs import JobRun, NetworkInput, RunId, RunSpec
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.distributed.process_group import Communicator
from jupyter_platform.learning.networks import WeightsHeader, build, save_weights
from jupyter_platform.learning.run.context import RunContext
from jupyter_platform.learning.run.recorder import Recorder
from jupyter_platform.learning.run.stop_signal import StopFlag
from jupyter_platform.learning.scoring import evaluator as runner
from jupyter_platform.runtime.event_log import EventLog

LINEAR = {"type": "Linear", "in_features": "$features", "out_features": "$outputs"}


def network(name, *layers, **fields):
    return NetworkDescription(name=name, layers=layers, **fields)


class Case:
    """Networks with fresh weights, and a dataset of arrays."""

    def __init__(self, folder, x, y, **fields):
        self.folder = folder
        self.x, self.y = x, y
        path = folder / "data.npz"
        np.savez(path, x=x, y=y)
        self.dataset = DatasetDescriptor(name="d", kind="npz", file="sha256:data", **fields)
        self.files = {"sha256:data": str(path)}
        self.networks, self.modules = [], []

    def add(self, description, shape, outputs, output_shape=None, *, factor=1.0):
        torch.manual_seed(len(self.networks))
        module = build(description, shape, outputs, output_shape).eval()
        with torch.no_grad():
            for values in module.parameters():
                values *= factor
        digest = f"sha256:{len(self.networks)}"
        path = self.folder / f"{len(self.networks)}.safetensors"
        header = WeightsHeader.of(description, shape, outputs, output_shape)
        save_weights(path, module.state_dict(), header)
        self.networks.append(NetworkInput(description=description, weights=digest))
        self.modules.append(module)
        self.files[digest] = str(path)
        return module

    def run(self, *, communicator=None, stop=None, **options):
        folder = self.folder / f"run{communicator.rank if communicator else ''}"
        folder.mkdir(exist_ok=True)
        spec = RunSpec(
            run=RunId(workload="e", attempt=1),
            name="e",
            files=self.files,
            process="jupyter_platform.learning.processes.process",
            job=JobRun(
                type=JobType.EVALUATE,
                networks=self.networks,
                dataset=self.dataset,
                options=EvaluateOptions.model_validate(options).model_dump(mode="json"),
            ),
        )
        events = EventLog(folder)
        recorder = Recorder(folder, events)
        context = RunContext(spec, folder, events, recorder, stop or StopFlag())
        context.communicator = communicator or Communicator()
        try:
            return runner.run(context)
        finally:
            events.close()


def everything(count):
    return {"test_set": (0, count), "batch_size": 7}
