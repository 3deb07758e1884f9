import json
from importlib.metadata import EntryPoint

import pytest

from jupyter_platform.coordinator.repository.networks import repository as networks_module
from jupyter_platform.core.errors import ConflictError, InvalidDataError, NotFoundError
from jupyter_platform.core.networks import Layer, NetworkDescription

FACTS = {"layers": [], "parameters": 12, "input_shape": [4], "output_shape": [3]}


def described(name="mine", **fields):
    layers = (Layer(type="Linear", in_features=4, out_features=3),)
    return NetworkDescription(**{"name": name, "layers": layers, **fields})


async def test_bundled_networks_are_there_with_facts_once_they_are_known(
    networks, inspector, until
):
    inspector.answers["network"] = FACTS
    first = await networks.records()

    async def all_known():
        return all(item.facts for item in await networks.records())

    await until(all_known)
    await networks.close()

    assert {"lenet", "mlp", "logistic-regression"} <= {item.description.name for item in first}
    assert {item.origin for item in first} == {"bundled"}


async def test_a_single_network_waits_for_its_facts(networks, inspector):
    inspector.answers["network"] = FACTS

    record = await networks.record("mlp")

    assert record.facts.parameters == 12


async def test_without_a_host_a_network_is_shown_without_facts(networks):
    assert (await networks.record("mlp")).facts is None


async def test_an_unknown_name_names_the_nearest(networks):
    with pytest.raises(NotFoundError, match="Did you mean 'lenet'") as caught:
        networks.get("lenett")

    assert caught.value.errors[0].nearest == "lenet"
    assert networks.find("lenett") is None


async def test_an_added_network_stays(networks, inspector, paths, facts, tags, reader):
    inspector.answers["network"] = FACTS

    record = await networks.put("mine", described(defaults={"batch_size": 8}))

    again = networks_module.NetworkRepository(paths, facts, tags, reader)
    await again.refresh()
    assert (record.origin, record.facts.parameters) == ("added", 12)
    assert again.get("mine") == described(defaults={"batch_size": 8})


async def test_other_layers_take_a_name_only_when_asked(networks, inspector):
    inspector.answers["network"] = FACTS
    await networks.put("mine", described())
    other = described(layers=[Layer(type="Flatten"), Layer(type="ReLU")])

    with pytest.raises(ConflictError, match="network 'mine' of other content"):
        await networks.put("mine", other)
    await networks.put("mine", described(title="Another title"))
    assert networks.get("mine").title == "Another title"

    await networks.put("mine", other, replace=True)
    assert networks.get("mine") == other


async def test_what_the_inspector_refuses_is_not_added(networks, inspector):
    inspector.answers["network"] = InvalidDataError("Layer 0: 'Liner' is no layer.")

    with pytest.raises(InvalidDataError, match="no layer"):
        await networks.put("mine", described())

    assert networks.find("mine") is None


@pytest.mark.parametrize(
    ("name", "description", "message"),
    [
        ("other", described(), "named 'mine', the address says 'other'"),
        ("mine", described(layers=()), "has no layers"),
        ("mine", described(layers=[Layer(type="ReLU", name="a")] * 2), "two layers are named 'a'"),
    ],
)
async def test_a_description_that_cannot_be_is_refused(networks, name, description, message):
    with pytest.raises(InvalidDataError, match=message):
        await networks.put(name, description)


async def test_bundled_networks_can_be_neither_replaced_nor_deleted(networks):
    with pytest.raises(ConflictError, match="bundled"):
        await networks.put("mlp", described("mlp"))
    with pytest.raises(ConflictError, match="bundled"):
        await networks.delete("mlp")


async def test_an_added_network_can_be_deleted(networks, inspector):
    inspector.answers["network"] = FACTS
    await networks.put("mine", described())

    await networks.delete("mine")

    with pytest.raises(NotFoundError):
        networks.get("mine")


@pytest.fixture
def weigh(tags, tmp_path):
    """Store weights of a network."""

    async def store(network, tag="first", **fields):
        file = tmp_path / "w.safetensors"
        file.write_bytes(f"weights of {tag}".encode())
        given = {"network_digest": "0" * 64, "variant": "last", "step": 1, "scores": {"a": 0.5}}
        more = {"job": None, "dataset": "iris", **fields}
        return await tags.store(network=network, tag=tag, file=file, **{**given, **more})

    return store


async def test_a_copy_shares_the_weights(networks, tags, weigh, paths):
    await weigh("mlp")
    await weigh("mlp", "second")

    record = await networks.copy("mlp", "mine")

    assert (record.origin, record.description.title) == ("added", networks.get("mlp").title)
    assert record.description.digest == networks.get("mlp").digest
    assert {item.tag for item in record.tags} == {"first", "second"}
    mine, theirs = (paths.weights / name / "first" / "last.safetensors" for name in ("mine", "mlp"))
    assert mine.samefile(theirs)
    await tags.delete("mine", "first")
    assert await tags.find("mlp", "first") is not None


