"""Pictures and recordings that are made here: what they show is known."""

from __future__ import annotations

import io
import wave

import numpy as np
from PIL import Image, ImageDraw, ImageFont

RATE = 16_000
VOWELS = {
    "a": (800, 1200, 2500),
    "e": (500, 1800, 2500),
    "i": (300, 2300, 3000),
    "o": (500, 900, 2400),
    "u": (320, 800, 2300),
}
"""Formants, Hz: Peterson and Barney (1952), rounded."""


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def written(text: str, *, size: int = 120, ink: str = "black", paper: str = "white") -> bytes:
    """Return a picture of some text, with room around it."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    margin = size // 3
    image = Image.new(
        "RGB", (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin), paper
    )
    ImageDraw.Draw(image).text((margin - left, margin - top), text, fill=ink, font=font)
    return png(image)


def wav(samples: np.ndarray, rate: int = RATE) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def syllables(count: int, seed: int) -> np.ndarray:
    """Return made-up speech: a voice through the formants of vowels, with hisses between."""
    draw = np.random.default_rng(seed)
    parts = []
    for _ in range(count):
        hiss = np.diff(draw.standard_normal(1200), prepend=0)
        parts.append(0.12 * hiss / np.abs(hiss).max() * np.hanning(1200))
        formants = VOWELS[str(draw.choice(list(VOWELS)))]
        parts.append(0.6 * _vowel(formants, float(draw.uniform(0.12, 0.22)), draw))
    return np.concatenate(parts)


def silence(seconds: float, seed: int = 0) -> np.ndarray:
    return 0.001 * np.random.default_rng(seed).standard_normal(int(seconds * RATE))


def _vowel(formants, seconds: float, draw: np.random.Generator) -> np.ndarray:
    count = int(seconds * RATE)
    time = np.arange(count) / RATE
    pitch = 120 * (1 + 0.04 * np.sin(2 * np.pi * 5 * time) - 0.15 * time / seconds)
    voice = (np.diff(np.floor(np.cumsum(pitch) / RATE), prepend=0) > 0).astype(float)
    voice += 0.01 * draw.standard_normal(count)
    for formant, width in zip(formants, (80, 100, 150), strict=True):
        voice = _resonance(voice, formant, width)
    voice *= np.minimum(1, np.minimum(time / 0.03, (seconds - time) / 0.05))
    return voice / np.abs(voice).max()


def _resonance(signal: np.ndarray, frequency: float, width: float) -> np.ndarray:
    radius = np.exp(-np.pi * width / RATE)
    turn = 2 * radius * np.cos(2 * np.pi * frequency / RATE)
    found = np.zeros_like(signal)
    last = before = 0.0
    for place, value in enumerate(signal):
        last, before = value + turn * last - radius * radius * before, last
        found[place] = last
    return found
