import pytest

from jupyter_platform.core.errors import ConflictError, NotFoundError, OptionError


@pytest.fixture
def keep(tags, tmp_path):
    """Store weights with some content; fields may be given."""

    async def store(content=b"weights", **fields):
        file = tmp_path / "some.safetensors"
        file.write_bytes(content)
        given = {
            "network": "mlp",
            "network_digest": "0" * 64,
            "tag": "first",
            "variant": "last",
            "file": file,
            "step": 10,
            "scores": {"validation_loss": 0.5, "validation_accuracy": None},
            "job": "0123456789ab",
            "dataset": "iris",
            "input_shape": [4],
            "outputs": 3,
        }
        return await tags.store(**{**given, **fields})

    return store


async def test_weights_come_back_with_what_is_known_of_them(tags, keep):
    await keep()

    record, own = await tags.records("mlp")
    assert (own.tag, own.variants) == ("0123456789ab", record.variants)
    (variant,) = record.variants
    assert (record.tag, record.job, record.input_shape) == ("first", "0123456789ab", [4])
    assert (variant.variant, variant.step, variant.bytes) == ("last", 10, 7)
    assert variant.scores == {"validation_loss": 0.5, "validation_accuracy": None}
    assert tags.path(variant).read_bytes() == b"weights"


async def test_people_find_the_weights_as_files(paths, tags, keep):
    await keep(b"one")
    await keep(b"two", variant="best")
    await keep(b"three")

    folder = paths.weights / "mlp" / "first"
    files = {path.name: path.read_bytes() for path in folder.glob("*.safetensors")}
    assert files == {"last.safetensors": b"three", "best.safetensors": b"two"}
    assert (folder / "tag.json").is_file()
    record = await tags.find("mlp", "first")
    best = next(item for item in record.variants if item.variant == "best")
    assert (folder / "best.safetensors").samefile(tags.path(best))


async def test_a_tag_follows_another_job_whose_scores_cannot_be_compared(paths, tags, keep):
    await keep(variant="best")
    await keep(b"new", job="ffffffffffff")

    record = await tags.find("mlp", "first")
    assert [item.variant for item in record.variants] == ["last"]
    assert not (paths.weights / "mlp" / "first" / "best.safetensors").exists()


async def test_a_tag_stands_for_its_best_variant_else_the_last(tags, keep):
    await keep()
    assert (await tags.resolve("mlp", "first")).text == "first/last"

    await keep(b"better", variant="best")

    assert (await tags.resolve("mlp", "first")).text == "first/best"
    assert (await tags.resolve("mlp", "first/last")).text == "first/last"


async def test_a_tag_of_iterations_stands_for_the_newest_one(tags, keep):
    await keep(variant="900", step=900)
    await keep(variant="1000", step=1000)

    assert (await tags.resolve("mlp", "first")).text == "first/1000"


async def test_without_a_tag_the_newest_is_meant(tags, keep):
    await keep()
    await keep(tag="second")

    assert (await tags.resolve("mlp")).text == "second/last"


@pytest.mark.parametrize(
    ("network", "wanted", "message"),
    [
        ("lenet", None, "has no weights yet"),
        ("mlp", "frist", "Did you mean 'first'.*Known: first"),
        ("mlp", "first/bets", "has no variant 'bets'. Known: best, last"),
    ],
)
async def test_weights_that_are_not_there_name_those_that_are(tags, keep, network, wanted, message):
    await keep()
    await keep(variant="best")

    with pytest.raises(NotFoundError, match=message):
        await tags.resolve(network, wanted)


@pytest.mark.parametrize("tag", ["", "..", "a/b", "a b", "x" * 65, "-x"])
async def test_a_tag_that_could_not_be_a_folder_is_refused(keep, tag):
    with pytest.raises(OptionError, match="is no tag"):
        await keep(tag=tag)


async def test_a_tag_tells_what_made_it(tags, keep, store, job_row):
    options = {"seed": 7, "method": "ADAM"}
    await store.run(lambda session: session.add(job_row(options=options)))
    header = b'{"__metadata__":{"torch":"2.9.1"}}'

    record = await keep(len(header).to_bytes(8, "little") + header)

    assert (record.origin.torch, record.origin.seed) == ("2.9.1", 7)
    assert record.origin.options == options
    assert (await tags.find("mlp", "first")).origin == record.origin


async def test_an_unknown_tag_cannot_be_deleted(tags, keep):
    await keep()

    with pytest.raises(NotFoundError, match="Did you mean 'first'"):
        await tags.delete("mlp", "frist")


async def test_a_renamed_tag_keeps_its_weights_and_what_made_them(paths, tags, keep):
    kept = await keep()

    renamed = await tags.rename("mlp", "first", "better")

    assert renamed == await tags.find("mlp", "better")
    assert (renamed.variants, renamed.origin) == (kept.variants, kept.origin)
    assert await tags.find("mlp", "first") is None
    assert not (paths.weights / "mlp" / "first").exists()
    assert (paths.weights / "mlp" / "better" / "tag.json").exists()


async def test_a_tag_takes_no_name_that_is_taken_or_none(tags, keep, store, job_row):
    await keep()
    await keep(tag="second")
    await store.run(lambda session: session.add(job_row(id="0123456789ab")))

    with pytest.raises(ConflictError, match="mlp/second already"):
        await tags.rename("mlp", "first", "second")
    with pytest.raises(OptionError, match="is no tag"):
        await tags.rename("mlp", "first", "a/b")
    with pytest.raises(OptionError, match="id of a job"):
        await tags.rename("mlp", "first", "0123456789ab")
    with pytest.raises(NotFoundError, match="Did you mean 'first'"):
        await tags.rename("mlp", "frist", "third")
    with pytest.raises(ConflictError, match="and stays"):
        await tags.rename("mlp", "0123456789ab", "third")

    kept = {record.tag for record in await tags.records("mlp")}
    assert kept == {"first", "second", "0123456789ab"}


async def test_a_deleted_tag_is_gone_from_rows_and_folders(paths, tags, keep):
    await keep()

    await tags.delete("mlp", "first")

    assert await tags.find("mlp", "first") is None
    assert not (paths.weights / "mlp" / "first").exists()
