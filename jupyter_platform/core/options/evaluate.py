"""Options of EVALUATE jobs (DIANNE: be.iminds.iot.dianne.nn.eval, `EvaluatorConfig`)."""

from __future__ import annotations

from jupyter_platform.core.options.index_set import IndexSet
from jupyter_platform.core.options.learn import OptionalCriterion, OptionalText
from jupyter_platform.core.options.model import OptionModel, option

TAG_REFERENCE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(/(best|last|[0-9]+))?$"


class EvaluateOptions(OptionModel):
    """How well a network does on a dataset."""

    tag: OptionalText = option(
        None,
        "Weights to evaluate: a tag, or tag/best, tag/last, tag/<iteration>.",
        group="Weights",
        common=True,
        default_text="the newest tag of the network, best weights where they are kept",
        pattern=TAG_REFERENCE_PATTERN,
    )
    test_set: IndexSet = option(
        None,
        "Samples to evaluate on.",
        group="Data",
        common=True,
        default_text="the dataset's test split",
    )
    batch_size: int = option(
        256,
        "Samples in one forward pass.",
        group="Evaluation",
        unit="samples",
        common=True,
        ge=1,
        le=1_000_000,
    )
    criterion: OptionalCriterion = option(
        None,
        "Loss that is reported beside the scores.",
        group="Evaluation",
        common=True,
        default_text="NLL for classes, MSE for numbers",
    )
