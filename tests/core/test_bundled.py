import hashlib

import numpy as np
import pytest
from sklearn import datasets as sklearn_datasets

from jupyter_platform.core.datasets import bundled_datasets, bundled_file
from jupyter_platform.core.networks import bundled_networks


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer", "diabetes"])
def test_bundled_data_are_scikit_learns_in_a_seeded_order(name):
    descriptor = bundled_datasets()[name]
    stored = np.load(bundled_file(descriptor.file.removeprefix("bundled:")), allow_pickle=False)
    bunch = getattr(sklearn_datasets, f"load_{name}")()
    order = np.random.default_rng(0).permutation(len(bunch.data))

    np.testing.assert_allclose(stored["x"], bunch.data[order], rtol=1e-6)
    np.testing.assert_allclose(stored["y"], bunch.target[order])
    if descriptor.classes:
        assert list(descriptor.classes) == [str(item) for item in bunch.target_names]


def test_digits_are_split_as_promised():
    descriptor = bundled_datasets()["digits"]

    assert descriptor.splits["train"] == (0, 1437)
    assert descriptor.splits["test"] == (1437, 1797)
    assert descriptor.shape == (1, 8, 8)


def test_descriptors_name_source_and_licence():
    for descriptor in bundled_datasets().values():
        assert descriptor.source
        assert descriptor.licence
        assert descriptor.summary


def test_networks_have_titles_and_summaries():
    networks = bundled_networks()

    assert {"logistic-regression", "mlp", "mlp-regression", "lenet", "lenet-digits"} <= set(
        networks
    )
    assert all(item.title and item.summary for item in networks.values())


def test_the_digest_is_that_of_what_weights_depend_on():
    description = bundled_networks()["mlp"]
    renamed = description.model_copy(update={"name": "other", "title": "Another"})
    smaller = description.model_copy(update={"layers": description.layers[:-1]})

    assert description.digest == renamed.digest != smaller.digest
    assert len(bytes.fromhex(description.digest)) == hashlib.sha256().digest_size
