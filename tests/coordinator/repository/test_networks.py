import json
from importlib.metadata import EntryPoint

import pytest

from jupyter_platform.coordinator.repository import networks as networks_module
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


async def test_an_added_network_stays(networks, inspector, paths, facts, tags):
    inspector.answers["network"] = FACTS

    record = await networks.put("mine", described(defaults={"batch_size": 8}))

    again = networks_module.NetworkRepository(paths, facts, tags)
    assert (record.origin, record.facts.parameters) == ("added", 12)
    assert again.get("mine") == described(defaults={"batch_size": 8})


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


async def test_files_that_are_edited_by_hand_are_read_again(networks, paths):
    file = paths.networks / "byhand.json"
    file.write_text(described("byhand").model_dump_json())
    before = networks.get("byhand")
    file.write_text(described("byhand", title="A longer title").model_dump_json())

    assert (before.title, networks.get("byhand").title) == ("", "A longer title")


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"name": "another", "layers": []})])
async def test_a_broken_file_is_left_out_and_named_in_the_log(networks, paths, caplog, content):
    (paths.networks / "broken.json").write_text(content)

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
