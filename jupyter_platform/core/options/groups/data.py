"""Which samples a network learns from, and in which batches."""

from __future__ import annotations

from pydantic import model_validator

from jupyter_platform.core.options.groups.types import Fractions, Integers, Sampling
from jupyter_platform.core.options.index_set import IndexSet
from jupyter_platform.core.options.model import OptionModel, option

_WEIGHTED = {"sampling": ("WEIGHTED",)}


class DataOptions(OptionModel):
    """Samples and batches."""

    train_set: IndexSet = option(
        None,
        "Samples to learn from.",
        group="Data",
        default_text="the dataset's training part",
        dianne="trainSet",
    )
    validation_set: IndexSet = option(
        None,
        "Samples to validate on, by which the best weights are chosen.",
        group="Data",
        default_text="the dataset's validation part",
        dianne="validationSet",
    )
    test_set: IndexSet = option(
        None,
        "Samples kept for an EVALUATE of this job's weights; not seen while learning.",
        group="Data",
        default_text="the dataset's test part",
        dianne="testSet",
    )
    batch_size: int = option(
        32,
        "Samples in one batch.",
        group="Learning",
        unit="samples",
        common=True,
        dianne="batchSize",
        ge=1,
        le=1_000_000,
    )
    sampling: Sampling = option(
        "PERMUTATION",
        "Which samples come next: each once before any comes again, any, in order, by weights of "
        "ranges, or of each class as often.",
        group="Data",
        dianne="sampling",
    )
    weighted_ranges: Integers = option(
        None,
        "First and last sample of each range, counted from 0 in the training set.",
        group="Data",
        when=_WEIGHTED,
        default_text="needed",
        dianne="weightedRanges",
    )
    probabilities: Fractions = option(
        None,
        "Share of the samples that comes from each range; what remains comes from the others.",
        group="Data",
        when=_WEIGHTED,
        default_text="needed",
        dianne="probabilities",
    )
    fetch_threads: int = option(
        1,
        "Threads that read batches ahead where samples lie on disk; 0: none.",
        group="Data",
        unit="threads",
        dianne="fetchThreads",
        ge=0,
        le=64,
    )

    @model_validator(mode="after")
    def _ranges_have_probabilities(self) -> DataOptions:
        if self.sampling != "WEIGHTED":
            return self
        ranges, shares = self.weighted_ranges or (), self.probabilities or ()
        if not ranges:
            raise ValueError("weighted_ranges is not given; sampling = WEIGHTED wants first,last")
        if len(ranges) != 2 * len(shares):
            raise ValueError(
                f"weighted_ranges has {len(ranges)} numbers and probabilities {len(shares)}; each "
                "range takes two numbers and one probability"
            )
        pairs = sorted(zip(ranges[::2], ranges[1::2], strict=True))
        if any(first < 0 or last < first for first, last in pairs):
            raise ValueError("weighted_ranges wants first <= last, counted from 0")
        if any(before[1] >= after[0] for before, after in zip(pairs, pairs[1:], strict=False)):
            raise ValueError("weighted_ranges overlap; a sample can be in one of them only")
        if min(shares) < 0 or sum(shares) > 1 + 1e-9:
            raise ValueError("probabilities must not be negative, and must not exceed 1 together")
        return self
