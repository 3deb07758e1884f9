"""Finds where somebody speaks in a recording: Silero VAD, whose network its package carries."""

from __future__ import annotations

import math
import wave
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from marshmallow import fields, validate
from silero_vad import get_speech_timestamps, load_silero_vad

RATE = 16_000
"""Samples a second that the network hears."""
LONGEST_S = 3600.0


def get_metadata() -> dict[str, Any]:
    """Return what the module is."""
    return {
        "name": "speech-in-audio",
        "summary": "Finds where somebody speaks in a recording.",
        "version": "6.2.3",
        "license": "MIT",
        "author": ["Silero Team"],
    }


def get_predict_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `predict`."""
    return {
        "audio": fields.Field(
            required=True,
            metadata={
                "type": "file",
                "location": "form",
                "description": "Audio as WAV, PCM of 8, 16 or 32 bits; any rate and channels.",
            },
        ),
        "threshold": fields.Float(
            load_default=0.5,
            validate=validate.Range(min=0.05, max=0.95),
            metadata={"description": "Probability from which a moment counts as speech."},
        ),
        "least_speech_ms": fields.Int(
            load_default=250,
            validate=validate.Range(min=0, max=10_000),
            metadata={"description": "Milliseconds below which a stretch is left out."},
        ),
    }


def warm() -> None:
    """Load the network before the first call."""
    get_speech_timestamps(torch.zeros(RATE), _network(), sampling_rate=RATE)


def predict(audio: Any, threshold: float = 0.5, least_speech_ms: int = 250) -> dict[str, Any]:
    """Return the stretches with speech, in seconds, and how much of the recording they are."""
    samples, rate = read_wave(audio.filename)
    length = len(samples) / rate
    heard = torch.from_numpy(resampled(samples, rate))
    network = _network()
    network.reset_states()
    found = get_speech_timestamps(
        heard, network, threshold=threshold, sampling_rate=RATE,
        min_speech_duration_ms=least_speech_ms,
    )  # fmt: skip
    stretches = [
        {"start": round(item["start"] / RATE, 3), "end": round(min(item["end"] / RATE, length), 3)}
        for item in found
    ]
    spoken = sum(item["end"] - item["start"] for item in stretches)
    return {
        "speech": stretches,
        "seconds": round(length, 3),
        "speech_seconds": round(spoken, 3),
        "speech_share": round(spoken / length, 4),
    }


def read_wave(path: str) -> tuple[npt.NDArray[np.float32], int]:
    """Return the samples of a WAV file, from -1 to 1, and how many there are a second.

    Raises
    ------
    ValueError
        If it is no WAV file of PCM samples, empty, or longer than an hour.
    """
    try:
        with wave.open(path, "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            frames = file.getnframes()
            if frames > LONGEST_S * rate:
                raise ValueError("The recording is longer than an hour.")
            data = file.readframes(frames)
    except (wave.Error, EOFError) as error:
        raise ValueError(f"The file is no WAV of PCM samples: {error}.") from error
    if width not in (1, 2, 4):
        raise ValueError(f"The file has {8 * width} bits a sample; 8, 16 or 32 are wanted.")
    kind, middle = ("u1", 128.0) if width == 1 else (f"<i{width}", 0.0)
    values = (np.frombuffer(data, kind).astype(np.float32) - middle) / 2.0 ** (8 * width - 1)
    if values.size < channels:
        raise ValueError("The recording is empty.")
    whole = values[: values.size // channels * channels]
    mono: npt.NDArray[np.float32] = whole.reshape(-1, channels).mean(1, dtype=np.float32)
    return mono, rate


def resampled(samples: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.float32]:
    """Return samples at the rate that the network hears, without what lies above half of it."""
    if rate == RATE:
        return samples
    if rate > RATE:
        # A mean over as many samples as become one takes away what would fold back.
        width = math.ceil(rate / RATE)
        samples = np.convolve(samples, np.full(width, 1 / width, np.float32), "same")
    count = max(round(len(samples) * RATE / rate), 1)
    places = np.arange(count) * (rate / RATE)
    found: npt.NDArray[np.float32] = np.interp(places, np.arange(len(samples)), samples).astype(
        "f4"
    )
    return found


@cache
def _network() -> Any:
    return load_silero_vad(onnx=True)
