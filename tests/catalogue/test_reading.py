"""Metadata as people write them, against the official JSON schema."""

from __future__ import annotations

import copy
import json
import random
from datetime import date

import jsonschema
import pytest
import yaml

from jupyter_platform.catalogue.reading import read_metadata
from jupyter_platform.catalogue.schema import CHOICES, OLD_KEYS, schema_faults

from .files import AI4OS, BROKEN, FILES, text_of

OFFICIAL = jsonschema.Draft202012Validator(
    json.loads((AI4OS / "schema/ai4-apps-v2.3.0.json").read_text(encoding="utf-8"))
)
OLD = jsonschema.Draft7Validator(
    json.loads((AI4OS / "schema/ai4-apps-v1.0.0.json").read_text(encoding="utf-8"))
)
WHOLE = [path for path in FILES if path.stem != BROKEN]


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_a_real_file_is_read_and_valid(path):
    text = path.read_text(encoding="utf-8")

    read = read_metadata(text, path.stem)

    assert read.valid
    assert OFFICIAL.is_valid(read.data)
    assert schema_faults(yaml.safe_load(text)) == []
    assert read.data["title"] == " ".join(yaml.safe_load(text)["title"].split())


def test_the_models_refuse_and_accept_what_the_official_schema_does():
    draw, compared = random.Random(3), {True: 0, False: 0}
    whole = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in WHOLE]
    for _ in range(3000):
        data = copy.deepcopy(draw.choice(whole))
        for _ in range(draw.randrange(3)):
            spoil(data, draw)

        expected = OFFICIAL.is_valid(data)

        assert (schema_faults(data) == []) == expected, data
        compared[expected] += 1
    assert min(compared.values()) > 500


def spoil(data, draw):
    """Change one place of metadata, to something right or wrong."""
    values = [None, 3, 4.0, 0.5, -1, True, "", "x", [], ["x"], ["Other"], ["Other", "Other"], {}]
    values += [{"created": "2020-01-01"}, {"inference": {"cpu": 2.0}}, {"inference": {"gpu": -1}}]
    values += [{"training": {"gpu_compute_capability": 7}}, {"source_code": "x"}, "2.1.0", "a.b.c"]
    keys = [*data, "data-type", "resources", "dates", "doi", "extra", *OLD_KEYS]
    key = draw.choice(keys)
    if draw.random() < 0.3 and key in data:
        del data[key]
    elif key in CHOICES and draw.random() < 0.5:
        data[key] = draw.sample([*CHOICES[key], "pytorch"], 2)
    elif isinstance(data.get(key), dict) and draw.random() < 0.7 and data[key]:
        data[key][draw.choice([*data[key], "cpu", "self"])] = draw.choice(values)
    else:
        data[key] = draw.choice(values)


def test_a_broken_file_becomes_a_placeholder():
    read = read_metadata(text_of(BROKEN), BROKEN)

    assert not read.valid
    assert (read.data["title"], read.data["tags"]) == (BROKEN, ["invalid metadata"])
    assert "line 14" in read.problems[0]
    assert OFFICIAL.is_valid(read.data)


@pytest.mark.parametrize("name", ["sample-v1.mods.yaml", "sample-v1.mods.json", "invalid.json"])
def test_metadata_of_version_1_become_valid_ones_of_version_2(name):
    text = (AI4OS / "schema" / name).read_text(encoding="utf-8")
    old = json.loads(text) if name.endswith("json") else yaml.safe_load(text)
    assert OLD.is_valid(old)

    read = read_metadata(text, "mods")

    assert read.valid
    assert OFFICIAL.is_valid(read.data)
    assert read.data["tags"] == ["services", "docker"]
    assert read.data["links"]["source_code"] == "https://github.com/deephdc/mods"
    assert read.data["dates"] == {"created": "2019-02-19", "updated": "2019-02-19"}
    assert read.data["license"] == "Apache 2.0"
    assert read.data["description"].startswith("This use case analyzes")
    assert "\\n" not in read.data["description"]


def changed(**fields):
    data = yaml.safe_load(text_of("retinopathy-test"))
    for key, value in fields.items():
        data[key.replace("__", "-")] = value
    return data


TYPOS = {
    "sata-type": ({"sata__type": ["Image"]}, "data-type", ["Image"]),
    "data_type": ({"data_type": ["Text"]}, "data-type", ["Text"]),
    "Tilte": ({"Tilte": "Mods"}, "title", "Mods"),
    "libraries: pytorch": ({"libraries": ["pytorch", "JAX"]}, "libraries", ["PyTorch", "Other"]),
    "tags: one text": ({"tags": "a, b"}, "tags", ["a", "b"]),
    "metadata_version: 2": ({"metadata_version": 2}, "metadata_version", "2.3.0"),
    "categories: unknown": (
        {"categories": ["AI4 inference", "zoo"]},
        "categories",
        ["AI4 inference"],
    ),
    "resources: negative": ({"resources": {"inference": {"gpu": -1}}}, "resources", None),
}


@pytest.mark.parametrize("typo", TYPOS)
def test_typos_are_tolerated_and_told(typo):
    fields, key, expected = TYPOS[typo]
    data = changed(**fields)
    if typo in ("sata-type", "data_type"):
        data.pop("data-type", None)
    if typo == "Tilte":
        del data["title"]

    read = read_metadata(yaml.safe_dump(data), "one")

    assert read.valid
    assert read.data.get(key) == expected
    assert read.problems != []
    assert OFFICIAL.is_valid(read.data)


def test_links_under_keys_of_version_1_are_found():
    read = read_metadata(text_of("image-classification-tf-dicom"), "one")

    assert read.data["links"]["dataset"]
    assert read.data["links"]["citation"]
    assert len(read.problems) == 3


def test_unquoted_dates_are_dates():
    data = changed(dates={"created": date(2020, 1, 31), "updated": date(2021, 2, 1)})

    read = read_metadata(yaml.safe_dump(data), "one")

    assert read.valid
    assert read.data["dates"] == {"created": "2020-01-31", "updated": "2021-02-01"}
    assert sum("unquoted date" in problem for problem in read.problems) == 2


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "billion laughs": BOMB,
    "deep": "[" * 10_000,
    "large": "title: " + "x" * 2_000_000,
    "object": "!!python/object/apply:os.system ['true']",
    "recursive": "a: &a [*a]",
    "list": "- a\n- b",
    "empty": "",
    "text": "hello",
    "number": "title: " + "9" * 5_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_costs_nothing_and_is_told(kind):
    read = read_metadata(HOSTILE[kind], "one")

    assert not read.valid
    assert read.problems[0].startswith("The metadata")
