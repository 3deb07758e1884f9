from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from jupyter_platform.core.errors import InvalidDataError, OptionError
from jupyter_platform.core.networks import Layer, NetworkDescription
from jupyter_platform.core.options import LearnOptions, resolve_options
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.networks import build
from jupyter_platform.learning.networks.recurrence import Recurrence, detached
from jupyter_platform.learning.sampling.samplers import TensorSource
from jupyter_platform.learning.sampling.windows import Windows
from jupyter_platform.learning.strategies import BuildContext
from jupyter_platform.learning.strategies.generated import generate_symbols, symbols_of
from jupyter_platform.learning.strategies.supervised.bptt import BackPropagationThroughTime
from tests.learning.strategies.conftest import facts_of

CLASSES = ["a", "b"]
FLOOR = 2 / 3 * math.log(2)
"""Entropy of the next symbol of ``aab``, repeated, for whoever sees only the present one."""


def text(symbols: str = "aab", times: int = 120):
    """Return symbols and their successors."""
    numbers = torch.tensor([CLASSES.index(item) for item in symbols * times])
    return numbers[:-1], numbers[1:]


def facts(inputs, targets):
    return facts_of(inputs, targets, classes=CLASSES, input_type="int64", sequential=True)


def reader(*middle: Layer, width: int = 16):
    """Return a network that reads symbols, with layers in the middle that keep the width."""
    torch.manual_seed(2)
    description = NetworkDescription(
        name="reader",
        layers=(
            Layer(type="Embedding", num_embeddings="$outputs", embedding_dim=width),
            *middle,
            Layer(type="Linear", in_features=width, out_features="$outputs"),
            Layer(type="LogSoftmax", dim=-1),
        ),
    )
    return build(description, (8,), 2)


LSTM = Layer(type="LSTM", input_size=16, hidden_size=16)
GRU = Layer(type="GRU", input_size=16, hidden_size=16)


@pytest.fixture
def make_reader(make_strategy):
    def make(network, data=None, **options):
        inputs, targets = text() if data is None else data
        options = {"method": "ADAM", "sequence_length": 16, "batch_size": 8} | options
        return make_strategy(
            "bptt",
            [network],
            inputs,
            targets,
            facts=facts(inputs, targets),
            validation=torch.arange(300),
            **options,
        )

    return make


@pytest.mark.parametrize("layer", [LSTM, GRU])
def test_memory_learns_what_nothing_else_can(make_reader, layer):
    with_memory = make_reader(reader(layer), learning_rate=0.03)
    without = make_reader(reader(), learning_rate=0.03)

    for _ in range(250):
        loss, perplexity = with_memory.step()
        without.step()

    # Only a piece's first symbol, an a of two in three, may be followed by either.
    best = FLOOR / 16
    assert with_memory.validate()["validation_loss"] == pytest.approx(best, abs=0.01)
    assert perplexity == pytest.approx(math.exp(loss))
    floor = without.validate()
    assert floor["validation_loss"] == pytest.approx(FLOOR, abs=0.02)
    assert floor["validation_loss"] > FLOOR - 0.01
    assert floor["validation_perplexity"] == pytest.approx(math.exp(floor["validation_loss"]))
    assert floor["validation_accuracy"] == pytest.approx(2 / 3, abs=0.01)


def test_memory_that_is_kept_leaves_nothing_to_guess(make_reader):
    # A pattern that is longer than the pieces that are learnt from.
    data = text("aaaaab", times=120)
    options = {"sequence_length": 4, "learning_rate": 0.02}
    kept = make_reader(reader(LSTM), data, stateful=True, **options)
    lost = make_reader(reader(LSTM), data, **options)

    for _ in range(300):
        kept.step()
        lost.step()

    assert kept.validate()["validation_loss"] < 0.02
    assert lost.validate()["validation_loss"] > 0.15
    assert kept.summary()["samples"]["kind"] == "text"


def test_text_that_it_makes_goes_on_as_it_was_learnt(make_reader):
    strategy = make_reader(reader(LSTM), learning_rate=0.03)
    for _ in range(300):
        strategy.step()

    samples = strategy.summary()["samples"]

    whole = samples["start"] + samples["text"]
    assert len(samples["start"]) == 16
    assert len(samples["text"]) == 200
    assert ("aab" * 200).startswith(whole[:100])
    assert strategy.summary()["samples"] == samples


