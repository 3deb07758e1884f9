"""The package's own items: weights that are as good as their cards say, and answers."""

import csv
import io
import math
import random
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from jupyter_platform.core.datasets import bundled_datasets
from jupyter_platform.items.building import item_module
from jupyter_platform.runtime.item_folders import own_items, read_metric, read_recipe
from jupyter_platform.runtime.paths import Paths

from .pictures import png, written


def table(columns, rows) -> dict[str, tuple[str, bytes]]:
    """Return a CSV file as an upload."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    return {"table": ("table.csv", text.getvalue().encode())}


def bundled(name):
    path = own_items()["digit-classifier"].parents[1] / "core/bundled/datasets" / f"{name}.npz"
    with np.load(path) as data:
        return data["x"], data["y"]


def has_reached_its_metric(name) -> bool:
    recipe, measured = read_recipe(own_items()[name]), read_metric(name, Paths.default())
    assert recipe is not None
    assert recipe.metric is not None
    assert measured is not None
    assert measured.name == recipe.metric.name
    return recipe.metric.is_reached(measured.value)


@pytest.mark.slow
def test_the_digit_classifier_makes_its_weights_and_refuses_what_is_no_digit(running_item):
    with running_item("digit-classifier") as item:
        assert [phase["name"] for phase in item.phases()] == ["weights", "warm-up", "ready"]
        assert has_reached_its_metric("digit-classifier")
        found = item.predict({"picture": ("3.png", written("3"))})
        assert found["label"] == "3"
        blank = png(Image.new("L", (50, 50), 200))
        assert "all of one colour" in item.refusal({"picture": ("x.png", blank)}).text
        assert item.refusal({"picture": ("x.png", b"no picture")}).status_code >= 400
        assert item.refusal().status_code == 422


@pytest.mark.slow
def test_the_tabular_classifier_tells_irises_and_learns_wines(running_item):
    with running_item("tabular-classifier") as item:
        assert has_reached_its_metric("tabular-classifier")
        lengths = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4}
        found = item.predict(**lengths, petal_width=0.2)
        assert found["label"] == "setosa"
        assert found["probabilities"][0] > 0.9
        x, y = bundled("wine")
        columns = [name.replace("/", " ") for name in bundled_datasets()["wine"].features]
        rows = [[*row, f"cultivar {kind}"] for row, kind in zip(x.tolist(), y, strict=True)]
        wines = table([*columns, "cultivar"], rows)
        learnt = item.train(wines, target="cultivar", name="wines")
        assert learnt["accuracy"] >= 0.85
        answered = item.predict(wines, weights="wines")["rows"]
        right = [row["label"] == f"cultivar {kind}" for row, kind in zip(answered, y, strict=True)]
        assert np.mean(right) >= 0.9
        message = item.refusal(table(["a"], [[1]])).text
        assert "no column 'sepal_length'" in message


@pytest.mark.slow
def test_the_regression_answers_and_learns_another_table(running_item):
    with running_item("regression-on-tables") as item:
        assert has_reached_its_metric("regression-on-tables")
        x, y = bundled("diabetes")
        columns = bundled_datasets()["diabetes"].features
        rows = item.predict(table(columns, x[353:].tolist()))["rows"]
        told = np.array([row["prediction"] for row in rows])
        r2 = 1 - ((told - y[353:]) ** 2).sum() / ((y[353:] - y[353:].mean()) ** 2).sum()
        measured = read_metric("regression-on-tables", Paths.default())
        assert r2 == pytest.approx(measured.value, abs=1e-3)
        draw = np.random.default_rng(0)
        a, b = draw.normal(size=(2, 400))
        own = table(["a", "b", "sum"], zip(a, b, 3 * a - 2 * b, strict=True))
        assert item.train(own, target="sum", name="sums")["r2"] > 0.98


@pytest.mark.slow
def test_the_text_generator_writes_words_that_it_has_read(running_item, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    folder = own_items()["text-generator"]
    item_module(folder, read_recipe(folder))
    words = set(sys.modules["reports"].reports(900, seed=1).split())
    with running_item("text-generator") as item:
        assert has_reached_its_metric("text-generator")
        found = item.predict(start="Monday will be ", length=400, temperature=0.3, seed=5)
        assert len(found["text"]) == 400
        assert found["whole"] == f"Monday will be {found['text']}"
        written_words = found["whole"].split()[:-1]
        assert np.mean([word in words for word in written_words]) >= 0.9
        again = item.predict(start="Monday will be ", length=400, temperature=0.3, seed=5)
        assert again == found
        poem = ("text", ("poem.txt", b"to be or not to be, that is the question. " * 200))
        assert item.train(dict([poem]), name="poem", iterations=200)["perplexity"] < 2
        assert "to be" in item.predict(start="to be", weights="poem", temperature=0.1)["whole"]


@pytest.mark.slow
def test_the_forecaster_carries_on_a_cycle_at_any_level(running_item):
    with running_item("time-series-forecaster") as item:
        assert has_reached_its_metric("time-series-forecaster")
        steps = np.arange(144)
        series = 1000 + 50 * np.sin(2 * np.pi * steps / 24)
        found = item.predict(values=[float(value) for value in series[:120]], steps=24)["forecast"]
        assert np.abs(np.array(found) - series[120:]).mean() < 10
        rows = [[f"h{step}", value] for step, value in enumerate(series)]
        longer = item.predict(table(["hour", "load"], rows), column="load", steps=60)
        assert len(longer["forecast"]) == 60
        assert "96 finite ones or more" in item.refusal(values=[1.0, 2.0]).text


@pytest.mark.slow
def test_the_image_classifier_learns_a_folder_of_ones_own(running_item, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    folder = own_items()["image-classifier"]
    item_module(folder, read_recipe(folder))

    draw_shape = sys.modules["shapes"].draw_shape
    with running_item("image-classifier") as item:
        assert has_reached_its_metric("image-classifier")
        draw = random.Random(9)
        star = item.predict({"picture": ("x.png", png(draw_shape("star", draw)))})
        assert star["label"] == "star"
        archive = io.BytesIO()
        colours = {"red": (200, 30, 30), "green": (30, 160, 40), "blue": (30, 50, 200)}
        noise = np.random.default_rng(0)
        with zipfile.ZipFile(archive, "w") as file:
            for name, colour in colours.items():
                for number in range(40):
                    pixels = np.clip(np.array(colour) + noise.normal(0, 25, (40, 60, 3)), 0, 255)
                    picture = png(Image.fromarray(pixels.astype(np.uint8)))
                    file.writestr(f"mine/{name}/{number}.png", picture)
        upload = {"pictures": ("mine.zip", archive.getvalue())}
        learnt = item.train(upload, name="colours", iterations=60)
        assert learnt["classes"] == ["blue", "green", "red"]
        assert learnt["accuracy"] >= 0.9
        blue = png(Image.new("RGB", (64, 64), (25, 60, 190)))
        found = item.predict({"picture": ("x.png", blue)}, weights="colours")
        assert found["label"] == "blue"


@pytest.mark.slow
def test_the_anomaly_detector_finds_what_is_unlike_the_rest(running_item):
    with running_item("anomaly-detector") as item:
        assert has_reached_its_metric("anomaly-detector")
        draw = np.random.default_rng(0)
        pressure = draw.normal(5, 0.2, 300)
        flow = 10 * pressure + draw.normal(0, 0.3, 300)
        speed = 100 * pressure + draw.normal(0, 4, 300)
        names = ["pressure", "flow", "speed"]
        usual = table(names, zip(pressure, flow, speed, strict=True))
        item.train(usual, name="pumps", iterations=600)
        rows = [[5.1, 51, 510], [5.0, 50, 500], [5.0, 20, 500]]
        found = item.predict(table(names, rows), weights="pumps")
        assert [row["unusual"] for row in found["rows"]] == [False, False, True]
        assert found["rows"][2]["column"] == "flow"
        assert found["unusual"] == 1


@pytest.mark.slow
def test_the_agent_balances_the_pole(running_item):
    with running_item("cartpole-agent") as item:
        assert has_reached_its_metric("cartpole-agent")
        found = item.predict(seed=3)
        assert found["return"] >= 400
        assert len(found["angles"]) == len(found["moves"]) == found["return"]
        assert max(map(abs, found["angles"])) < math.radians(12)
        film = Image.open(io.BytesIO(item.predict(seed=3, steps=40, accept="image/gif")))
        assert film.format == "GIF"
        # Frames that are alike are one that is shown longer.
        assert 10 <= film.n_frames <= 20


def test_weights_that_fall_short_are_not_kept(tmp_path, monkeypatch):
    code = """
import sys
from pathlib import Path
from jupyter_platform.items import building
class Poor:
    @staticmethod
    def build(folder): return 0.5
building.item_module = lambda folder, recipe: Poor
sys.exit(building.main(["digit-classifier", sys.argv[1]]))
"""
    command = [sys.executable, "-c", code, str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "digit-classifier: accuracy is 0.5; at least 0.97 is promised." in done.stderr
    assert not (tmp_path / "data" / "metric.json").exists()
