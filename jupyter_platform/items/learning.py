"""Learning and predicting with the platform's own networks, in the process of an item."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from jupyter_platform.core.datasets import DatasetDescriptor, bundled_datasets
from jupyter_platform.core.errors import InvalidDataError, JobFailedError
from jupyter_platform.core.kinds import kinds
from jupyter_platform.core.networks import NetworkDescription, bundled_networks
from jupyter_platform.core.options import resolve_options
from jupyter_platform.core.predictions import EncodedArray, PredictAnswer, PredictQuestion
from jupyter_platform.core.runs import JobRun, NetworkInput, RunId, RunResult, RunSpec
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.questions.prediction import Predictor
from jupyter_platform.learning.run.context import RunContext
from jupyter_platform.learning.run.recorder import Recorder
from jupyter_platform.learning.run.stop_signal import StopFlag
from jupyter_platform.learning.scoring import evaluator
from jupyter_platform.learning.training import learner
from jupyter_platform.runtime.event_log import EventLog

DESCRIPTION, WEIGHTS = "network.json", "weights.safetensors"
"""Files of a folder of weights."""
_DIGEST = "sha256:weights"


def learn(
    folder: Path,
    network: str | NetworkDescription,
    dataset: str | DatasetDescriptor | None,
    files: Mapping[str, Path] | None = None,
    start: Path | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Run a LEARN in this process and keep its best weights.

    Parameters
    ----------
    folder : Path
        Gets the description of the network, and its weights.
    network : str or NetworkDescription
        A network, or the name of a bundled one.
    dataset : str, DatasetDescriptor or None
        A dataset, or the name of a bundled one.
    files : mapping, optional
        Files by the references of the descriptor.
    start : Path, optional
        Weights to start from.
    options
        Options of LEARN.

    Returns
    -------
    dict
        The result of the job.

    Raises
    ------
    JobFailedError
        If it did not finish.
    """
    description = _description(network)
    with tempfile.TemporaryDirectory(prefix="jp-learn-") as place:
        run = Path(place)
        result = _run(JobType.LEARN, run, description, dataset, files, start, options)
        found = [run / "weights" / f"{name}.safetensors" for name in ("best", "last")]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(next(path for path in found if path.exists()), folder / WEIGHTS)
    (folder / DESCRIPTION).write_text(description.model_dump_json(), encoding="utf-8")
    return result


def evaluate(
    folder: Path,
    dataset: str | DatasetDescriptor | None,
    files: Mapping[str, Path] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Run an EVALUATE in this process, on the test part unless options say otherwise.

    Parameters
    ----------
    folder : Path
        With weights that `learn` kept.
    dataset : str, DatasetDescriptor or None
        A dataset, or the name of a bundled one.
    files : mapping, optional
        Files by the references of the descriptor.
    options
        Options of EVALUATE.

    Returns
    -------
    dict
        The result of the job.

    Raises
    ------
    JobFailedError
        If it did not finish.
    """
    description = NetworkDescription.model_validate_json((folder / DESCRIPTION).read_bytes())
    with tempfile.TemporaryDirectory(prefix="jp-evaluate-") as place:
        weights = folder / WEIGHTS
        run = Path(place)
        return _run(JobType.EVALUATE, run, description, dataset, files, weights, options)


class Trained:
    """A network with weights that `learn` kept, ready to be asked.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        try:
            content = (folder / DESCRIPTION).read_bytes()
        except OSError as error:
            raise InvalidDataError(
                f"There are no weights in {folder}: {error.strerror}."
            ) from error
        self.description = NetworkDescription.model_validate_json(content)
        self._question = PredictQuestion(
            description=self.description, weights=_DIGEST, files={_DIGEST: str(folder / WEIGHTS)}
        )
        self._predictor = Predictor()

    def ask(self, samples: npt.ArrayLike, *, integers: bool = False) -> PredictAnswer:
        """Return what the network gives for samples.

        Parameters
        ----------
        samples : array, shape (n, *input_shape)
            As the network gets them.
        integers : bool
            Whether they are numbers of symbols.
        """
        array = np.ascontiguousarray(samples, dtype="<f4")
        encoded = EncodedArray(
            shape=list(array.shape), data=base64.b64encode(array.tobytes()).decode()
        )
        question = self._question.model_copy(update={"inputs": encoded, "integers": integers})
        return self._predictor.answer(question)

    def ask_pictures(self, pictures: Sequence[bytes]) -> PredictAnswer:
        """Return what the network gives for image files, prepared as its weights learnt them."""
        encoded = [base64.b64encode(picture).decode() for picture in pictures]
        return self._predictor.answer(self._question.model_copy(update={"images": encoded}))


def _description(network: str | NetworkDescription) -> NetworkDescription:
    return bundled_networks()[network] if isinstance(network, str) else network


def _run(
    job_type: JobType,
    folder: Path,
    network: NetworkDescription,
    dataset: str | DatasetDescriptor | None,
    files: Mapping[str, Path] | None,
    weights: Path | None,
    options: Mapping[str, Any],
) -> dict[str, Any]:
    descriptor = bundled_datasets()[dataset] if isinstance(dataset, str) else dataset
    resolved, _ = resolve_options(job_type, dict(options))
    known = {name: str(path) for name, path in (files or {}).items()}
    if weights is not None:
        known[_DIGEST] = str(weights)
    digest = None if weights is None else _DIGEST
    job = JobRun(
        type=job_type,
        networks=[NetworkInput(description=network, weights=digest)],
        dataset=descriptor,
        options=resolved.model_dump(mode="json"),
    )
    process = kinds()[job_type].process
    run = RunId(workload="item", attempt=1)
    spec = RunSpec(run=run, name="item", process=process, files=known, job=job)
    result = _result(spec, folder)
    if result.status != "finished":
        reason = "it was stopped" if result.error is None else result.error.message
        raise JobFailedError(f"{job_type} of network {network.name!r} did not finish: {reason}")
    return result.result


def _result(spec: RunSpec, folder: Path) -> RunResult:
    """Run a job in this very process, which may be a worker whose signals are not ours.

    With one thread: networks as small as these are quicker so, and the same weights come out
    whatever the machine.
    """
    (folder / "metrics").mkdir()
    (folder / "spec.json").write_text(spec.model_dump_json(), encoding="utf-8")
    events = EventLog(folder)
    recorder = Recorder(folder, events)
    recorder.start()
    threads = torch.get_num_threads()
    torch.set_num_threads(spec.threads)
    run = learner.run if spec.of_job().type == JobType.LEARN else evaluator.run
    try:
        return run(RunContext(spec, folder, events, recorder, StopFlag()))
    finally:
        torch.set_num_threads(threads)
        recorder.close()
        events.close()
