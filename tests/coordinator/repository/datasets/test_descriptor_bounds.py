"""What lies in the watched folder and should not."""

from __future__ import annotations

import os

import pytest

from jupyter_platform.coordinator.reading.descriptors import read_descriptor

BOMB = "kind: csv\na0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 12)
)


async def test_a_descriptor_that_grows_without_end_is_listed_with_its_reason(datasets, write):
    write("bomb.yaml", BOMB)
    write("fine.yaml", "kind: moons\n")

    records = {item.name: item for item in await datasets.records()}

    assert records["bomb"].state == "broken"
    assert "more than 100,000 values, aliases included" in records["bomb"].problem
    assert records["fine"].state == "ready"


@pytest.mark.parametrize("path", ["/dev/zero", "pipe"])
async def test_devices_and_pipes_are_no_data(datasets, write, path):
    folder = write("d.yaml", f"kind: csv\nfile: {path}\n").parent
    os.mkfifo(folder / "pipe")
    write("labels.json", {"type": "FileDataset", "inputDims": "1", "labelsFile": path})

    records = {item.name: item for item in await datasets.records()}

    assert "which is no file or folder" in records["d"].problem
    assert "no file, but a device" in records["labels"].problem


def test_test_samples_alone_are_data(write):
    path = write("d.yaml", "kind: csv\ntest: t.csv\n")

    found = read_descriptor(path, nested=False)

    assert found.problem is None
    assert found.descriptor.test == (f"path:{path.parent}/t.csv",)


def test_names_outside_of_ascii_are_names(write):
    assert read_descriptor(write("продажи.yaml", "kind: moons\n"), nested=False).name == "prodazhi"