def test_a_step_equals_one_unrolled_by_hand(make_reader):
    network = reader(Layer(type="GRU", input_size=16, hidden_size=16))
    twin = copy.deepcopy(network)
    strategy = make_reader(
        network, sequence_length=5, batch_size=4, stateful=True, method="SGD", learning_rate=0.5
    )
    inputs, targets = text()
    part = len(inputs) // 4
    embedding, layer, linear = twin.Embedding1, twin.GRU1.core, twin.Linear1
    cell = nn.GRUCell(16, 16)
    for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        setattr(cell, kind, getattr(layer, f"{kind}_l0"))
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.5)
    hidden = torch.zeros(4, 16)

    for number in range(6):
        loss, _ = strategy.step()
        # Gradients stop where a piece begins.
        hidden = hidden.detach()
        total = torch.zeros(())
        for step in range(5):
            rows = torch.arange(4) * part + number * 5 + step
            hidden = cell(embedding(inputs[rows]), hidden)
            total = total + functional.cross_entropy(linear(hidden), targets[rows])
        optimizer.zero_grad()
        (total / 5).backward()
        optimizer.step()
        assert loss.item() == pytest.approx(total.item() / 5, rel=1e-5)

    for ours, theirs in zip(network.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_only_the_last_error_counts_when_asked(make_reader):
    network = reader(LSTM)
    twin = copy.deepcopy(network)
    strategy = make_reader(network, from_start=True, backprop_all=False, sequence_length=7)
    inputs, targets = text()
    expected = functional.nll_loss(twin(inputs[None, :7])[:, -1], targets[6:7])
    loss, _ = strategy.step()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert strategy.samples_per_step == 7


def test_numbers_are_learnt_step_by_step_too(make_strategy):
    torch.manual_seed(0)
    inputs = torch.randn(400, 1)
    # Each target is the mean of a sample and the one before it.
    targets = (inputs + torch.cat([torch.zeros(1, 1), inputs[:-1]])) / 2
    network = nn.Sequential(_Outputs(nn.RNN(1, 16, batch_first=True)), nn.Linear(16, 1))
    strategy = make_strategy(
        "bptt",
        [network],
        inputs,
        targets,
        validation=torch.arange(100),
        sequence_length=20,
        batch_size=4,
        stateful=True,
        method="ADAM",
        learning_rate=0.02,
    )
    before = strategy.validate()
    for _ in range(200):
        loss = strategy.step()
    assert before["validation_loss"] > 0.2
    assert float(loss) < 0.01
    assert list(strategy.validate()) == ["validation_loss"]
    assert strategy.validate()["validation_loss"] < 0.02
    assert strategy.summary() == {}


class _Outputs(nn.Module):
    def __init__(self, core: nn.Module) -> None:
        super().__init__()
        self.core = core

    def forward(self, values):
        return self.core(values)[0]


def test_validation_goes_through_every_sample_once(make_reader):
    network = reader(LSTM)
    inputs, targets = text()
    strategy = make_reader(network, sequence_length=7)
    loss = 0.0
    for start in range(0, 300, 7):
        rows = slice(start, min(start + 7, 300))
        outputs = network(inputs[None, rows])[0]
        loss += functional.nll_loss(outputs, targets[rows], reduction="sum").item()
    assert strategy.validate()["validation_loss"] == pytest.approx(loss / 300, rel=1e-5)


@pytest.mark.parametrize(
    "layers",
    [
        (Layer(type="LSTM", input_size=16, hidden_size=16, num_layers=2),),
        (GRU,),
        (Layer(type="StepLSTM", input_size=16, hidden_size=16),),
        (Layer(type="StepGRU", input_size=16, hidden_size=16),),
    ],
)
def test_a_sequence_in_pieces_gives_what_it_gives_at_once(layers):
    network = reader(*layers).eval()
    symbols = torch.randint(0, 2, (3, 12))
    recurrence = Recurrence(network)
    assert recurrence.remembers

    first, memory = recurrence(symbols[:, :5], {})
    before = copy.deepcopy(detached(memory))
    second, _ = recurrence(symbols[:, 5:], memory)

    whole = network(symbols)
    assert torch.allclose(torch.cat([first, second], 1), whole, atol=1e-6)
    assert not torch.allclose(network(symbols[:, 5:]), second, atol=1e-3)
    assert str(detached(memory)) == str(before), "what was given stays as it is"


@pytest.mark.parametrize("layers", [(LSTM,), ()])
def test_generated_symbols_follow_the_probabilities(layers):
    network = reader(*layers)
    start = torch.tensor([0, 1, 0])
    sharp = generate_symbols(network, start, 6, temperature=1e-4)
    known = start.tolist()
    for symbol in sharp.tolist():
        likely = int(network(torch.tensor([known]))[0, -1].argmax())
        assert symbol == likely
        known.append(symbol)
    drawn = [generate_symbols(network, start, 40, seed=seed).tolist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert network.training


def test_a_start_with_unknown_characters_is_refused():
    assert symbols_of("ab", CLASSES).tolist() == [0, 1]
    with pytest.raises(InvalidDataError, match="'abc' holds 'c', which the network has never seen"):
        symbols_of("abc", CLASSES)
    with pytest.raises(InvalidDataError, match="is empty"):
        symbols_of("", CLASSES)


def test_random_windows_begin_everywhere_alike():
    windows = Windows(torch.arange(100, 112), 3, 1000, seed=4)
    rows = torch.cat([next(windows) for _ in range(10)]).view(-1, 3)
    assert (rows.diff() == 1).all()
    counts = torch.bincount(rows[:, 0] - 100)
    assert len(counts) == 10
    expected = 10_000 / 10
    assert ((counts - expected) ** 2 / expected).sum() < 27.9  # chi², 9 degrees, p = 0.001


def test_windows_that_follow_go_through_all_parts_side_by_side():
    windows = Windows(torch.arange(20), 3, 2, seed=0, follow=True)
    found = [(next(windows).view(2, 3).tolist(), windows.is_fresh) for _ in range(4)]
    assert found == [
        ([[0, 1, 2], [10, 11, 12]], True),
        ([[3, 4, 5], [13, 14, 15]], False),
        ([[6, 7, 8], [16, 17, 18]], False),
        ([[0, 1, 2], [10, 11, 12]], True),
    ]


def test_more_windows_than_fit_become_fewer():
    windows = Windows(torch.arange(10), 4, 32, seed=0, follow=True)
    assert windows.count == 2
    assert next(windows).shape == (8,)


def test_places_speak_of_whole_sequences():
    inputs, targets = text()
    options = LearnOptions(strategy="bptt", sequence_length=9)
    (place,) = BackPropagationThroughTime.signatures(options, facts(inputs, targets))
    assert (place.input_shape, place.outputs, place.output_shape) == ((9,), 2, (9, 2))


def test_a_sequence_longer_than_the_training_set_is_refused():
    inputs, targets = text(times=2)
    options = LearnOptions(strategy="bptt", sequence_length=9)
    with pytest.raises(OptionError, match="sequence_length is 9, but train_set has 5 samples"):
        BackPropagationThroughTime.signatures(options, facts(inputs, targets))


def test_going_on_and_beginning_anew_exclude_each_other():
    inputs, targets = text()
    options = LearnOptions(strategy="bptt", stateful=True, from_start=True)
    with pytest.raises(OptionError, match="from_start begins anew; give one"):
        BackPropagationThroughTime.signatures(options, facts(inputs, targets))


def test_state_is_refused_where_nothing_remembers(make_reader):
    with pytest.raises(InvalidDataError, match="'tiny-network' has no memory"):
        make_reader(reader(), stateful=True)


def test_samples_that_do_not_follow_one_another_are_refused():
    inputs, targets = text()
    with pytest.raises(InvalidDataError, match="row 7 comes after row 4"):
        BackPropagationThroughTime(
            BuildContext(
                options=LearnOptions(strategy="bptt", sequence_length=4),
                networks=(reader(LSTM),),
                names=("reader",),
                source=TensorSource(inputs, targets),
                facts=facts(inputs, targets),
                train=torch.tensor([3, 4, 7, 8, 9]),
            )
        )


def test_it_understands_the_names_of_dianne():
    resolved, _ = resolve_options(
        JobType.LEARN,
        {
            "strategy": "BPTTLearningStrategy",
            "sequenceLength": "20",
            "fromStart": "true",
            "backpropAll": "false",
        },
    )
    assert (resolved.strategy, resolved.sequence_length) == ("bptt", 20)
    assert (resolved.from_start, resolved.backprop_all) == (True, False)


def test_a_network_that_gives_no_numbers_makes_no_symbols():
    network = reader(LSTM)
    with torch.no_grad():
        network.Linear1.bias.fill_(float("nan"))
    assert generate_symbols(network, torch.tensor([0]), 5).shape == (0,)
