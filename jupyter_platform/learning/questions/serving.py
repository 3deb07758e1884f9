"""A trained network that is asked again and again, in arrays of numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError
from jupyter_platform.core.predictions import SERVED_DESCRIPTION, SERVED_WEIGHTS, ServedNetwork
from jupyter_platform.learning.data.pictures.decoding import Picture
from jupyter_platform.learning.data.prepared import prepared_pictures
from jupyter_platform.learning.networks.trained import learnt_for, trained_network
from jupyter_platform.learning.questions.outputs import forward, probabilities_by_row
from jupyter_platform.learning.strategies.generated import generate_symbols, symbols_of


@dataclass(frozen=True)
class Outputs:
    """What a network gives for some samples."""

    values: NDArray[np.float32]
    """Shape (B, …)."""
    probabilities: NDArray[np.float64] | None
    """Shape (B, classes), NaN in rows that tell no classes; None where it gives numbers."""

    def rows(self, start: int, end: int) -> Outputs:
        """Return the outputs of some of the samples.

        Parameters
        ----------
        start : int
            First sample.
        end : int
            Sample after the last.
        """
        shares = self.probabilities
        return Outputs(self.values[start:end], None if shares is None else shares[start:end])


class TrainedNetwork:
    """A network with its weights, ready to be asked; one thread at a time.

    Parameters
    ----------
    folder : Path
        Holds `SERVED_DESCRIPTION` and `SERVED_WEIGHTS`.
    threads : int
        Threads that torch computes with, in the whole process.

    Raises
    ------
    InvalidDataError
        If the folder lacks one of them, or they do not fit each other.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        torch.set_num_threads(threads)
        path = folder / SERVED_WEIGHTS
        try:
            served = ServedNetwork.model_validate_json((folder / SERVED_DESCRIPTION).read_bytes())
        except (OSError, ValueError) as error:
            raise InvalidDataError(
                f"{folder} holds no network: {SERVED_DESCRIPTION} cannot be read: {error}."
            ) from error
        if not path.is_file():
            raise InvalidDataError(f"{folder} holds no weights: {SERVED_WEIGHTS} is missing.")
        self.name, self.tag = served.description.name, served.tag
        self._network, shape = trained_network(
            served.description, path, served.input_shape, served.outputs
        )
        self.preparation = learnt_for(path).preparation or served.preparation
        told = None if self.preparation is None else self.preparation.classes
        self._told_classes = list(told) if told is not None else served.classes
        self._task = (self.preparation and self.preparation.task) or served.task
        self.is_sequential = served.sequential
        self.input_shape = None if served.sequential else shape
        """Shape of one sample; None where it is not fixed."""
        learnt = self.preparation
        self._takes_symbols = served.sequential or (
            learnt is not None and learnt.input_type == "int64"
        )

    @property
    def characters(self) -> list[str] | None:
        """The characters of the texts that it goes on with; None where it makes no text."""
        return self._told_classes if self.is_sequential else None

    def classes(self, width: int) -> list[str]:
        """Return names of so many classes; those that have none are told by their number."""
        named = (self._told_classes or [])[:width]
        return named + [str(number) for number in range(len(named), width)]

    def pictures(self, pictures: Sequence[Picture], *, invert: bool = False) -> NDArray[np.float32]:
        """Return pictures as the network gets them, prepared as in its training.

        Parameters
        ----------
        pictures : sequence of Picture
            Files, or their content.
        invert : bool, optional
            Whether dark becomes light before they are prepared.

        Raises
        ------
        InvalidRequestError
            If its samples are no pictures, or nobody tells how they are prepared.
        InvalidDataError
            If a picture cannot be read.
        """
        if self.preparation is None:
            raise InvalidRequestError(
                f"It is not known how pictures are prepared for network {self.name!r}; give arrays."
            )
        found: NDArray[np.float32] = prepared_pictures(
            pictures, self.preparation, invert=invert
        ).numpy()
        return found

    def predict(self, inputs: NDArray[np.float32]) -> Outputs:
        """Return what the network gives for samples as it gets them.

        Parameters
        ----------
        inputs : ndarray, shape (B, *input_shape)

        Raises
        ------
        InvalidRequestError
            If it cannot take them.
        """
        tensor = torch.from_numpy(inputs)
        if self._takes_symbols:
            tensor = tensor.to(torch.int64)
        outputs, _ = forward(self._network, tensor, self.input_shape, self.name)
        shares = probabilities_by_row(outputs, self._task, self._told_classes)
        return Outputs(outputs.numpy(), None if shares is None else shares.numpy())

    def continuation(self, start: str, length: int, temperature: float, seed: int) -> str:
        """Return the characters that follow a text.

        Parameters
        ----------
        start : str
            The text.
        length : int
            Characters to make.
        temperature : float
            Above 0: how evenly characters are drawn.
        seed : int
            Seed of the random numbers.

        Raises
        ------
        InvalidDataError
            If the text holds a character that it does not know.
        """
        known = self.characters or []
        made = generate_symbols(
            self._network, symbols_of(start, known), length, temperature=temperature, seed=seed
        )
        return "".join(known[number] for number in made.tolist())
