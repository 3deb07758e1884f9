"""One's own data, from what they are to a job that learns them, on a real platform."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from jupyter_platform.core.errors import (
    ConflictError,
    InvalidDataError,
    InvalidRequestError,
    OptionError,
)
from tests.waiting import DEADLINE_S

GERMAN = (
    "Nr;Straße;Fläche;Klasse\n"
    + "".join(
        f"{n};{('Markt', 'Gärten')[n % 2]};{'' if n == 3 else f'1.{n:03d},5'};{'ab'[n % 3 == 0]}\n"
        for n in range(1, 41)
    )
).encode("cp1252")
MENDED = {"missing": "mean", "encode": "one-hot", "exclude": ["Nr"]}


@pytest.fixture
def added(platform):
    """Names of datasets that are removed after the test."""
    names: list[str] = []
    yield names
    for name in names:
        platform.remove_dataset(name)


@pytest.fixture
def flats(tmp_path):
    path = tmp_path / "flats.csv"
    path.write_bytes(GERMAN)
    return path


def test_a_file_is_looked_at_mended_added_and_learned(platform, flats, added):
    seen = platform.look_at_dataset(flats)

    assert (seen.kind, seen.name, seen.facts) == ("csv", "flats", None)
    assert {item.field for item in seen.problems} == {"missing", "encode"}
    assert (seen.table.encoding, seen.table.decimal, seen.table.thousands) == ("cp1252", ",", ".")
    assert [column.missing for column in seen.table.columns] == [0, 0, 1, 0]
    assert "flats" not in [item.name for item in platform.datasets()]

    again = platform.look_again(seen.content, file_name="flats.csv", **MENDED)
    assert again.problems == []
    assert again.facts.features == ["Straße=Gärten", "Straße=Markt", "Fläche"]
    assert len(again.samples) == 12

    added.append("flats")
    record = platform.add_looked_at("flats", again.content, **MENDED)
    assert record.facts == again.facts
    job = platform.submit("LEARN", "mlp", "flats", max_iterations=3, batch_size=4)
    assert job.wait(timeout=DEADLINE_S) == "finished"

    rows = [{"Straße": "Gärten", "Fläche": "1.001,5", "Klasse": "b"}, {"Straße": "Markt"}]
    told = platform.predict("mlp", rows, tag=job.id).outputs
    plain = platform.predict(
        "mlp", [[1, 0, 1001.5], [0, 1, again.facts.table.columns[1].fill]], tag=job.id
    )
    assert told.tolist() == plain.outputs.tolist()
    with pytest.raises(InvalidRequestError, match="column 'Fläche' holds 'viel', which is no numb"):
        platform.predict("mlp", {"Straße": "Markt", "Fläche": "viel"}, tag=job.id)


def test_what_misleads_is_told_before_and_beside_the_score(platform, tmp_path, added):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 80)
    frame = pd.DataFrame({"leak": y + 0.5, "a": rng.normal(size=80), "y": y})
    added.append("leaky")
    platform.add_dataset("leaky", frame, target="y")

    check = platform.check("LEARN", "mlp", "leaky", max_iterations=3, batch_size=4)
    job = platform.submit("LEARN", "mlp", "leaky", max_iterations=3, batch_size=4)
    job.wait(timeout=DEADLINE_S)
    judged = platform.submit("EVALUATE", "mlp", "leaky", tag=job.id)
    judged.wait(timeout=DEADLINE_S)

    for told in (check.warnings, job.record.warnings, job.result()["warnings"]):
        assert any("'leak' alone tells the target" in text for text in told)
    assert any("'leak'" in text for text in judged.result()["warnings"])


@pytest.mark.parametrize("form", ["frame", "pair", "dict", "one"])
def test_data_of_a_notebook_are_added_as_they_are(platform, added, form):
    x = np.array([[1.5, 2.0], [3.0, 4.0], [5.0, 6.5], [7.0, 8.0]])
    y = np.array([0, 1, 0, 1])
    data = {
        "frame": pd.DataFrame({"a": x[:, 0], "y": y, "b": x[:, 1]}, index=[9, 8, 7, 6]),
        "pair": (x, y),
        "dict": {"x": x, "y": y},
        "one": np.column_stack([y, x]),
    }[form]
    target = {"frame": "y", "one": 0}.get(form)
    added.append("own")

    platform.add_dataset("own", data, target)

    shown = platform.preview_dataset("own", count=4).samples
    assert [item.values for item in shown] == x.tolist()
    assert [item.label for item in shown] == ["0", "1", "0", "1"]


def test_a_folder_of_pictures_needs_no_descriptor(platform, tmp_path, added):
    for kind in ("cat", "dog"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        for number in range(4):
            Image.new("RGB", (8, 8), (number * 9, 0, 0)).save(
                tmp_path / "pets" / kind / f"{number}.png"
            )
    added.append("pets")

    assert platform.look_at_dataset(tmp_path / "pets").facts.classes == ["cat", "dog"]
    assert platform.add_dataset("pets", tmp_path / "pets").facts.size == 8


def test_a_folder_is_added_as_it_was_looked_at(platform, tmp_path, added):
    root = tmp_path / "sights"
    for part, count in (("train", 6), ("valid", 2), ("test", 2)):
        for name in ("cat", "dog"):
            folder = root / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                size = (40, 30) if number else (20, 20)
                Image.new("RGB", size, (number * 9, 0, 0)).save(folder / f"{number}.png")
    (root / "__MACOSX" / "cat").mkdir(parents=True)
    (root / "__MACOSX" / "cat" / "0.png").write_bytes(b"x")
    (root / "train" / "dog" / "3.png").write_bytes(b"no image")
    added.append("sights")

    seen = platform.look_at_dataset(root)
    assert (seen.kind, seen.folder.broken, seen.folder.shape) == ("images", 1, [3, 30, 40])
    assert seen.folder.parts == {"train": 12, "validation": 4, "test": 4}
    assert seen.folder.sizes == "20×20 to 40×30"
    assert [item.field for item in seen.problems] == ["skip_broken"]
    with pytest.raises(InvalidDataError, match=r"3\.png.*skip_broken"):
        platform.add_dataset("sights", root)

    record = platform.add_dataset("sights", root, skip_broken=True)
    facts = record.facts
    assert (facts.size, facts.skipped, facts.shape) == (19, 1, [3, 30, 40])
    assert facts.classes == ["cat", "dog"]
    assert [facts.parts[part].size for part in ("train", "validation", "test")] == [11, 4, 4]
    smaller = platform.add_dataset("sights", root, skip_broken=True, shape=[3, 8, 8], replace=True)
    assert smaller.facts.shape == [3, 8, 8]


def test_folders_of_masks_inside_parts_are_known_as_such(platform, tmp_path, added, monkeypatch):
    from jupyter_platform.cli import datasets as commands  # noqa: PLC0415

    monkeypatch.setattr(commands, "platform", lambda: platform)
    root = tmp_path / "cells"
    for part in ("train", "val"):
        for number in range(4):
            for folder, colour, mode in (("images", (9, 9, 9), "RGB"), ("masks", number % 2, "L")):
                (root / part / folder).mkdir(parents=True, exist_ok=True)
                path = root / part / folder / f"{number}.png"
                Image.new(mode, (8, 8), colour).save(path)
    run, added_name = CliRunner(), "cells"
    added.append(added_name)

    looked = run.invoke(commands.datasets, ["look", str(root)])
    done = run.invoke(commands.datasets, ["add", str(root), "--json"])

    assert "masks" in looked.output
    assert "train 4, validation 4" in looked.output
    assert done.exit_code == 0, done.output
    assert platform.dataset(added_name).descriptor.kind == "masks"


def test_a_folder_without_pictures_is_refused_by_what_would_be_one(platform, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("x")

    assert platform.look_at_dataset(tmp_path / "notes").problems
    with pytest.raises(InvalidDataError, match="holds no picture"):
        platform.add_dataset("notes", tmp_path / "notes")


def test_what_cannot_be_is_refused_with_what_could(platform, flats, tmp_path):
    with pytest.raises(OptionError, match="Did you mean 'missing'"):
        platform.add_dataset("flats", flats, mising="drop")
    with pytest.raises(InvalidDataError, match="Did you mean 'Klasse'"):
        platform.add_dataset("flats", flats, target="klase", **MENDED)
    with pytest.raises(InvalidDataError, match="decimal"):
        platform.add_dataset("flats", flats, decimal=";")
    with pytest.raises(OptionError, match="no column of the array"):
        platform.add_dataset("flats", np.zeros((3, 3)), target=7)
    with pytest.raises(OptionError, match="DataFrame"):
        platform.add_dataset("flats", 17)
    with pytest.raises(OptionError, match="cannot be read"):
        platform.look_again(f"path:{tmp_path}/nothing.csv")
    for path in ("nothing.csv", "~nobody-of-this-name/nothing.csv"):
        with pytest.raises(OptionError, match="begins with / or ~"):
            platform.look_again(f"path:{path}")
    with pytest.raises(OptionError, match="neither a file nor a folder"):
        platform.look_again("path:/dev/zero")
    with pytest.raises(ConflictError):
        platform.add_looked_at("iris", f"sha256:{'0' * 64}")


def test_the_command_line_knows_the_same(platform, flats, added, monkeypatch):
    from jupyter_platform.cli import datasets as commands  # noqa: PLC0415

    monkeypatch.setattr(commands, "platform", lambda: platform)
    given = ["--missing", "mean", "--encode", "Straße=one-hot", "--exclude", "Nr"]
    run = CliRunner()

    refused = run.invoke(commands.datasets, ["look", str(flats)])
    looked = run.invoke(commands.datasets, ["look", str(flats), *given, "--json"])
    added.append("flats")
    done = run.invoke(commands.datasets, ["add", str(flats), *given])

    assert "✗ column 'Fläche' has no value in row 4 (1 of 40 rows)" in refused.output
    assert json.loads(looked.output)["problems"] == []
    assert done.exit_code == 0, done.output
    assert platform.dataset("flats").facts.features == ["Straße=Gärten", "Straße=Markt", "Fläche"]


@pytest.mark.parametrize("name", ["train.csv", "plain_text/train-00000-of-00001.parquet"])
def test_an_older_clone_of_the_hub_is_read_with_its_classes(platform, tmp_path, name):
    file = tmp_path / "clone" / name
    file.parent.mkdir(parents=True)
    rows = pd.DataFrame({"a": [float(row) for row in range(20)], "label": [0, 1] * 10})
    if file.suffix == ".csv":
        rows.to_csv(file, index=False)
    else:
        rows.to_parquet(file, index=False)
    label = {"names": ["neg", "pos"], "_type": "ClassLabel"}
    told = {"features": {"label": label}, "splits": {"train": {"num_examples": 20}}}
    (tmp_path / "clone/dataset_infos.json").write_text(json.dumps({"plain_text": told}))

    seen = platform.look_at_dataset(tmp_path / "clone")
    assert (seen.facts.classes, seen.facts.size) == (["neg", "pos"], 20)
