"""A service of a network: batches over HTTP, and the contract of DEEPaaS beside."""

from __future__ import annotations

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from openapi_spec_validator import validate
from PIL import Image

from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.predictions import EncodedArray, Prediction, PredictQuestion
from jupyter_platform.learning.questions.prediction import Predictor
from tests.serving.networks.folders import digits
from tests.serving.serving import service

CONTRACT = "/v2/models/lenet-digits/predict/"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("net")


@pytest.fixture(scope="module")
def client(home):
    folder = str(digits(home / "network"))
    with service(home, "--network", folder, "--queue", "64", "--max-batch", "8") as client:
        yield client


def _picture(size: tuple[int, int] = (8, 8)) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "PNG")
    return target.getvalue()


def _reference(home, **question):
    """Return what the inspector of a host answers for the same network."""
    asked = PredictQuestion(
        description=bundled_networks()["lenet-digits"],
        weights="sha256:0",
        files={"sha256:0": str(home / "network" / "weights.safetensors")},
        **question,
    )
    return Predictor().answer(asked)


def test_one_sample_and_several_are_predicted_as_everywhere(client, home):
    samples = np.random.default_rng(0).random((3, 1, 8, 8), dtype=np.float32)
    encoded = EncodedArray(
        shape=[3, 1, 8, 8], data=base64.b64encode(samples.astype("<f4").tobytes()).decode()
    )
    expected = _reference(home, inputs=encoded)

    several = Prediction.model_validate(
        client.post("/predict", json={"inputs": samples.tolist()}).json()
    )
    one = client.post("/predict", json={"inputs": samples[0].tolist()}).json()
    short = client.post("/predict", json={"inputs": encoded.model_dump()}).json()

    assert several.network == "lenet-digits"
    assert several.tag == "first/best"
    np.testing.assert_allclose(several.outputs, expected.outputs, atol=1e-5)
    np.testing.assert_allclose(several.probabilities, expected.probabilities, atol=1e-5)
    assert several.classes == list("0123456789")
    assert several.predicted == [str(row.argmax()) for row in np.array(expected.outputs)]
    np.testing.assert_allclose(one["outputs"], [expected.outputs[0]], atol=1e-5)
    np.testing.assert_allclose(short["outputs"], expected.outputs, atol=1e-5)


@pytest.mark.parametrize("invert", [False, True])
def test_pictures_are_prepared_as_everywhere_however_they_come(client, home, invert):
    picture = _picture((20, 31))
    text = base64.b64encode(picture).decode()
    expected = _reference(home, images=[text], invert=invert)

    answers = [
        client.post("/predict", json={"images": [text], "invert": invert}),
        client.post("/predict", files={"a": ("a.png", picture)}, data={"invert": str(invert)}),
    ]
    if not invert:
        headers = {"content-type": "image/png"}
        answers.append(client.post("/predict", content=picture, headers=headers))
    for answer in answers:
        np.testing.assert_allclose(answer.json()["outputs"], expected.outputs, atol=1e-5)
    contract = client.post(
        CONTRACT, params={"invert": invert}, files={"image": ("a.png", picture, "image/png")}
    ).json()
    assert contract["labels"][0] == contract["predicted"] == answers[0].json()["predicted"][0]
    assert contract["probabilities"] == sorted(contract["probabilities"], reverse=True)


def test_samples_of_many_calls_make_batches_and_answers_do_not_depend_on_them(client):
    samples = np.random.default_rng(1).random((24, 64), dtype=np.float32)

    def ask(row) -> dict:
        return client.post("/predict", json={"inputs": row.reshape(1, 8, 8).tolist()}).json()

    alone = [ask(row) for row in samples]
    before = client.get("/metrics").json()
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(ask, samples))
    after = client.get("/metrics").json()

    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one["outputs"], other["outputs"], atol=1e-5)
    assert after["samples"] - before["samples"] == 24
    assert after["statuses"]["200"] - before["statuses"]["200"] == 24
    assert after["batches"] - before["batches"] <= 24


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "no JSON"),
        (b"[1]", "an object with inputs or images is wanted"),
        (b"{}", "Give either inputs or images."),
        (b'{"inputs": [[1, 2], [3]]}', "different lengths"),
        (b'{"inputs": [1, 2]}', "samples of shape 1×8×8"),
        (b'{"inputs": ["1"]}', "no numbers"),
        (b'{"inputs": [NaN]}', "no JSON"),
        (b'{"inputs": []}', "no numbers"),
        (b'{"inputs": [{"a": 1}]}', "not learnt on a table"),
        (b'{"input": [1]}', "Did you mean inputs?"),
        (b'{"images": ["x"]}', "no file in base64"),
        (b'{"images": ["aGVsbG8="]}', "cannot be read"),
        (b'{"inputs": [1], "invert": true}', "invert goes with images"),
    ],
)
def test_a_question_that_is_none_is_refused(client, body, told):
    answer = client.post("/predict", content=body, headers={"content-type": "application/json"})

    assert 400 <= answer.status_code < 500
    assert told in answer.json()["message"]


def test_other_bodies_are_refused(client):
    assert client.post("/predict", files={"a": ("a.png", b"")}).status_code == 422
    assert (
        client.post("/predict", data={"inver": "1"}, files={"a": ("a.png", b"x")})
        .json()["message"]
        .startswith("inver is unknown")
    )
    odd = client.post("/predict", content=b"x", headers={"content-type": "text/csv"})
    assert odd.status_code == 400
    large = client.post("/predict", content=b'{"inputs": [' + b"1," * 13_000_000 + b"1]}")
    assert large.status_code == 413


def test_the_contract_and_its_documents_offer_the_network(client):
    (model,) = client.get("/description").json()["models"]
    assert [item["name"] for item in model["predict"]["arguments"]] == ["image", "invert"]
    assert not model["train"]["implemented"]
    assert client.post("/v2/models/lenet-digits/train/").status_code == 501
    assert client.get("/v2/models/lenet-digits/").json()["dataset"] == "digits"
    assert client.post(CONTRACT, files={"image": ("a.png", b"no")}).status_code == 422
    document = client.get("/openapi.json").json()
    validate(document)
    assert "/predict" in json.dumps(document)
    assert client.get("/health").json()["idle_s"] > 0
