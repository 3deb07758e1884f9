"""Descriptors of datasets, and what is written about them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jupyter_platform.core.datasets import (
    KINDS,
    SYNTHETIC,
    DatasetDescriptor,
    DatasetFacts,
    DownloadSource,
    bundled_datasets,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "datasets.md"


def test_every_kind_is_described():
    text = DOCUMENT.read_text(encoding="utf-8").partition("## Describing data")[2]
    rows = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    described = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert described == set(KINDS)


def test_every_field_that_people_write_is_described():
    text = DOCUMENT.read_text(encoding="utf-8")
    own = {"format", "stamp", "learnt", "pinned", "kind", "name"}

    missing = [field for field in DatasetDescriptor.model_fields if f"`{field}" not in text]

    assert set(missing) - own == set()


def test_the_digest_follows_what_the_data_are():
    plain = DatasetDescriptor(name="d", kind="csv", file="path:/x")

    assert plain.digest != plain.model_copy(update={"stamp": "other"}).digest
    assert plain.digest != plain.model_copy(update={"scale": 2.0}).digest
    assert plain.digest == DatasetDescriptor.model_validate(plain.model_dump(mode="json")).digest


def test_a_regression_has_as_many_targets_as_outputs():
    """Facts that were stored by an earlier version lack the shape of targets."""
    known = {"size": 1, "shape": [2], "parts": {}, "bytes": 1}

    facts = DatasetFacts(**known, task="regression", outputs=3)

    assert facts.target_shape == [3]
    assert DatasetFacts(**known, task="classification", outputs=3).target_shape == []


@pytest.mark.parametrize("kind", SYNTHETIC)
def test_what_is_made_up_has_defaults(kind):
    descriptor = DatasetDescriptor(name="d", kind=kind)

    assert all(descriptor.parameter(name) is not None for name in SYNTHETIC[kind])
    assert descriptor.is_complete


def test_public_files_are_named_by_their_address():
    for descriptor in bundled_datasets().values():
        for source in descriptor.download:
            assert {url.rsplit("/", 1)[-1] for url in source.urls} == {source.name}
            assert source.folder == descriptor.name
    with pytest.raises(ValueError, match="sha256"):
        DownloadSource(urls=("https://x/y",), bytes=1, sha256="abc")
