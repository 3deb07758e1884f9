"""What is said of datasets."""

from __future__ import annotations

import pytest

from jupyter_platform.core.catalogue import DatasetRecord, DownloadRecord
from jupyter_platform.core.datasets import (
    DatasetDescriptor,
    DatasetFacts,
    DatasetPreview,
    SampleView,
    bundled_datasets,
)
from jupyter_platform.panels.dataset_views import (
    dataset_row,
    download_size,
    download_words,
    gallery,
    learns,
    state,
)

FACTS = DatasetFacts(
    size=1000,
    shape=[3, 32, 32],
    task="classification",
    outputs=2,
    classes=["cat", "<b>dog</b>"],
    class_counts=[750, 250],
    parts={
        "train": {"start": 0, "stop": 800, "size": 800},
        "test": {"start": 800, "stop": 1000, "size": 200},
    },
    bytes=3_072_000,
    stored_type="uint8",
)


def record(facts: DatasetFacts | None = FACTS, **fields) -> DatasetRecord:
    described = DatasetDescriptor(
        name="pets",
        kind="npz",
        file="sha256:ab",
        title="Pets & more",
        licence="CC0-1.0",
        adapters={"horizontal_flip": 0.5},
    )
    given = {"name": "pets", "descriptor": described, "origin": "added", "facts": facts}
    return DatasetRecord(**{**given, **fields})


def test_a_page_has_facts_parts_and_counts():
    row = dataset_row(record(location="/data/pets.yaml", base="animals"))
    page = row.counts + row.facts

    for piece in ("2 classes", "1,000", "3 × 32 × 32 of uint8", "0 to 799 (800 samples)"):
        assert piece in page
    for piece in ("CC0-1.0", "/data/pets.yaml", "animals", "horizontal_flip=0.5", "3.1 MB"):
        assert piece in page
    assert "width: 100.0%" in page
    assert "width: 33.3%" in page
    assert "750" in page


def test_what_people_write_is_text_and_never_html():
    row = dataset_row(record())

    assert "<b>dog" not in row.counts
    assert "&lt;b&gt;dog" in row.counts
    assert "Pets &amp; more" in row.head


def test_a_class_without_a_sample_says_so():
    facts = FACTS.model_copy(update={"class_counts": [1000, 0]})

    assert "no sample" in dataset_row(record(facts)).counts


def test_a_blank_is_a_class_that_can_be_seen():
    facts = FACTS.model_copy(update={"classes": ["\n", "a"]})

    assert "&#39;\\n&#39;" in dataset_row(record(facts)).counts


def test_many_classes_are_cut():
    names, counts = [str(number) for number in range(150)], [1] * 150
    facts = FACTS.model_copy(update={"classes": names, "class_counts": counts, "outputs": 150})

    assert "And 50 more classes." in dataset_row(record(facts)).counts


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({}, "2 classes"),
        ({"sequential": True, "outputs": 65}, "65 symbols"),
        ({"task": "regression", "outputs": 1, "target_shape": [1]}, "1 number"),
        ({"task": "regression", "outputs": 64, "target_shape": [1, 8, 8]}, "masks"),
    ],
)
def test_what_is_learned(update, words):
    assert learns(record(FACTS.model_copy(update=update))) == words


def test_what_is_not_downloaded_says_how_much_it_is():
    mnist = DatasetRecord(
        name="mnist",
        descriptor=bundled_datasets()["mnist"],
        origin="bundled",
        state="not downloaded",
    )
    row = dataset_row(mnist)

    assert "not downloaded ↓" in row.cells
    assert "10 classes" in row.cells
    assert row.complete
    assert download_size(mnist) == "11.6 MB"


def test_a_download_tells_how_far_it_is():
    coming = DownloadRecord(bytes=50_000_000, total=200_000_000, rate=3_000_000)
    going = record(None, state="downloading", download=coming)

    assert state(going) == "downloading 25%"
    assert download_words(going) == "50.0 MB of 200 MB · 3.0 MB/s · 50 s left"
    unpacking = coming.model_copy(update={"unpacking": True, "bytes": 200_000_000})
    assert "unpacking" in download_words(record(None, download=unpacking))


def test_what_is_wrong_is_said_on_the_page_and_in_the_line():
    broken = DatasetRecord(
        name="bad", descriptor=None, origin="added", state="broken", problem="bad.yaml: <no>"
    )
    failed = DownloadRecord(bytes=1, total=2, running=False, problem="It cannot be downloaded.")
    row = dataset_row(broken)

    assert "✗ broken" in row.cells
    assert 'role="alert">bad.yaml: &lt;no&gt;' in row.head
    assert "It cannot be downloaded." in dataset_row(record(download=failed)).head


def sample(**fields) -> DatasetPreview:
    return DatasetPreview(facts=FACTS, part="train", samples=[SampleView(index=7, **fields)])


def test_images_have_captions_and_masks():
    html = gallery(sample(image="data:image/png;base64,AA", label="cat", mask="data:,m"))

    assert '<img src="data:image/png;base64,AA" alt="sample 7 · cat">' in html
    assert '<img src="data:,m" alt="its mask">' in html
    assert "as it is" in gallery(sample(image="data:,x"), ["as it is"])


def test_rows_are_cut_after_some_numbers():
    html = gallery(sample(values=[float(number) for number in range(20)], target=[1.5]))

    assert "<td" in html
    assert ">7.00<" in html
    assert ">8.00<" not in html
    assert ">…<" in html
    assert ">1.50<" in html


def test_texts_are_shown_as_they_are():
    assert "<pre>a\nb &lt;</pre>" in gallery(sample(text="a\nb <"))


def test_data_that_are_being_read_are_said_to_be():
    row = dataset_row(record(None, reading=True))

    assert "being read" in row.cells
    assert "being read; sizes and samples" in row.head
    assert not row.complete
