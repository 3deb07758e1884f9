"""A network is learnt, published, taken to other data, and published again beside its parent."""

from __future__ import annotations

import json

import nbformat
import pytest
import rdflib
from safetensors import safe_open

from jupyter_platform.core.errors import ConflictError, InvalidRequestError, OptionError

PROV = rdflib.Namespace("http://www.w3.org/ns/prov#")
NAMES = ("digits-first", "digits-second")


@pytest.fixture
def hub(platform):
    """The platform, without what is published here afterwards."""
    yield platform
    for card in platform.items(tags="published here").items:
        platform.unpublish(card.name)


def ended(job):
    assert job.wait() == "finished"
    return job


def test_a_child_is_judged_beside_its_parent(hub, shared_paths, tmp_path):
    first, second = NAMES
    learnt = ended(hub.submit("LEARN", "logistic-regression", "digits", max_iterations=30))

    parent = hub.publish(learnt, name=first, license="MIT", tags=["ours"], compare_on="digits")

    record = parent.record
    assert (record.runs, record.license, record.libraries) == ("here", "MIT", ["PyTorch"])
    assert record.tags == ["published here", "ours"]
    assert (record.network, record.job) == ("logistic-regression", learnt.id)
    assert "test" in record.metric.measured_on
    assert [one.action for one in record.deploy if one.enabled] == ["try", "api", "batch"]
    folder = shared_paths.marketplace / "published" / first
    with safe_open(folder / "network/weights.safetensors", "numpy") as weights:
        assert list(weights.keys())

    retrained = ended(parent.retrain("digits", max_iterations=60, seed=3))
    child = hub.publish(retrained, name=second, parent=parent, compare_on="digits")

    assert retrained.record.options["init_tag"] == learnt.id
    assert child.record.parent == first
    assert "this item" in child.record.description_html
    assert parent.record.title in child.record.description_html
    graph = rdflib.Graph().parse(data=child.provenance(), format="turtle")
    derived = [str(one) for one in graph.objects(None, PROV.wasDerivedFrom)]
    made_by = [str(one) for one in graph.objects(None, PROV.wasGeneratedBy)]
    assert derived == [f"urn:jupyter-platform:item/{first}"]
    assert made_by == [f"urn:jupyter-platform:job/{retrained.id}"]
    assert json.loads(child.metadata())["provenance"]["dataset"] == "digits"
    check_notebook(child, tmp_path)
    check_refusals(hub, learnt, child)


def test_an_item_of_the_package_is_taken_to_other_data(hub, shared_paths):
    """Its weights are those that were made for it on this machine: here by a job."""
    with pytest.raises(InvalidRequestError, match="items build tabular-classifier"):
        hub.item("tabular-classifier").retrain("iris")
    learnt = ended(hub.submit("LEARN", "mlp", "iris", max_iterations=30))
    folder = shared_paths.item("tabular-classifier")
    folder.mkdir()
    described = hub.network("mlp").description
    (folder / "network.json").write_text(described.model_dump_json())
    learnt.weights(folder / "weights.safetensors")

    item = hub.item("tabular-classifier")
    retrained = ended(item.retrain("iris", max_iterations=30))
    child = hub.publish(retrained, name=NAMES[0], parent=item, compare_on="iris")

    assert retrained.record.networks == ["tabular-classifier"]
    assert child.record.parent == "tabular-classifier"
    assert item.record.title in child.record.description_html


def check_notebook(item, folder):
    """The notebook of an item is valid, and none is written over another."""
    paths = [item.write_notebook(folder) for _ in range(2)]

    assert [path.name for path in paths] == [f"{item.name}.ipynb", f"{item.name}-2.ipynb"]
    notebook = nbformat.read(paths[0], as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            compile(cell.source, "cell", "exec")


def check_refusals(hub, learnt, child):
    """What is published is a LEARN of one's own, judged as it says, under a free name."""
    with pytest.raises(ConflictError, match="already"):
        hub.publish(learnt, name=child.name)
    with pytest.raises(OptionError, match="is no name of an item"):
        hub.publish(learnt, name="../up")
    submitted = hub.submit("EVALUATE", "logistic-regression", "digits", tag=learnt.id)
    evaluation = ended(submitted)
    with pytest.raises(OptionError, match="only what a LEARN made"):
        hub.publish(evaluation, name="third")
    body = {"name": "third", "title": "Third", "job": child.record.job}
    body["evaluations"] = [evaluation.id]
    with pytest.raises(OptionError, match="judged other weights"):
        hub._transport.request("POST", "/api/marketplace/items", body=body)
    again = hub.publish(learnt, name=child.name, replace=True)
    assert (again.record.parent, again.record.job) == (None, learnt.id)
