"""What a job that ends without result leaves: the weights within its newest checkpoint."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from jupyter_platform.coordinator.jobs.last_checkpoint import LastCheckpoints
from jupyter_platform.coordinator.repository import TagRepository
from jupyter_platform.core.checkpoints import FACTS, MODEL
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.weights_header import read_weights_header, write_part

JOB = "0123456789ab"
PAIR = {
    "encoder.a": np.arange(6, dtype="f4").reshape(2, 3),
    "decoder.a": np.array([7, 8], dtype="i8"),
    "encoder.b": np.array([1.5], dtype="f8"),
    "decoder.b.c": np.zeros((0, 4), dtype="f4"),
}
METADATA = {"network": "0" * 64, "input_shape": "[4]", "outputs": "3"}


@pytest.fixture
def blobs(paths):
    return BlobStore(paths.blobs)


@pytest.fixture
def tags(store, paths, blobs):
    return TagRepository(store, paths, blobs)


@pytest.fixture
def keeper(store, blobs, tags):
    return LastCheckpoints(store, blobs, tags)


@pytest.fixture
def fail(store, blobs, job_row, attempt_row, tmp_path):
    """Store a LEARN with the files of a checkpoint."""

    async def add(step, networks, **files):
        file = tmp_path / "file"
        found = {}
        for name, content in {MODEL: PAIR, **files}.items():
            if isinstance(content, bytes):
                file.write_bytes(content)
            else:
                save_file(content, file)
            found[name] = f"sha256:{blobs.put_file(file)}"
        digests = dict.fromkeys(networks, "0" * 64)
        row = job_row(networks=list(networks), tag="mine", spec={"digests": digests})
        attempt = attempt_row(checkpoint={"step": step, "files": found})
        await store.run(lambda session: (session.add(row), session.flush(), session.add(attempt)))

    return add


def facts(**told):
    return json.dumps({"step": 50, **told}).encode()


def test_a_part_of_a_file_is_what_safetensors_reads(tmp_path):
    source, part = tmp_path / "pair", tmp_path / "part"
    save_file(PAIR, source)

    write_part(source, part, "decoder.", METADATA)

    found = load_file(part)
    assert {name: (item.dtype, item.tolist()) for name, item in found.items()} == {
        "a": (np.dtype("i8"), [7, 8]),
        "b.c": (np.dtype("f4"), []),
    }
    assert read_weights_header(part) == METADATA
    with pytest.raises(InvalidDataError, match="no weights critic"):
        write_part(source, part, "critic.", METADATA)


async def test_each_network_of_a_pair_gets_its_own_weights(keeper, fail, tags):
    networks = {
        name: {"prefix": f"{name}.", "metadata": METADATA, "best": f"best.{name}.safetensors"}
        for name in ("encoder", "decoder")
    }
    told = facts(networks=networks, best_step=40, best_scores={"validation_loss": 0.5})
    best = {f"best.{name}.safetensors": {"a": np.ones(1)} for name in networks}
    await fail(50, networks, **{FACTS: told, **best})

    text = await keeper.keep(JOB)

    assert text == f"Its newest checkpoint, of step 50, is kept as mine/last and {JOB}/last."
    for tag in (JOB, "mine"):
        last = await tags.resolve("encoder", f"{tag}/last")
        assert (last.variant.step, last.record.input_shape, last.record.outputs) == (50, [4], 3)
        found = load_file(tags.path(last.variant))
        np.testing.assert_array_equal(found["a"], PAIR["encoder.a"])
        assert set(found) == {"a", "b"}
        kept = await tags.resolve("decoder", f"{tag}/best")
        assert (kept.variant.step, kept.variant.scores) == (40, {"validation_loss": 0.5})
    assert await keeper.keep(JOB) is None, "it is there already"


@pytest.mark.parametrize("content", [b"{", b'{"networks": {"mlp": {"metadata": {}}}}'])
async def test_damaged_facts_are_named_and_nothing_is_kept(keeper, fail, tags, content):
    await fail(50, ["mlp"], **{FACTS: content})

    with pytest.raises(InvalidDataError, match="step 50 are damaged"):
        await keeper.keep(JOB)
    assert await tags.records() == []


async def test_a_checkpoint_of_an_earlier_release_tells_no_networks(keeper, fail):
    await fail(50, ["mlp"], **{FACTS: facts()})

    assert await keeper.keep(JOB) is None
    assert await keeper.keep("ffffffffffff") is None
