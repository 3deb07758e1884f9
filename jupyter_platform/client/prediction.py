"""Asking trained networks, and what they answer."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jupyter_platform.client.data_files import as_rows
from jupyter_platform.client.transport import Transport
from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError
from jupyter_platform.core.predictions import MAX_BODY_BYTES, Prediction, PreparationRecord
from jupyter_platform.core.units import format_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SHOWN_CLASSES = 5
_ROOM = 100_000
"""Bytes of a question beside its pictures."""


@dataclass(frozen=True)
class PredictionResult:
    """A network's outputs for some samples."""

    record: Prediction

    @property
    def outputs(self) -> NDArray[np.float64]:
        """What the network gave, shape (n, …)."""
        return _array(self.record.outputs)

    @property
    def probabilities(self) -> NDArray[np.float64] | None:
        """Probability of each class, shape (n, classes); None where it gives numbers."""
        found = self.record.probabilities
        return None if found is None else _array(found)

    @property
    def classes(self) -> list[str] | None:
        """Names of the classes."""
        return self.record.classes

    @property
    def predicted(self) -> list[str] | None:
        """Name of the likeliest class of each sample."""
        return self.record.predicted

    @property
    def truth(self) -> list[Any] | None:
        """Class names or numbers that samples of a dataset have."""
        return self.record.truth

    def top(self, count: int = _SHOWN_CLASSES) -> list[list[tuple[str, float]]]:
        """Return the likeliest classes of each sample with their probabilities."""
        names, rows = self.record.classes, self.record.probabilities
        if names is None or rows is None:
            return []
        return [
            sorted(zip(names, row, strict=True), key=lambda pair: -pair[1])[:count] for row in rows
        ]

    def __len__(self) -> int:
        return len(self.record.outputs)

    def lines(self) -> list[str]:
        """Return a line for each sample, as people read it."""
        tops = self.top()
        found = []
        for number in range(len(self)):
            if tops:
                told = ", ".join(f"{name} {share:.3f}" for name, share in tops[number])
            else:
                told = _shortened(self.record.outputs[number])
            truth = self.record.truth
            found.append(told if truth is None else f"{told}  (true: {_shortened(truth[number])})")
        return found

    def __repr__(self) -> str:
        head = f"<Prediction of {self.record.network} {self.record.tag}>"
        return "\n".join((head, *self.lines(), *self.record.notes))

    def _repr_html_(self) -> str:
        rows = "".join(f"<li>{escape(line)}</li>" for line in self.lines())
        head = f"{self.record.network} {self.record.tag}"
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.record.notes)
        return f"<p>{escape(head)}</p><ol start='0'>{rows}</ol>{notes}"


class Predicting:
    """The part of a client that asks trained networks."""

    _transport: Transport

    def predict(
        self,
        network: str,
        inputs: Any = None,
        *,
        images: Any = None,
        invert: bool = False,
        tag: str | None = None,
        dataset: str | None = None,
        samples: int | Sequence[int] | None = None,
    ) -> PredictionResult:
        """Ask a trained network what it makes of samples.

        Parameters
        ----------
        network : str
            Name in the repository.
        inputs : array-like, optional
            One sample, or several along the first axis, as the network gets them. Of a table also
            rows as it had them (a dict by column, several of them, or a DataFrame): text, dates and
            missing values become what they were when the weights learnt them.
        images : path, bytes, ndarray or PIL.Image, or a sequence of them, optional
            Pictures, instead of `inputs`: files, their content, pixels from 0 to 255 of shape
            (H, W) or (H, W, 3), or images of Pillow. They are prepared as the weights learnt them.
        invert : bool
            Whether dark is made bright: for dark strokes on a bright ground.
        tag : str, optional
            ``<tag>[/<variant>]``; the newest tag and its best weights when absent.
        dataset : str, optional
            Where `samples` are taken from; the one that the weights were learnt on when absent.
        samples : int or sequence of int, optional
            Numbers of samples in the dataset, instead of `inputs`; prepared likewise.

        Returns
        -------
        PredictionResult
            ``outputs``, and of classifiers ``probabilities``, ``classes`` and ``predicted``.

        Raises
        ------
        NotFoundError
            If there is no such network, tag or dataset.
        InvalidRequestError
            If the samples do not fit the network; both shapes are named.

        Examples
        --------
        >>> platform.predict("lenet-digits", samples=7).predicted  # doctest: +SKIP
        ['3']
        """
        body: dict[str, Any] = {"tag": tag, "dataset": dataset, "invert": invert}
        if samples is not None:
            several = [samples] if isinstance(samples, int) else samples
            body["samples"] = [int(item) for item in several]
        if inputs is not None:
            rows = as_rows(inputs)
            body["inputs"] = _encoded(inputs) if rows is None else rows
        if images is not None:
            body["images"] = encoded_images(images)
        path = f"/api/networks/{quote(network, safe='')}/predict"
        answer = self._transport.request("POST", path, body=body, repeatable=True)
        return PredictionResult(Prediction.model_validate_json(answer.content))

    def preparation(self, network: str, tag: str | None = None) -> PreparationRecord:
        """Return how samples are prepared for a network with some of its weights.

        Parameters
        ----------
        network : str
            Name in the repository.
        tag : str, optional
            ``<tag>[/<variant>]``; the newest tag and its best weights when absent.

        Raises
        ------
        NotFoundError
            If there is no such network or tag.
        """
        path = f"/api/networks/{quote(network, safe='')}/preparation"
        return PreparationRecord.model_validate(self._transport.get(path, tag=tag))


