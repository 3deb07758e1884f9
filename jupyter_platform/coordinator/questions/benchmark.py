"""Questions for the time that networks take; the inspector of a host measures it."""

from __future__ import annotations

from jupyter_platform.coordinator.hosts.inspection import Inspection
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.repository import DatasetRepository, NetworkRepository
from jupyter_platform.core.benchmarks import (
    Benchmark,
    BenchmarkAnswer,
    BenchmarkQuestion,
    BenchmarkRequest,
)
from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import refusal
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.units import format_count

ANSWER_WITHIN_S = 60.0
"""Seconds after which a question is given up."""


class BenchmarkService:
    """Times any network of the repository with fresh weights."""

    def __init__(
        self,
        networks: NetworkRepository,
        datasets: DatasetRepository,
        hosts: HostRegistry,
        inspection: Inspection,
    ) -> None:
        self._networks = networks
        self._datasets = datasets
        self._hosts = hosts
        self._inspection = inspection

    async def measure(self, name: str, request: BenchmarkRequest) -> Benchmark:
        """Return the time that a network takes for a batch.

        Parameters
        ----------
        name : str
            Name of the network.
        request : BenchmarkRequest
            Batch, threads and host.

        Raises
        ------
        NotFoundError
            If there is no such network, dataset or host.
        InvalidRequestError
            If the network does not take such samples, or the host has too few CPUs.
        UnavailableError
            If no host answers in time.
        """
        await self._networks.refresh()
        await self._datasets.refresh()
        description = self._networks.get(name)
        facts = None
        if request.dataset is not None:
            _check_unambiguous(request)
            found = self._datasets.get(request.dataset)
            answer = await self._datasets.facts(found)
            facts = DatasetFacts.model_validate(answer.get("seen") or answer)
        question = BenchmarkQuestion(
            description=description,
            input_shape=_input_shape(description, request, facts),
            outputs=_outputs(description, request, facts),
            integers=None if facts is None else facts.input_type == "int64",
            **request.model_dump(include={"batch_size", "runs", "warmup", "threads"}),
        )
        host, answered = await self._inspection.ask_host(
            {"op": "benchmark", **question.model_dump(mode="json")}, ANSWER_WITHIN_S, request.host
        )
        measured = BenchmarkAnswer.model_validate(answered)
        return Benchmark(
            network=name,
            host=host,
            notes=self._notes(host, request, measured),
            **measured.model_dump(),
        )

    def _notes(self, host: str, request: BenchmarkRequest, measured: BenchmarkAnswer) -> list[str]:
        notes = []
        busy = self._hosts.cpus_busy(host)
        if busy:
            notes.append(
                f"Jobs held {format_count(busy, 'CPU')} of host {host} meanwhile; on an idle host "
                "the network may be faster."
            )
        timings = [item for item in (measured.forward, measured.forward_backward) if item]
        fewest = min(item.runs for item in timings)
        if fewest < request.runs:
            notes.append(
                f"Only {fewest} of {request.runs} batches were timed, because they take long."
            )
        return notes


def _check_unambiguous(request: BenchmarkRequest) -> None:
    """Refuse what the dataset tells already."""
    for field in ("input_shape", "outputs"):
        value = getattr(request, field)
        if value is not None:
            message = f"dataset {request.dataset!r} tells {field}; leave one of them out."
            raise refusal(field, value, message, "nothing beside dataset")


def _input_shape(
    description: NetworkDescription, request: BenchmarkRequest, facts: DatasetFacts | None
) -> list[int] | None:
    own = description.input_shape
    if own is None:
        return request.input_shape if facts is None else list(facts.shape)
    given = request.input_shape if facts is None else list(facts.shape)
    if given is not None and given != list(own):
        field, value = ("dataset", request.dataset) if facts else ("input_shape", given)
        message = (
            f"Network {description.name!r} takes samples of shape {list(own)}, not {given}; leave "
            f"{field} out."
        )
        raise refusal(field, value, message, f"samples of shape {list(own)}")
    return list(own)


def _outputs(
    description: NetworkDescription, request: BenchmarkRequest, facts: DatasetFacts | None
) -> int | None:
    own = description.outputs
    if own is None:
        return request.outputs if facts is None else facts.outputs
    if request.outputs not in (None, own):
        message = f"Network {description.name!r} has {own} outputs; leave outputs out."
        raise refusal("outputs", request.outputs, message, str(own))
    return own
