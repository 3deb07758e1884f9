"""When learning ends by itself, and what happens when it goes wrong."""

from __future__ import annotations

from jupyter_platform.core.options.groups.types import OptionalFloat
from jupyter_platform.core.options.model import OptionModel, option

_GROUP = "Stopping"


class StoppingOptions(OptionModel):
    """Plateaus, time, and losses that are no numbers."""

    loss_threshold: OptionalFloat = option(
        None,
        "Ends when the loss has fallen by less than this over a window of iterations; several "
        "processes end together, an update later.",
        group=_GROUP,
        default_text="a loss that stays ends nothing",
        dianne=("minibatchLossThreshold", "miniBatchErrorThreshold"),
        allow_inf_nan=False,
    )
    validation_threshold: OptionalFloat = option(
        None,
        "Ends when the validation loss has fallen by less than this over a window of validations; "
        "several processes end together, an update later.",
        group=_GROUP,
        default_text="a validation loss that stays ends nothing",
        dianne=("validationLossThreshold", "validationErrorThreshold"),
        allow_inf_nan=False,
    )
    threshold_window: int = option(
        10,
        "Losses, or validation losses, over which a fall is looked for.",
        needs=("loss_threshold", "validation_threshold"),
        group=_GROUP,
        dianne=("thresholdWindow", "errorThresholdWindow"),
        ge=2,
        le=1_000_000,
    )
    trace_interval: int = option(
        1,
        "Iterations whose mean is one loss of the window.",
        needs=("loss_threshold",),
        group=_GROUP,
        unit="iterations",
        dianne="traceInterval",
        ge=1,
    )
    max_time: OptionalFloat = option(
        None,
        "Time after which it ends, that of earlier attempts included.",
        group=_GROUP,
        unit="s",
        default_text="any time",
        gt=0,
        allow_inf_nan=False,
    )
    nan_retries: int = option(
        0,
        "Times that it goes back to its last checkpoint, with other samples, when the loss is not "
        "finite; -1: always.",
        group=_GROUP,
        unit="times",
        dianne="NaNretry",
        ge=-1,
    )