def read_array(path: str | Path) -> NDArray[Any]:
    """Read samples from an ``.npy`` file.

    Raises
    ------
    InvalidDataError
        If it holds no array of numbers; nothing in it is unpickled.
    """
    import numpy as np  # noqa: PLC0415 - slow to import, and rarely needed

    file = Path(path).expanduser()
    try:
        array = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InvalidDataError(f"{file} cannot be read as an .npy file: {error}.") from error
    if not isinstance(array, np.ndarray):
        raise InvalidDataError(f"{file} is an archive of arrays; give an .npy file of one.")
    return array


def encoded_images(images: Any) -> list[str]:
    """Return pictures as the API takes them: files in base64.

    Parameters
    ----------
    images
        As of `Predicting.predict`.

    Raises
    ------
    InvalidDataError
        If a file cannot be read, or all together are too large.
    InvalidRequestError
        If something is no picture.
    """
    several = list(images) if isinstance(images, list | tuple) else [images]
    found = [base64.b64encode(_file_of(item)).decode() for item in several]
    size = sum(map(len, found))
    if size > MAX_BODY_BYTES - _ROOM:
        raise InvalidDataError(
            f"The pictures are {format_bytes(size * 3 // 4)}; at most "
            f"{format_bytes((MAX_BODY_BYTES - _ROOM) * 3 // 4)} are accepted at once."
        )
    return found


def _file_of(image: Any) -> bytes:
    """Return a picture as the content of a file."""
    if isinstance(image, bytes | bytearray | memoryview):
        return bytes(image)
    if isinstance(image, str | os.PathLike):
        try:
            return Path(image).expanduser().read_bytes()
        except OSError as error:
            raise InvalidDataError(f"{image} cannot be read: {error.strerror}.") from error
    import numpy as np  # noqa: PLC0415 - slow to import, and rarely needed
    from PIL import Image  # noqa: PLC0415 - likewise

    if not isinstance(image, Image.Image):
        pixels = np.asarray(image)
        if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3):
            raise InvalidRequestError(
                f"An image is given as an array of type {pixels.dtype} and shape {pixels.shape}; "
                "pixels from 0 to 255 (uint8) of shape (H, W) or (H, W, 3) are accepted."
            )
        image = Image.fromarray(pixels)
    file = io.BytesIO()
    try:
        image.save(file, "PNG")
    except (OSError, ValueError) as error:
        raise InvalidRequestError(f"An image cannot be sent as a PNG file: {error}.") from error
    return file.getvalue()


def _encoded(inputs: Any) -> Any:
    """Return samples as the API takes them."""
    import numpy as np  # noqa: PLC0415 - slow to import, and rarely needed

    try:
        array = np.asarray(inputs)
    except ValueError as error:
        raise InvalidRequestError(
            "The inputs are lists of different lengths; samples have one shape."
        ) from error
    if array.dtype.kind not in "biuf":
        raise InvalidRequestError(
            f"The inputs are of type {array.dtype}; an array of numbers is accepted."
        )
    data = np.ascontiguousarray(array, dtype="<f4").tobytes()
    return {"shape": list(array.shape), "data": base64.b64encode(data).decode()}


def _array(values: list[Any]) -> NDArray[np.float64]:
    import numpy as np  # noqa: PLC0415 - slow to import, and rarely needed

    return np.asarray(values, dtype=np.float64)


def _shortened(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if not isinstance(value, list):
        return str(value)
    shown = [_shortened(item) for item in value[:_SHOWN_CLASSES]]
    return f"[{', '.join(shown)}{', …' if len(value) > len(shown) else ''}]"
