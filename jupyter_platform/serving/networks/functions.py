"""A network's arguments and answers in the terms of the DEEPaaS V2 contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from marshmallow import fields, validate
from numpy.typing import NDArray

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.generations import MAX_LENGTH, MAX_START
from jupyter_platform.core.tables import PreparedColumn
from jupyter_platform.learning.data.pictures.decoding import Picture
from jupyter_platform.learning.questions.serving import Outputs, TrainedNetwork
from jupyter_platform.serving.networks.predicting import Predicting

Arguments = dict[str, fields.Field[Any]]


class NetworkFunctions:
    """What a module would have: ``get_metadata``, ``get_predict_args``, ``schema``.

    Parameters
    ----------
    network : TrainedNetwork
        The network that is served.
    """

    def __init__(self, network: TrainedNetwork) -> None:
        self._network = network
        learnt = network.preparation
        self.takes_text = network.characters is not None
        self.takes_rows = learnt is not None and learnt.table is not None and not self.takes_text
        self.takes_pictures = (
            learnt is not None and learnt.picture is not None and not self.takes_rows
        )

    @property
    def schema(self) -> dict[str, fields.Field[Any]]:
        """Fields of the answer."""
        if self.takes_text:
            return {"text": fields.Str(metadata={"description": "What follows the start"})}
        return {
            "predicted": fields.Raw(
                metadata={"description": "The likeliest class, or the numbers"}
            ),
            "labels": fields.List(
                fields.Str(), metadata={"description": "Classes, likeliest first"}
            ),
            "probabilities": fields.List(
                fields.Float(), metadata={"description": "Probability of each label"}
            ),
            "outputs": fields.Raw(metadata={"description": "What the network gives"}),
        }

    def get_metadata(self) -> dict[str, Any]:
        """Return what the service tells of the network."""
        learnt = self._network.preparation
        shape = self._network.input_shape
        return {
            "name": self._network.name,
            "description": f"Network {self._network.name} with the weights {self._network.tag}.",
            "version": self._network.tag,
            "dataset": None if learnt is None else learnt.dataset,
            "input_shape": None if shape is None else list(shape),
        }

    def get_predict_args(self) -> Arguments:
        """Return the arguments of a prediction: a picture, a row, a text, or numbers."""
        learnt = self._network.preparation
        if self.takes_text:
            return _text_arguments()
        if learnt is not None and learnt.table is not None and self.takes_rows:
            return {column.name: _column(column) for column in learnt.table.columns}
        if self.takes_pictures:
            return {
                "image": fields.Raw(
                    required=True,
                    metadata={"type": "file", "location": "form", "description": "An image file"},
                ),
                "invert": fields.Bool(
                    load_default=False,
                    metadata={
                        "description": "Make dark bright: for dark strokes on a bright ground"
                    },
                ),
            }
        told = "Numbers of one sample as JSON"
        return {"inputs": fields.Raw(required=True, metadata={"description": told})}

    async def predict(self, values: Mapping[str, Any], asks: Predicting) -> dict[str, Any]:
        """Return the answer to arguments that fit.

        Raises
        ------
        InvalidRequestError
            If the network cannot take them.
        """
        outputs = await asks.outputs(await self._samples(values, asks))
        if len(outputs.values) != 1:
            raise InvalidRequestError("Give one sample; POST predict takes several.")
        return self._answer(outputs)

    def continuation(self, values: Mapping[str, Any]) -> str:
        """Return the text that follows a start."""
        known = self._network.characters or []
        start = values["start"] or known[0]
        return self._network.continuation(
            start, values["length"], values["temperature"], values["seed"]
        )

    async def _samples(self, values: Mapping[str, Any], asks: Predicting) -> NDArray[np.float32]:
        if self.takes_pictures:
            upload = values["image"]
            picture = Picture(upload.original_filename or "The image", upload.filename)
            return await asks.prepared([picture], invert=values["invert"])
        if self.takes_rows:
            return asks.samples([dict(values)])
        return asks.samples(_numbers(values["inputs"]))

    def _answer(self, outputs: Outputs) -> dict[str, Any]:
        found: dict[str, Any] = {"outputs": outputs.values[0].tolist()}
        if outputs.probabilities is None:
            return {"predicted": found["outputs"], **found}
        shares = outputs.probabilities[0]
        order = (-shares).argsort(kind="stable").tolist()
        names = self._network.classes(len(shares))
        labels = [names[number] for number in order]
        return {
            "predicted": labels[0],
            "labels": labels,
            "probabilities": [float(shares[number]) for number in order],
            **found,
        }


def _text_arguments() -> Arguments:
    return {
        "start": fields.Str(
            load_default="",
            validate=validate.Length(max=MAX_START),
            metadata={"description": "Text to go on with; the first character known when empty"},
        ),
        "length": fields.Int(
            load_default=200,
            validate=validate.Range(1, MAX_LENGTH),
            metadata={"description": "Characters to make"},
        ),
        "temperature": fields.Float(
            load_default=1.0,
            validate=validate.Range(0, 100, min_inclusive=False),
            metadata={
                "description": "How freely characters are drawn: near 0 the likeliest always"
            },
        ),
        "seed": fields.Int(
            load_default=0,
            validate=validate.Range(0, 2**63 - 1),
            metadata={"description": "The same one gives the same text"},
        ),
    }


def _column(column: PreparedColumn) -> fields.Field[Any]:
    """Return the field of a column of a table; one with a filling need not be given."""
    told = {"description": f"Column {column.name}"}
    how: dict[str, Any] = {"metadata": told, "required": column.fill is None}
    if column.fill is not None:
        told["description"] += f"; {column.fill} where nothing is given"
    if column.kind == "number":
        return fields.Float(allow_nan=False, **how)
    if column.kind == "date":
        told["description"] += f", written as {column.date_format or 'YYYY-MM-DD'}"
        return fields.Str(**how)
    return fields.Str(**how, validate=validate.OneOf(column.categories))


def _numbers(told: Any) -> list[Any]:
    """Return the list that an argument holds, which is text where it came by the query."""
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except ValueError as error:
            raise InvalidRequestError(f"inputs are no JSON: {error}.") from error
    return told if isinstance(told, list) else [told]
