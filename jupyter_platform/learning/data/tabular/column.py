"""One column of a table, as it is understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.tables import ColumnKind


@dataclass(frozen=True)
class Column:
    """The values of one column, as they are understood."""

    name: str
    kind: ColumnKind
    values: NDArray[Any]
    """Numbers, truth values (0 and 1) and dates (days since 1970-01-01) as float64, NaN where
    missing; text as objects, None where missing."""
    date_format: str | None = None
    fault: str | None = None
    """Why it cannot be understood, as the end of a sentence."""

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Where there is no value, shape (n,)."""
        if self.kind == "text":
            return np.array([item is None for item in self.values], dtype=np.bool_)
        found: NDArray[np.bool_] = np.isnan(self.values)
        return found

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.kind != "text"

    @property
    def codes(self) -> NDArray[np.float64]:
        """Its numbers, or the number of each text among its values; NaN where missing."""
        if self.kind != "text":
            numbers: NDArray[np.float64] = self.values
            return numbers
        known = sorted({item for item in self.values if item is not None})
        number = {item: float(at) for at, item in enumerate(known)}
        return np.array([number.get(item, np.nan) for item in self.values])
