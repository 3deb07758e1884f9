"""The time of networks, against modules that take a known time."""

import pytest
import torch

from jupyter_platform.core.benchmarks import BenchmarkQuestion
from jupyter_platform.core.errors import InvalidRequestError, OptionError
from jupyter_platform.core.networks import NetworkDescription, NetworkSource, bundled_networks
from jupyter_platform.learning.questions.benchmark import benchmark

SLOW = """
import time
import torch
from torch import nn

class Slow(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 2)

    def forward(self, x):
        assert torch.get_num_threads() == 1 and torch.is_grad_enabled() == self.training
        time.sleep(0.09 if self.training else 0.03)
        return self.linear(x)
"""
NOTHING = "from torch import nn\n\nclass Flat(nn.Flatten):\n    pass\n"
TOKENS = """
from torch import nn

class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 3)

    def forward(self, x):
        return self.embedding(x).mean(1)
"""


def own(text):
    return NetworkDescription(
        name="mine", source=NetworkSource(files={"mine.py": text}, main="mine.py")
    )


def ask(description, **given):
    return benchmark(BenchmarkQuestion(description=description, **{"runs": 3, **given}))


def test_both_modes_are_timed_apart_on_the_threads_that_are_asked_for():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        found = ask(own(SLOW), input_shape=[4], batch_size=8, warmup=1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)

    both = found.forward_backward
    assert 30 <= found.forward.min_ms <= found.forward.median_ms <= found.forward.max_ms
    assert both.min_ms >= 90
    assert (found.forward.runs, both.runs, found.threads, found.device) == (3, 3, 1, "cpu")
    assert (found.parameters, found.batch_size, found.input_shape) == (4 * 2 + 2, 8, [4])
    assert found.forward.samples_per_s == pytest.approx(8000 / found.forward.median_ms)


def test_nothing_goes_backward_where_there_is_nothing_to_learn():
    assert ask(own(NOTHING), input_shape=[2, 2]).forward_backward is None


def test_embeddings_get_whole_numbers():
    assert ask(own(TOKENS), input_shape=[5]).forward_backward.runs == 3


def test_what_takes_long_is_timed_fewer_times(monkeypatch):
    monkeypatch.setattr("jupyter_platform.learning.questions.benchmark.MEASURE_WITHIN_S", 0.0)
    assert ask(own(SLOW), input_shape=[4], runs=50).forward.runs == 1


@pytest.mark.parametrize(
    ("network", "given", "error", "words"),
    [
        ("mlp", {}, OptionError, "name a dataset, or give input_shape and outputs"),
        (
            "mlp",
            {"input_shape": [4], "outputs": 3, "threads": 10_000},
            OptionError,
            "CPUs for 10000",
        ),
        (own(NOTHING), {"input_shape": [5_000_000], "batch_size": 64}, OptionError, "at most"),
        (own(SLOW), {"input_shape": [5]}, InvalidRequestError, "batch of 32 samples of shape 5"),
    ],
)
def test_what_cannot_be_timed_is_refused(network, given, error, words):
    description = bundled_networks()[network] if isinstance(network, str) else network
    with pytest.raises(error, match=words):
        ask(description, **given)
