"""The table of a job's curves, which can draw itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from jupyter_platform.client.loading import load_figure


class CurveFrame(pd.DataFrame):
    """A job's curves: ``step``, ``time`` and one column per series.

    Frames derived from it are plain `pandas.DataFrame` objects.
    """

    # The one of pandas draws with matplotlib, which need not be installed.
    def plot(  # type: ignore[override]
        self,
        series: str | Sequence[str] | None = None,
        *,
        x: str = "step",
        theme: str | None = None,
    ) -> Any:
        """Return a plot of the curves.

        Parameters
        ----------
        series : str or sequence of str, optional
            Series to draw, one or several; None: all.
        x : str
            Column of the horizontal axis, ``"step"`` or ``"time"``.
        theme : str, optional
            ``"light"`` or ``"dark"``; None: the theme of the page.
        """
        return load_figure("frame")(self, series, x, theme)
