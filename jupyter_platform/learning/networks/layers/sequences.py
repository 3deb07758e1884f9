"""Layers for sequences: batch on axis 0, steps on axis 1."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from jupyter_platform.learning.networks.layers.described import Described

# B = batch, T = steps, F = features, H = hidden size

Steps = Literal["all", "last"]


class Embedding(nn.Embedding):
    """As `torch.nn.Embedding`; whole numbers may also come as floats, as images do."""

    def forward(self, input: Tensor) -> Tensor:
        """Return shape (…, embedding_dim) for indices of shape (…)."""
        return super().forward(input.long())


class _Recurrent(nn.Module):
    """A torch recurrent network that gives back its outputs alone."""

    kind: ClassVar[type[nn.LSTM | nn.GRU]]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
        steps: Steps = "all",
    ) -> None:
        super().__init__()
        if steps not in ("all", "last"):
            raise ValueError("steps must be 'all' or 'last'")
        self.steps = steps
        self.core = self.kind(
            input_size,
            hidden_size,
            num_layers,
            batch_first=True,
            dropout=dropout,
            bidirectional=bidirectional,
        )

    def forward(self, values: Tensor) -> Tensor:
        """Return (B, T, H) for (B, T, F), or (B, H) when only the last step is given."""
        if values.ndim != 3 or values.shape[2] != self.core.input_size:
            raise ValueError(
                f"expected shape (batch, steps, {self.core.input_size}), got {tuple(values.shape)}"
            )
        outputs, last = self.core(values)
        if self.steps == "all":
            return torch.as_tensor(outputs)
        hidden = last[0] if isinstance(last, tuple) else last
        if self.core.bidirectional:
            return torch.cat([hidden[-2], hidden[-1]], 1)
        return torch.as_tensor(hidden[-1])


class LSTM(_Recurrent):
    """Long short-term memory, as `torch.nn.LSTM` with the batch first.

    Parameters
    ----------
    input_size, hidden_size, num_layers, dropout, bidirectional
        As for `torch.nn.LSTM`.
    steps : str
        ``"all"`` gives the outputs of all steps, ``"last"`` the hidden state behind the last.
    """

    kind = nn.LSTM


class GRU(_Recurrent):
    """Gated recurrent unit, as `torch.nn.GRU` with the batch first.

    Parameters
    ----------
    input_size, hidden_size, num_layers, dropout, bidirectional
        As for `torch.nn.GRU`.
    steps : str
        ``"all"`` gives the outputs of all steps, ``"last"`` the hidden state behind the last.
    """

    kind = nn.GRU


class SelfAttention(Described):
    """Multi-head attention of a sequence to itself (Vaswani et al. 2017, section 3.2).

    Parameters
    ----------
    embed_dim, num_heads : int
        Features of a step, and heads that they are divided among.
    dropout : float
        Probability that a weight is dropped while learning.
    causal : bool
        Whether a step sees only itself and those before it.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, causal: bool = False
    ) -> None:
        super().__init__()
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.dropout, self.causal = dropout, causal
        self.attention = nn.MultiheadAttention(
            embed_dim, num_heads, dropout=dropout, batch_first=True
        )

    def forward(self, values: Tensor) -> Tensor:
        """Return shape (B, T, F) for `values` of the same shape."""
        mask = None
        if self.causal:
            steps = values.shape[1]
            mask = torch.ones(steps, steps, dtype=torch.bool, device=values.device).triu(1)
        outputs, _ = self.attention(values, values, values, attn_mask=mask, need_weights=False)
        return torch.as_tensor(outputs)


class TemporalConv(nn.Conv1d):
    """`Conv1d` over steps, with the features of a step on the last axis.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride : int
        Features of a step before and behind, steps in a window, steps from one to the next.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride)

    def forward(self, input: Tensor) -> Tensor:
        """Return (B, T', out_channels) for (B, T, in_channels), or for (B, T) of one channel."""
        if input.ndim == 2 and self.in_channels == 1:
            input = input.unsqueeze(-1)
        return super().forward(input.transpose(1, 2)).transpose(1, 2)


class TemporalMaxPool(Described):
    """Largest value of each feature over windows of steps.

    Parameters
    ----------
    kernel_size : int
        Steps in a window.
    stride : int, optional
        Steps from one window to the next; the size of a window when absent.
    """

    def __init__(self, kernel_size: int, stride: int | None = None) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, values: Tensor) -> Tensor:
        """Return (B, T', F) for (B, T, F)."""
        pooled = functional.max_pool1d(values.transpose(1, 2), self.kernel_size, self.stride)
        return pooled.transpose(1, 2)


class Memory(Described):
    """Gives in each step what it was given in the step before; zeros in the first.

    It makes the whole network go through sequences step by step, and may be fed by a layer that
    comes after it.

    Parameters
    ----------
    size : int
        Values of one sample that it keeps.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def empty(self, like: Tensor) -> Tensor:
        """Return what it gives in the first step, shape (B, size)."""
        return torch.zeros(len(like), self.size, device=like.device)

    def forward(self, values: Tensor) -> Tensor:
        """Return what is kept until the next step, shape (B, size)."""
        if values.shape[1:] != (self.size,):
            raise ValueError(f"expected shape (batch, {self.size}), got {tuple(values.shape)}")
        return values


class Cell(nn.Module, ABC):
    """A recurrent layer that sees one step at a time; the network goes through the sequence."""

    @abstractmethod
    def forward(self, values: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return output and new state; the state is None before the first step.

        Parameters
        ----------
        values : Tensor
            Inputs of the step, shape (B, F).
        state : object
            State after the step before; None before the first.
        """


class StepLSTM(Cell):
    """One step of a long short-term memory with a single matrix for input and state.

    Its gates are, in this order: forget, output, input, candidate. As the composite LSTM of
    DIANNE.

    Parameters
    ----------
    input_size, hidden_size : int
        Features of a step, and of the output.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.gates = nn.Linear(input_size + hidden_size, 4 * hidden_size)

    def forward(
        self, values: Tensor, state: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return the output, shape (B, H), and output and cell as state."""
        if state is None:
            state = (values.new_zeros(len(values), self.hidden_size),) * 2
        hidden, cell = state
        gates = self.gates(torch.cat([values, hidden], 1)).chunk(4, 1)
        forget, output, take = (torch.sigmoid(gate) for gate in gates[:3])
        cell = forget * cell + take * torch.tanh(gates[3])
        hidden = output * torch.tanh(cell)
        return hidden, (hidden, cell)


class StepGRU(Cell):
    """One step of a gated recurrent unit as Cho et al. (2014) have it.

    The reset gate acts on the state before the matrix; in `torch.nn.GRU` it acts behind it. As
    the composite GRU of DIANNE: gates reset and update, ``h' = z * candidate + (1 - z) * h``.

    Parameters
    ----------
    input_size, hidden_size : int
        Features of a step, and of the output.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.gates = nn.Linear(input_size + hidden_size, 2 * hidden_size)
        self.candidate = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, values: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the output, shape (B, H), twice: it is the state."""
        if state is None:
            state = values.new_zeros(len(values), self.hidden_size)
        gates = torch.sigmoid(self.gates(torch.cat([values, state], 1)))
        reset, update = gates.chunk(2, 1)
        candidate = torch.tanh(self.candidate(torch.cat([values, reset * state], 1)))
        state = update * candidate + (1 - update) * state
        return state, state
