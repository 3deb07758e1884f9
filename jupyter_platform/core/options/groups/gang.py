"""How several processes learn one network together (DIANNE: `syncInterval`)."""

from __future__ import annotations

from jupyter_platform.core.options.model import OptionModel, option


class GangOptions(OptionModel):
    """What the processes of a job with a target_count above 1 do in common."""

    sync_interval: int = option(
        1,
        "Iterations between two averagings of the processes' weights where target_count is above "
        "1; at 1 the gradients of every update are averaged.",
        group="Learning",
        unit="iterations",
        dianne="syncInterval",
        ge=1,
    )
