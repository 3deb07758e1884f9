"""Weights belong to the job that made them; tags point."""

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from jupyter_platform.coordinator.jobs.weights import JobWeightsService
from jupyter_platform.coordinator.store import Store, migrating
from jupyter_platform.core.catalogue import named_tags
from jupyter_platform.core.errors import ConflictError, NotFoundError, OptionError
from tests.coordinator.lab import ADA

A, B = "a" * 12, "b" * 12
DESCRIPTION = {
    "name": "mlp",
    "layers": [{"name": "out", "type": "Linear", "arguments": {"out_features": 3}}],
}


@pytest.fixture
def learn(store, job_row):
    """Store the row of a LEARN."""

    async def add(job, dataset="iris", type="LEARN", weights=None, tag="mine", **given):
        spec = {
            "networks": [{"description": DESCRIPTION, "weights": weights}],
            "dataset": {"name": dataset, "task": "classification", "file": f"bundled:{dataset}"},
        }
        if type == "LEARN":
            spec["digests"] = {"mlp": "0" * 64}
        row = job_row(id=job, type=type, dataset=dataset, tag=tag, given=given, spec=spec)
        await store.run(lambda session: session.add(row))

    return add


@pytest.fixture
def keep(tags, tmp_path):
    """Store weights as a job's, by a validation loss."""

    async def store(job, variant, loss=None, tag="mine", network_digest="0" * 64, **fields):
        file = tmp_path / "some.safetensors"
        file.write_bytes(f"{job} {variant} {loss}".encode())
        return await tags.store(
            network="mlp",
            network_digest=network_digest,
            tag=tag,
            variant=variant,
            file=file,
            step=10,
            scores={} if loss is None else {"validation_loss": loss},
            job=job,
            dataset="iris",
            **fields,
        )

    return store


@pytest.fixture
def content(tags):
    """Read what a tag stands for."""

    async def read(wanted):
        return tags.path((await tags.resolve("mlp", wanted)).variant).read_text()

    return read


async def test_the_weights_of_a_job_stay_its_own_when_its_tag_moves(learn, keep, content, tags):
    await learn(A)
    await learn(B)
    await keep(A, "best", 0.1)
    await keep(A, "last", 0.2)

    await keep(B, "best", 0.05)
    await keep(B, "last", 0.3)

    assert await content(A) == f"{A} best 0.1"
    assert await content(f"{A}/last") == f"{A} last 0.2"
    assert await content("mine") == f"{B} best 0.05"
    assert await content("mine/last") == f"{B} last 0.3"
    assert [item.tag for item in named_tags(await tags.records("mlp"))] == ["mine", A]


@pytest.mark.parametrize(
    ("loss", "second", "stored", "best"),
    [
        (0.3, {}, {}, f"{A} best 0.1"),
        (None, {}, {}, f"{A} best 0.1"),
        (0.3, {"batch_size": 64, "learning_rate": 0.5}, {}, f"{A} best 0.1"),
        (0.1, {}, {}, f"{B} best 0.1"),
        (0.3, {}, {"replace_best": True}, f"{B} best 0.3"),
        (0.3, {"criterion": "NLL", "autoencode": False}, {}, f"{A} best 0.1"),
        (0.3, {"criterion": "MSE"}, {}, f"{B} best 0.3"),
        (0.3, {"validation_set": "100:120"}, {}, f"{B} best 0.3"),
        (0.3, {"dataset": "digits"}, {}, f"{B} best 0.3"),
        (0.3, {}, {"network_digest": "1" * 64}, f"{B} best 0.3"),
    ],
    ids=[
        "worse",
        "not scored",
        "worse with other training",
        "equal",
        "asked for",
        "what is so by default",
        "another criterion",
        "other samples",
        "another dataset",
        "another structure",
    ],
)
async def test_only_better_weights_or_a_wish_move_the_best_of_a_tag(
    learn, keep, content, loss, second, stored, best
):
    await learn(A)
    await learn(B, **second)
    await keep(A, "best", 0.1)
    await keep(A, "5", 0.1)
    await keep(A, "last", 0.2)

    if loss is not None:
        await keep(B, "best", loss, **stored)
    record = await keep(B, "last", loss, **stored)

    assert await content("mine") == best
    assert await content("mine/last") == f"{B} last {loss}"
    assert {item.variant for item in record.variants} == {"best", "last"}
    assert await content(A) == f"{A} best 0.1"


