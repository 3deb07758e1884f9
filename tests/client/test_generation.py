"""Letting trained networks make something, against a real platform."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jupyter_platform import Platform
from jupyter_platform.cli.main import run
from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError, NotFoundError
from tests.waiting import DEADLINE_S

TAG = "maker"
TEXT = "ab" * 300


def learn(hub, networks, dataset, **options):
    options = {"max_iterations": 60, "validation_interval": 0, "tag": TAG} | options
    job = hub.submit("LEARN", networks, dataset, name="maker", **options)
    assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
    return job


@pytest.fixture(scope="module")
def decoder(shared_paths):
    """A decoder that has learnt digits for a moment."""
    with Platform() as hub:
        return learn(hub, ["vae-encoder", "vae-decoder"], "digits", strategy="vae", latent_size=4)


@pytest.fixture(scope="module")
def reader(shared_paths, tmp_path_factory):
    """A network that has learnt a text of two characters."""
    folder = tmp_path_factory.mktemp("texts")
    (folder / "letters.txt").write_text(TEXT, encoding="utf-8")
    descriptor = {"name": "letters", "kind": "characters", "file": f"path:{folder}/letters.txt"}
    place = shared_paths.datasets / "letters.json"
    place.write_text(json.dumps(descriptor), encoding="utf-8")
    with Platform() as hub:
        yield learn(hub, "char-gru", "letters", strategy="bptt", sequence_length=8)
    place.unlink()


def test_samples_have_the_shape_of_the_data_and_follow_from_the_seed(platform, decoder):
    found = platform.generate("vae-decoder", tag=TAG, count=3, seed=5)

    assert found.samples.shape == (3, 1, 8, 8)
    assert (found.text, found.record.tag) == (None, f"{TAG}/last")
    again = platform.generate("vae-decoder", tag=TAG, count=3, seed=5)
    other = platform.generate("vae-decoder", tag=TAG, count=3, seed=6)
    assert np.array_equal(found.samples, again.samples)
    assert not np.allclose(found.samples, other.samples)
    assert len(platform.generate("vae-decoder", tag=TAG).samples) == 16
    assert "3 samples of shape 1×8×8" in repr(found)


def test_a_job_holds_the_samples_that_its_network_made_at_the_end(platform, decoder):
    held = np.asarray(decoder.result()["samples"]["values"])
    made = platform.generate("vae-decoder", tag=TAG, seed=0).samples
    np.testing.assert_allclose(held, made, rtol=1e-4, atol=1e-5)


def test_text_goes_on_as_it_was_learnt(platform, reader):
    found = platform.generate("char-gru", tag=TAG, start="ab", length=20, temperature=0.01)

    assert (found.record.start, found.text) == ("ab", "ab" * 10)
    assert found.samples is None
    assert "abab" in repr(found)
    begun = platform.generate("char-gru", tag=TAG, length=4, temperature=0.01)
    assert (begun.record.start, begun.text) == ("a", "baba")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (
            {"network": "vae-decoder", "start": "a"},
            InvalidRequestError,
            "makes samples; leave start",
        ),
        ({"network": "vae-decoder", "count": 0}, InvalidRequestError, "count"),
        ({"network": "vae-encoder"}, InvalidDataError, "takes samples of shape 1×8×8"),
        ({"network": "vae-decoder", "tag": "mkaer"}, NotFoundError, "maker"),
        ({"network": "vae-decodr"}, NotFoundError, "vae-decoder"),
    ],
)
def test_what_cannot_be_made_is_refused(platform, decoder, options, error, words):
    options = {"tag": TAG, **options}
    with pytest.raises(error, match=words):
        platform.generate(**options)


def test_characters_that_were_never_seen_are_refused(platform, reader):
    with pytest.raises(InvalidDataError, match="'x', which the network has never seen; .*'ab'"):
        platform.generate("char-gru", tag=TAG, start="ax")
    with pytest.raises(InvalidRequestError, match="makes text; leave count out"):
        platform.generate("char-gru", tag=TAG, count=2)


def test_the_terminal_shows_text_and_writes_samples(platform, decoder, reader, capsys, tmp_path):
    options = ["--tag", TAG, "--start", "ab", "--length", "6", "--temperature", "0.01"]
    assert run(["generate", "char-gru", *options]) == 0
    assert capsys.readouterr().out == "abababab\n"

    file = tmp_path / "made.npy"
    assert run(["generate", "vae-decoder", "--tag", TAG, "--count", "2", "--out", str(file)]) == 0
    assert "2 samples of shape 1×8×8" in capsys.readouterr().out
    assert np.load(file).shape == (2, 1, 8, 8)