async def test_a_copy_may_come_without_weights(networks, weigh):
    await weigh("mlp")

    assert (await networks.copy("mlp", "mine", weights=False)).tags == []


async def test_a_renamed_network_takes_its_weights_along(networks, tags, weigh, paths):
    await networks.copy("mlp", "mine")
    await weigh("mine")

    record = await networks.rename("mine", "yours")

    assert [item.tag for item in record.tags] == ["first"]
    assert networks.find("mine") is None
    assert await tags.records("mine") == []
    assert not (paths.weights / "mine" / "first").exists()
    assert (paths.weights / "yours" / "first" / "last.safetensors").is_file()


async def test_jobs_name_a_network_as_it_is_called_now(paths, facts, tags, reader, store, job_row):
    told = []

    async def tell(jobs):
        told.extend(jobs)

    networks = networks_module.NetworkRepository(paths, facts, tags, reader, tell)
    await networks.copy("mlp", "a_b")
    rows = {
        "1" * 12: ["mlp", "a_b"],
        "2" * 12: ["a.b"],
        "3" * 12: ["aXb", "mlp"],
    }
    for number, (job, names) in enumerate(rows.items()):
        row = job_row(id=job, sequence=number, networks=names, state="finished")
        await store.run(lambda session, row=row: session.add(row))

    await networks.rename("a_b", "a.b")

    def names(session):
        return {job: session.get(type(row), job).networks for job in rows}

    assert await store.read(names) == {**rows, "1" * 12: ["mlp", "a.b"]}
    assert told == ["1" * 12]
    # The old name is free: another network of that name is none of theirs.
    await networks.copy("mlp", "a_b")


@pytest.mark.parametrize(
    ("name", "message"),
    [("mlp", "There is a network 'mlp' already"), ("a b", "is no name"), ("x" * 65, "is no name")],
)
async def test_a_name_that_cannot_be_is_refused(networks, name, message):
    await networks.copy("mlp", "mine")

    with pytest.raises((ConflictError, InvalidDataError), match=message):
        await networks.rename("mine", name)
    with pytest.raises((ConflictError, InvalidDataError), match=message):
        await networks.copy("mine", name)
    assert networks.find("mine") is not None


async def test_a_bundled_network_cannot_be_renamed(networks):
    with pytest.raises(ConflictError, match="bundled"):
        await networks.rename("mlp", "mine")


async def test_weights_left_of_an_earlier_network_do_not_become_those_of_a_copy(networks, weigh):
    await weigh("gone")
    await weigh("mlp")

    with pytest.raises(ConflictError, match="weights of an earlier network 'gone'|Weights of an"):
        await networks.copy("mlp", "gone")
    assert networks.find("gone") is None


async def test_a_network_goes_with_its_weights_when_that_is_asked_for(networks, tags, weigh):
    for keep in (True, False):
        await networks.copy("mlp", "mine", weights=False)
        if keep:
            await weigh("mine")
        await networks.delete("mine", weights=not keep)
        assert bool(await tags.records("mine")) is keep


async def test_what_a_job_uses_stays_as_it_is(networks, tags, weigh, store, job_row):
    await networks.copy("mlp", "mine")
    await weigh("mine")
    await weigh("mine", "second")
    row = job_row(networks=["mine"], tag="first/best", state="running", name="busy one")
    await store.run(lambda session: session.add(row))

    for attempt in (
        networks.rename("mine", "yours"),
        networks.delete("mine"),
        tags.delete("mine", "first"),
    ):
        with pytest.raises(ConflictError, match="'busy one' .0123456789ab., which is running"):
            await attempt
    await tags.delete("mine", "second")
    await store.run(lambda session: setattr(session.get(type(row), row.id), "state", "finished"))
    await tags.delete("mine", "first")
    await networks.delete("mine")


async def test_files_that_are_edited_by_hand_are_read_again(networks, paths):
    file = paths.networks / "byhand.json"
    file.write_text(described("byhand").model_dump_json())
    await networks.refresh()
    before = networks.get("byhand")
    file.write_text(described("byhand", title="A longer title").model_dump_json())
    await networks.refresh()

    assert (before.title, networks.get("byhand").title) == ("", "A longer title")


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"name": "another", "layers": []})])
async def test_a_broken_file_is_left_out_and_named_in_the_log(networks, paths, caplog, content):
    (paths.networks / "broken.json").write_text(content)
    await networks.refresh()

    assert networks.find("broken") is None
    assert "broken.json is left out" in caplog.text


async def test_entry_points_are_offered_without_importing_them(networks, monkeypatch):
    points = [EntryPoint("theirs", "no_such_package.models:net", "jupyter_platform.networks")]
    monkeypatch.setattr(networks_module, "entry_points", lambda group: points)

    record = await networks.record("theirs")

    assert record.origin == "entry point"
    assert record.description.entry_point == "theirs"
    with pytest.raises(ConflictError, match="installed package"):
        await networks.delete("theirs")
