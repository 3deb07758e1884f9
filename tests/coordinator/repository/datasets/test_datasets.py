import asyncio
import hashlib

import pytest

from jupyter_platform.coordinator.repository import DatasetUpload, facts
from jupyter_platform.coordinator.repository.datasets import uploads
from jupyter_platform.core.errors import (
    ConflictError,
    InvalidDataError,
    NotFoundError,
    RequestTooLargeError,
    UnavailableError,
)

CSV = b"a,b,target\n1,2,0\n3,4,1\n"
FACTS = {
    "size": 2,
    "shape": [2],
    "task": "classification",
    "outputs": 2,
    "parts": {
        "train": {"start": 0, "stop": 1, "size": 1},
        "test": {"start": 1, "stop": 2, "size": 1},
    },
    "bytes": len(CSV),
}


async def pieces(data, size=5):
    for start in range(0, len(data), size):
        yield data[start : start + size]


def left_over(paths):
    return [path for path in paths.blobs.rglob("*") if path.is_file() or "incoming" in path.name]


async def test_an_uploaded_file_becomes_a_dataset(datasets, inspector, blobs):
    inspector.answers["dataset"] = FACTS
    upload = DatasetUpload(target="target", shuffle_seed=3, shape="1,2")

    record = await datasets.put("mine", pieces(CSV), upload, len(CSV))

    digest = hashlib.sha256(CSV).hexdigest()
    descriptor = datasets.get("mine")
    assert record.descriptor == descriptor
    assert (record.origin, record.facts.size) == ("added", 2)
    assert (descriptor.kind, descriptor.file) == ("csv", f"sha256:{digest}")
    assert (descriptor.target, descriptor.shuffle_seed, descriptor.shape) == ("target", 3, (1, 2))
    assert datasets.file(descriptor).read_bytes() == CSV
    assert blobs.has(digest)


@pytest.mark.parametrize(
    "error", [InvalidDataError("Column 'b' holds text."), UnavailableError("No host is up.")]
)
async def test_nothing_stays_of_a_file_that_cannot_be_used(datasets, inspector, paths, error):
    inspector.answers["dataset"] = error

    with pytest.raises(type(error), match=error.message):
        await datasets.put("mine", pieces(CSV), DatasetUpload())

    assert datasets.find("mine") is None
    assert left_over(paths) == []


async def test_nothing_stays_of_an_upload_that_breaks_off(datasets, paths):
    async def broken():
        yield CSV
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        await datasets.put("mine", broken(), DatasetUpload())

    assert left_over(paths) == []


async def test_a_refused_upload_leaves_the_same_file_of_another_dataset(datasets, inspector):
    inspector.answers["dataset"] = FACTS
    await datasets.put("first", pieces(CSV), DatasetUpload())
    inspector.answers["dataset"] = InvalidDataError("no such column")

    with pytest.raises(InvalidDataError):
        await datasets.put("second", pieces(CSV), DatasetUpload(target="c"))

    assert datasets.file(datasets.get("first")).read_bytes() == CSV


async def test_the_kind_is_told_from_the_content(datasets, inspector):
    inspector.answers["dataset"] = FACTS

    record = await datasets.put("mine", pieces(b"PK\x03\x04rest"), DatasetUpload())

    assert record.descriptor.kind == "npz"


async def test_an_existing_name_is_only_replaced_when_asked(datasets, inspector):
    inspector.answers["dataset"] = FACTS
    await datasets.put("mine", pieces(CSV), DatasetUpload())
    more = CSV + b"5,6,1\n"
    with pytest.raises(ConflictError, match="of other content already") as caught:
        await datasets.put("mine", pieces(more), DatasetUpload())
    assert caught.value.errors[0].field == "name"
    assert datasets.file(datasets.get("mine")).read_bytes() == CSV

    await datasets.put("mine", pieces(more), DatasetUpload(replace=True))

    assert datasets.file(datasets.get("mine")).read_bytes() == more


async def test_the_same_content_again_is_the_same_dataset(datasets, inspector):
    inspector.answers["dataset"] = FACTS
    first = await datasets.put("mine", pieces(CSV), DatasetUpload(title="Mine"))

    again = await datasets.put("mine", pieces(CSV), DatasetUpload())
    with pytest.raises(ConflictError, match="of other content"):
        await datasets.put("mine", pieces(CSV), DatasetUpload(target="a"))

    assert again.descriptor == first.descriptor


async def test_other_content_gets_a_name_of_its_own_where_it_may(datasets, inspector):
    inspector.answers["dataset"] = FACTS
    upload = DatasetUpload(rename=True)
    names = []
    for content in (CSV, CSV + b"5,6,1\n", CSV + b"7,8,1\n", CSV):
        names.append((await datasets.put("mine", pieces(content), upload)).name)
    bundled = await datasets.put("digits", pieces(CSV), upload)

    assert names == ["mine", "mine-2", "mine-3", "mine"]
    assert bundled.name == "digits-2"
    assert datasets.file(datasets.get("mine")).read_bytes() == CSV


