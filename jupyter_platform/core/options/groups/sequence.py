"""How sequences are cut for recurrent networks."""

from __future__ import annotations

from jupyter_platform.core.options.model import OptionModel, option

_GROUP = "Sequences"
_BPTT = {"strategy": ("bptt",)}


class SequenceOptions(OptionModel):
    """Length, beginning and memory of training sequences."""

    sequence_length: int = option(
        32,
        "Samples in a sequence, or observations in a history; errors reach back as far.",
        group=_GROUP,
        unit="samples",
        common=True,
        when={"strategy": ("bptt", "recurrent_dqn")},
        dianne="sequenceLength",
        ge=1,
        le=1_000_000,
    )
    from_start: bool = option(
        False,
        "Begin every sequence at the first training sample instead of anywhere.",
        group=_GROUP,
        when=_BPTT,
        dianne="fromStart",
    )
    stateful: bool = option(
        False,
        "Go on where the sequences before ended, with the memory that the network had there.",
        group=_GROUP,
        when=_BPTT,
    )
    backprop_all: bool = option(
        True,
        "Learn from the error of every sample in a sequence; false: from that of the last one.",
        group=_GROUP,
        when=_BPTT,
        dianne="backpropAll",
    )
