"""The base class that modules may derive theirs from, where ``deepaas`` is not installed."""

from __future__ import annotations

import abc
from typing import Any


class BaseModel(abc.ABC):
    """A model with the functions of the DEEPaaS V2 interface."""

    schema: Any = None
    """Fields of the answer by name, a class of marshmallow's, or None for an answer of any form."""

    @abc.abstractmethod
    def get_metadata(self) -> dict[str, Any]:
        """Return name, author, version, licence and description."""
        raise NotImplementedError

    @abc.abstractmethod
    def get_predict_args(self) -> dict[str, Any]:
        """Return the arguments of `predict` as fields by name."""
        raise NotImplementedError

    @abc.abstractmethod
    def predict(self, **kwargs: Any) -> Any:
        """Return what the model makes of its arguments."""
        raise NotImplementedError

    @abc.abstractmethod
    def get_train_args(self) -> dict[str, Any]:
        """Return the arguments of `train` as fields by name."""
        raise NotImplementedError

    @abc.abstractmethod
    def train(self, **kwargs: Any) -> Any:
        """Train the model, and return what came of it."""
        raise NotImplementedError

    @abc.abstractmethod
    def warm(self) -> None:
        """Make ready for the first call."""
        raise NotImplementedError
