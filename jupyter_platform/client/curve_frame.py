"""The table of a job's curves, which can draw itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from jupyter_platform.client.loading import load_figure


class CurveFrame(pd.DataFrame):
    """A job's curves: ``step``, ``time`` and one column per series.

    Whatever is made of it is a plain `pandas.DataFrame`.
    """

    # The one of pandas draws with matplotlib, which need not be installed.
    def plot(  # type: ignore[override]
        self,
        series: str | Sequence[str] | None = None,
        *,
        x: str = "step",
        theme: str | None = None,
    ) -> Any:
        """Return a plot of the curves; parameters as of `Job.plot`."""
        return load_figure("frame")(self, series, x, theme)
