"""The time that networks take."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from jupyter_platform.client.transport import Transport
from jupyter_platform.core.benchmarks import Benchmark


class Benchmarking:
    """The part of a client that lets hosts time networks."""

    _transport: Transport

    def benchmark(
        self,
        network: str,
        *,
        dataset: str | None = None,
        input_shape: Sequence[int] | None = None,
        outputs: int | None = None,
        batch_size: int = 32,
        runs: int = 50,
        warmup: int = 5,
        threads: int = 1,
        host: str | None = None,
    ) -> Benchmark:
        """Time a network with fresh weights: forward, and forward with backward, on the CPU.

        Parameters
        ----------
        network : str
            Name in the repository.
        dataset : str, optional
            Dataset whose samples have the shape; a network that has one of its own needs none.
        input_shape, outputs
            Shape of one sample and number of outputs, instead of a dataset.
        batch_size : int
            Samples in a batch, 1 to 4096.
        runs : int
            Batches that are timed; fewer where that takes more than 10 s.
        warmup : int
            Batches that go before, untimed.
        threads : int
            Threads that torch computes with; at most the CPUs of the host.
        host : str, optional
            Host to measure on; the least busy one that is up when absent.

        Raises
        ------
        NotFoundError
            If there is no such network, dataset or host.
        InvalidRequestError
            If the network does not take such samples, or the host has too few CPUs.

        Examples
        --------
        >>> found = platform.benchmark("mlp", dataset="iris")  # doctest: +SKIP
        >>> found.forward.median_ms, found.forward.samples_per_s  # doctest: +SKIP
        (0.05, 640000.0)
        """
        body = {
            "dataset": dataset,
            "input_shape": None if input_shape is None else list(input_shape),
            "outputs": outputs,
            "batch_size": batch_size,
            "runs": runs,
            "warmup": warmup,
            "threads": threads,
            "host": host,
        }
        path = f"/api/networks/{quote(network, safe='')}/benchmark"
        answer = self._transport.request("POST", path, body=body, repeatable=True)
        return Benchmark.model_validate_json(answer.content)