async def test_two_uploads_of_one_name_do_not_mix(datasets, inspector, until):
    inspector.answers["dataset"] = FACTS
    inspector.gate = asyncio.Event()
    first = asyncio.create_task(datasets.put("mine", pieces(CSV), DatasetUpload()))
    await until(lambda: inspector.asked)

    with pytest.raises(ConflictError, match="somebody else"):
        await datasets.put("mine", pieces(CSV), DatasetUpload(replace=True))
    inspector.gate.set()

    assert (await first).descriptor.name == "mine"


async def test_bundled_datasets_can_be_neither_replaced_nor_deleted(datasets):
    with pytest.raises(ConflictError, match="bundled"):
        await datasets.put("iris", pieces(CSV), DatasetUpload(replace=True))
    with pytest.raises(ConflictError, match="bundled"):
        await datasets.delete("iris")


async def test_a_dataset_of_a_file_in_the_folder_is_not_overwritten(datasets, paths, inspector):
    folder = paths.datasets / "mine"
    folder.mkdir()
    (folder / "mine.yaml").write_text("kind: blobs\n")
    inspector.answers["dataset"] = FACTS

    with pytest.raises(ConflictError, match=r"described in .*mine.yaml; change or remove"):
        await datasets.put("mine", pieces(CSV), DatasetUpload(replace=True))


async def test_what_says_nothing_of_the_file_is_refused(datasets, inspector, paths):
    inspector.answers["dataset"] = FACTS

    with pytest.raises(InvalidDataError, match="'mine': target says nothing of kind 'npz'"):
        await datasets.put("mine", pieces(b"PK\x03\x04rest"), DatasetUpload(target="y"))

    assert left_over(paths) == []


async def test_parquet_is_told_from_its_first_bytes(datasets, inspector):
    inspector.answers["dataset"] = FACTS

    record = await datasets.put("mine", pieces(b"PAR1rest"), DatasetUpload())

    assert record.descriptor.kind == "parquet"


@pytest.mark.parametrize("name", ["../iris", ".hidden", "a b", "x" * 65, ""])
async def test_a_name_that_could_not_be_a_file_is_refused(datasets, name):
    with pytest.raises(InvalidDataError, match="cannot be the name"):
        await datasets.put(name, pieces(CSV), DatasetUpload())


async def test_an_empty_file_is_refused(datasets, paths):
    with pytest.raises(InvalidDataError, match="empty"):
        await datasets.put("mine", pieces(b""), DatasetUpload())

    assert left_over(paths) == []


@pytest.mark.parametrize("announced", [None, 100])
async def test_a_file_that_does_not_fit_is_refused(datasets, paths, monkeypatch, announced):
    monkeypatch.setattr(uploads, "MAX_DATASET_BYTES", 20)

    with pytest.raises(RequestTooLargeError, match="room for 20 B"):
        await datasets.put("mine", pieces(CSV), DatasetUpload(), announced)

    assert left_over(paths) == []


async def test_bundled_datasets_are_listed_and_an_unknown_one_names_the_nearest(datasets):
    records = {item.name: item for item in await datasets.records()}

    assert {"breast_cancer", "diabetes", "digits", "iris", "wine"} <= set(records)
    assert records["iris"].state == "ready"
    assert list(records) == sorted(records)
    assert datasets.file(datasets.get("iris")).is_file()
    with pytest.raises(NotFoundError, match="Did you mean 'iris'"):
        datasets.get("irs")


async def test_a_deleted_dataset_keeps_its_file_for_jobs_that_use_it(datasets, inspector):
    inspector.answers["dataset"] = FACTS
    descriptor = (await datasets.put("mine", pieces(CSV), DatasetUpload())).descriptor

    await datasets.delete("mine")

    assert datasets.find("mine") is None
    assert datasets.file(descriptor).read_bytes() == CSV


async def test_data_that_take_long_to_read_are_said_to_be_read_and_are_known_later(
    datasets, inspector, until, monkeypatch
):
    monkeypatch.setattr(facts, "ANSWER_WITHIN_S", 0.1)
    inspector.answers |= {"dataset": FACTS, "preview": {}}
    inspector.gate = asyncio.Event()

    record = await datasets.record("iris")
    assert (record.state, record.reading, record.facts) == ("ready", True, None)
    with pytest.raises(UnavailableError, match="'iris' are still being read"):
        await datasets.facts(datasets.get("iris"))
    with pytest.raises(UnavailableError, match="'iris' are still being read"):
        await datasets.preview("iris", None, 8, {})
    inspector.gate.set()

    async def known():
        return (await datasets.record("iris")).facts

    assert (await until(known)).size == FACTS["size"]
    assert not (await datasets.record("iris")).reading
    assert [item["op"] for item in inspector.asked].count("dataset") == 1
