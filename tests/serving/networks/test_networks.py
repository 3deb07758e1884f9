"""Networks of tables and texts, and batches whose parts go wrong."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest

from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError, UnavailableError
from jupyter_platform.learning.questions.serving import Outputs, TrainedNetwork
from jupyter_platform.serving.contract.parsing import RawArguments
from jupyter_platform.serving.metrics import Metrics
from jupyter_platform.serving.networks.batcher import Batcher
from jupyter_platform.serving.networks.model import NetworkModel
from jupyter_platform.serving.settings import ServiceSettings
from tests.serving.networks.folders import FLOWERS, digits, flowers, texts


def _asked(folder, ask):
    async def run():
        model = NetworkModel(folder, ServiceSettings(network=folder), Metrics())
        await model.start()
        try:
            return await ask(model)
        finally:
            await model.close()

    return asyncio.run(run())


def test_rows_become_what_they_were_in_training(tmp_path):
    folder = flowers(tmp_path)
    row = {"petal length": 5, "garden": "south"}
    numbers = FLOWERS.table.row(row)
    assert numbers == [1.0, 1.5, 0.0, 1.0]
    expected = TrainedNetwork(folder).predict(np.array([numbers], np.float32))

    async def ask(model):
        body = json.dumps({"inputs": row}).encode()
        raw = RawArguments(query=[("petal length", "5"), ("garden", "south")])
        return await model.predicting.json_answer(body), await model.predict(raw, folder)

    told, contract = _asked(folder, ask)

    np.testing.assert_allclose(json.loads(told)["outputs"], expected.values, atol=1e-6)
    assert json.loads(contract.text)["predicted"] == json.loads(told)["predicted"][0]
    assert json.loads(told)["classes"] == ["setosa", "virginica", "versicolor"]


def test_columns_of_a_table_are_arguments_and_refuse_what_does_not_fit(tmp_path):
    async def ask(model):
        arguments = {item.name: item for item in model.description.predict.arguments}
        raw = RawArguments(query=[("petal length", "long"), ("garden", "west")])
        return arguments, await model.predict(raw, tmp_path)

    arguments, refused = _asked(flowers(tmp_path), ask)

    assert arguments["petal length"].kind == "number"
    assert arguments["petal length"].required
    assert not arguments["width"].required
    assert arguments["garden"].choices == ["north", "south"]
    assert refused.status == 422
    assert json.loads(refused.text) == {
        "petal length": ["Not a valid number."],
        "garden": ["Must be one of: north, south."],
    }


def test_a_text_is_continued(tmp_path):
    async def ask(model):
        query = [("start", "ab"), ("length", "12"), ("seed", "3")]
        made = [await model.predict(RawArguments(query=query), tmp_path) for _ in range(2)]
        odd = await model.predict(RawArguments(query=[("start", "xyz")]), tmp_path)
        return made, odd

    made, odd = _asked(texts(tmp_path), ask)

    assert made[0] == made[1]
    assert len(json.loads(made[0].text)["text"]) == 12
    assert set(json.loads(made[0].text)["text"]) <= set("abc ")
    assert odd.status == 422
    assert "'x'" in json.loads(odd.text)["message"]


def test_a_folder_that_holds_no_network_is_refused(tmp_path):
    with pytest.raises(InvalidDataError, match="cannot be read"):
        TrainedNetwork(tmp_path)
    digits(tmp_path / "a")
    (tmp_path / "a" / "weights.safetensors").unlink()
    with pytest.raises(InvalidDataError, match="missing"):
        TrainedNetwork(tmp_path / "a")
    digits(tmp_path / "b")
    (tmp_path / "b" / "weights.safetensors").write_bytes(b"nothing")
    with pytest.raises(InvalidDataError):
        TrainedNetwork(tmp_path / "b")


class _Doubling:
    """Doubles samples; refuses batches with a negative number, and tells how large they were."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, samples):
        self.sizes.append(len(samples))
        if (samples < 0).any():
            raise InvalidRequestError("negative")
        return Outputs(samples * 2, None)


def _batched(compute, ask, **how):
    settings = {"max_batch": 4, "max_wait_s": 0.0, "most_waiting": 100, "on_batch": lambda _n: None}

    async def run():
        batcher = Batcher(compute, **{**settings, **how})
        try:
            return await ask(batcher)
        finally:
            batcher.close()

    return asyncio.run(run())


def test_calls_of_one_moment_are_one_batch_up_to_its_bound_and_by_shape():
    compute = _Doubling()
    samples = [np.full((1, 2), number, np.float32) for number in range(6)]
    samples.append(np.full((1, 3), 9, np.float32))
    samples.append(np.full((7, 3), 9, np.float32))

    async def ask(batcher):
        return await asyncio.gather(*(batcher.submit(item) for item in samples))

    found = _batched(compute, ask)

    for given, outputs in zip(samples, found, strict=True):
        np.testing.assert_array_equal(outputs.values, given * 2)
    assert compute.sizes == [4, 2, 1, 7]


def test_a_call_that_fails_takes_no_other_with_it():
    async def ask(batcher):
        good, bad = np.ones((1, 2), np.float32), -np.ones((1, 2), np.float32)
        calls = (batcher.submit(item) for item in (good, bad, good))
        return await asyncio.gather(*calls, return_exceptions=True)

    first, second, third = _batched(_Doubling(), ask)

    assert isinstance(second, InvalidRequestError)
    assert first.values.tolist() == third.values.tolist() == [[2, 2]]


def test_samples_wait_for_others_where_that_is_asked_for():
    compute = _Doubling()

    async def ask(batcher):
        async def later():
            await asyncio.sleep(0)
            return await batcher.submit(np.ones((3, 1), np.float32))

        return await asyncio.gather(batcher.submit(np.ones((1, 1), np.float32)), later())

    _batched(compute, ask, max_wait_s=3600.0)

    assert compute.sizes == [4]


def test_too_many_samples_are_refused():
    async def ask(batcher):
        calls = [batcher.submit(np.ones((2, 1), np.float32)) for _ in range(3)]
        return await asyncio.gather(*calls, return_exceptions=True)

    found = _batched(_Doubling(), ask, most_waiting=4)

    assert [isinstance(item, UnavailableError) for item in found] == [False, False, True]