async def test_a_tag_keeps_the_last_weights_until_there_are_others(learn, keep, content):
    await learn(A)
    await learn(B)
    await keep(A, "best", 0.1)
    await keep(A, "last", 0.2)

    await keep(B, "best", 0.05)

    assert await content("mine/last") == f"{A} last 0.2"
    assert await content("mine") == f"{B} best 0.05"


async def test_what_a_job_made_is_not_overwritten_under_its_id(learn, keep, tags):
    await learn(A, tag=A)
    await keep(A, "last", tag=A)

    with pytest.raises(ConflictError, match="never change"):
        await keep(B, "last", tag=A)
    with pytest.raises(OptionError, match=f"init_tag={A}"):
        await tags.refuse_own(["mlp"], A)
    await tags.refuse_own(["mlp"], "mine")


async def test_an_evaluation_names_the_best_and_leaves_the_job_its_own(learn, keep, content, tags):
    await learn(A, tag=A)
    await keep(A, "best", 0.1, tag=A)
    await keep(A, "last", 0.2, tag=A)
    digest = (await tags.resolve("mlp", f"{A}/last")).variant.digest

    assert await tags.promote("mlp", A, digest, {"accuracy": 0.9})

    assert await content(A) == f"{A} best 0.1"
    found = await tags.resolve("mlp", "best")
    assert (found.text, found.variant.digest) == ("best/best", digest)
    assert found.variant.scores == {"validation_loss": 0.2, "accuracy": 0.9}


async def test_jobs_find_their_own_weights_and_those_that_they_took(
    learn, keep, tags, store, blobs
):
    await learn(A)
    await keep(A, "best", 0.1)
    digest = (await tags.resolve("mlp", "mine")).variant.digest
    judge = "e" * 12
    await learn(judge, type="EVALUATE", weights=f"sha256:{digest}", tag="mine/best")
    await learn(B)
    await keep(B, "best", 0.05)
    service = JobWeightsService(store, blobs)

    (made,) = await service.records(ADA, A)
    (taken,) = await service.records(ADA, judge)
    (other,) = await service.records(ADA, B)

    assert (made.variant, made.digest, made.job) == ("best", digest, A)
    assert (taken.variant, taken.digest, taken.job) == ("best", digest, A)
    assert other.digest != digest
    assert (await service.file(ADA, judge, "mlp", "best"))[1].read_text() == f"{A} best 0.1"
    with pytest.raises(NotFoundError, match="best"):
        await service.file(ADA, A, "mlp", "bset")


async def test_tags_of_the_last_release_become_weights_of_their_jobs(paths):
    store = Store.open(paths.database)
    await store.close()
    engine = _at_revision(paths.database, "0003")
    with engine.begin() as connection:
        for network, tag, job in (("mlp", "mine", A), ("mlp", B, B), ("mlp", "brought", None)):
            connection.execute(
                text(
                    "INSERT INTO tags (network, tag, job, network_digest, updated_at) "
                    "VALUES (:network, :tag, :job, '0', '2026-01-02 03:04:05.000000')"
                ),
                {"network": network, "tag": tag, "job": job},
            )
            connection.execute(
                text(
                    "INSERT INTO tag_variants (network, tag, variant, digest, bytes, step, scores) "
                    "VALUES (:network, :tag, 'best', :tag, 1, 2, '{}')"
                ),
                {"network": network, "tag": tag},
            )
    migrating.upgrade(engine, "0003")
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT tag, job, digest FROM tag_variants"))
        assert {tuple(row) for row in rows} == {
            ("mine", A, "mine"),
            (A, A, "mine"),
            (B, B, B),
            ("brought", None, "brought"),
        }
        rows = connection.execute(text("SELECT tag, job FROM tags"))
        assert {tuple(row) for row in rows} == {
            ("mine", A),
            (A, A),
            (B, B),
            ("brought", None),
        }
    engine.dispose()


def _at_revision(database, revision):
    engine = create_engine(f"sqlite:///{database}")
    config = Config()
    config.set_main_option("script_location", "jupyter_platform.coordinator.store:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    return engine
